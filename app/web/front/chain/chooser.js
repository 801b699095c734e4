// The dialog in which columns are chosen and put in order: by drag, by buttons or by the keyboard.

import { column, DEFAULT, heading, KEYS } from "./cells.js";
import { Layout } from "./layout.js";

const NAMES = { CE: "Calls", PE: "Puts" };

export class Chooser {
  // `onChoose(layout)`: null for the one that the page has by itself
  constructor({ dialog, layout, onChoose }) {
    this.dialog = dialog;
    this.layout = layout;
    this.onChoose = onChoose;
    this.lists = Object.fromEntries(["CE", "PE"].map((side) => [side, dialog.querySelector(`[data-side="${side}"]`)]));
    this.mirror = dialog.querySelector("#mirror");
    this.mirror.addEventListener("change", () => this.choose(this.layout.mirrored(this.mirror.checked)));
    dialog.querySelector("#columns-reset").addEventListener("click", () => this.choose(null));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    for (const [side, list] of Object.entries(this.lists)) this.listen(side, list);
  }

  open() {
    this.draw();
    this.dialog.showModal();
  }

  choose(layout) {
    this.layout = layout ?? new Layout(DEFAULT);
    this.onChoose(layout);
    this.draw();
  }

  draw() {
    this.mirror.checked = this.layout.mirrors;
    this.lists.PE.parentElement.hidden = this.layout.mirrors;
    for (const side of this.layout.mirrors ? ["CE"] : ["CE", "PE"]) this.drawSide(side);
  }

  // those that are shown in their order, then the others
  drawSide(side) {
    const list = this.lists[side];
    const active = /** @type {HTMLElement} */ (document.activeElement);
    const focused = active?.dataset?.act;
    const key = active?.closest("li")?.dataset.key;
    const shown = this.layout.keys(side);
    const others = KEYS.filter((one) => !shown.includes(one));
    list.replaceChildren(...[...shown, ...others].map((one) => this.item(side, one, shown)));
    if (focused && key) this.refocus(list.querySelector(`[data-key="${key}"]`), focused);
  }

  refocus(item, act) {
    const wanted = item?.querySelector(`[data-act="${act}"]`);
    (wanted?.disabled ? item.querySelector("input") : wanted)?.focus();
  }

  item(side, key, shown) {
    const item = document.createElement("li");
    const at = shown.indexOf(key);
    item.dataset.key = key;
    item.draggable = at >= 0;
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: at >= 0 });
    box.dataset.act = "show";
    // a side without any column is none
    box.disabled = at >= 0 && shown.length === 1;
    const short = Object.assign(document.createElement("b"), { textContent: heading(key) });
    label.append(box, short, ` ${column(key).name}`);
    item.append(label);
    if (at >= 0) item.append(this.mover(side, key, -1, at === 0), this.mover(side, key, 1, at === shown.length - 1));
    return item;
  }

  mover(side, key, by, disabled) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: by < 0 ? "↑" : "↓", disabled });
    button.dataset.act = by < 0 ? "left" : "right";
    const way = by < 0 ? "left" : "right";
    button.setAttribute("aria-label", `Move ${column(key).name} of the ${NAMES[side].toLowerCase()} to the ${way}`);
    button.title = `to the ${way}`;
    button.addEventListener("click", () => this.move(side, key, this.layout.keys(side).indexOf(key) + by));
    return button;
  }

  move(side, key, to) {
    const keys = this.layout.keys(side).filter((one) => one !== key);
    keys.splice(to, 0, key);
    this.choose(this.layout.with(side, keys));
  }

  toggle(side, key, isShown) {
    const keys = this.layout.keys(side);
    this.choose(this.layout.with(side, isShown ? [...keys, key] : keys.filter((one) => one !== key)));
  }

  listen(side, list) {
    list.addEventListener("change", (event) => this.toggle(side, event.target.closest("li").dataset.key, event.target.checked));
    list.addEventListener("dragstart", (event) => {
      this.dragged = event.target.dataset.key;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.dragged);
    });
    list.addEventListener("dragover", (event) => this.over(side, event) && event.preventDefault());
    list.addEventListener("drop", (event) => {
      const key = this.over(side, event);
      if (!key) return;
      event.preventDefault();
      this.move(side, this.dragged, this.layout.keys(side).indexOf(key));
    });
  }

  // the shown column that something shown is dragged over
  over(side, event) {
    const key = event.target.closest("li")?.dataset.key;
    const keys = this.layout.keys(side);
    return keys.includes(this.dragged) && keys.includes(key) ? key : null;
  }
}
