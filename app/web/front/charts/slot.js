// One place in the column: a chart's frame with its choices, its reading and its buttons.

import { set } from "../core/dom.js";
import { CHARTS } from "./catalogue.js";
import { nearest, reading, table } from "./drawing.js";
import { savePicture, saveTable } from "./files.js";
import { Plot } from "./plot.js";
import { View } from "./view.js";

const PAGE = 10;
const NEARER = 0.6;

const element = (name, properties = {}) => Object.assign(document.createElement(name), properties);

/**
 * What a slot asks of whoever holds it.
 * @typedef {object} Holder
 * @property {any} page
 * @property {import("./theme.js").Theme} theme
 * @property {import("./source.js").Series} series
 * @property {import("./choices.js").Choices} choices
 * @property {(place: number, key: string) => void} pick another chart was picked for a place
 * @property {(chart: string, name: string, value: string) => void} choose an option of a chart was chosen
 * @property {() => void} wake a slot wants to be drawn
 * @property {(from: Slot, value: number | string | null) => void} share its cursor moved, or left
 */

export class Slot {
  /** @param {Holder} board  @param {number} place */
  constructor(board, place) {
    this.board = board;
    this.place = place;
    this.seen = false;
    this.wants = false;
    this.dueAt = 0;
    this.drawn = "";
    this.leads = false;
    this.make();
    this.plot = new Plot(this.host, board.theme, (index, row) => this.moved(index, row));
    this.listen();
    this.turnTo(board.choices.picked[place]);
  }

  make() {
    this.figure = element("figure", { className: "chart" });
    this.pick = element("select", { className: "pick", ariaLabel: `Chart ${this.place + 1}` });
    for (const [key, { title }] of Object.entries(CHARTS)) this.pick.append(element("option", { value: key, textContent: title }));
    this.options = element("span", { className: "options" });
    this.picture = element("button", { type: "button", textContent: "PNG", title: "This chart as a picture" });
    this.csv = element("button", { type: "button", textContent: "CSV", title: "The figures of this chart as CSV" });
    this.readout = element("p", { className: "readout" });
    this.note = element("p", { className: "note" });
    this.host = element("div", { className: "canvas", tabIndex: 0 });
    this.host.setAttribute("role", "slider");
    this.none = element("p", { className: "none" });
    const caption = element("figcaption");
    const row = element("div", { className: "row" });
    row.append(this.pick, this.options, this.picture, this.csv);
    caption.append(row, this.readout, this.note);
    this.figure.append(caption, this.host, this.none);
  }

  listen() {
    this.pick.addEventListener("change", () => this.board.pick(this.place, this.pick.value));
    this.picture.addEventListener("click", () => this.savePicture());
    this.csv.addEventListener("click", () => this.plot.drawing && saveTable(table(this.plot.drawing), this.fileName));
    this.host.addEventListener("pointerenter", () => { this.leads = true; });
    this.host.addEventListener("pointerleave", () => !this.focused && this.left());
    this.host.addEventListener("focus", () => this.entered());
    this.host.addEventListener("blur", () => this.left());
    this.host.addEventListener("keydown", (event) => this.key(event));
    new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen) this.later(true);
    }).observe(this.host);
    new ResizeObserver(([{ contentRect: { width, height } }]) => {
      this.plot.resize(Math.floor(width), Math.floor(height));
      this.later(true);
    }).observe(this.host);
  }

  get focused() {
    return document.activeElement === this.host;
  }

  // what stood here is not of what is shown now
  forget() {
    this.plot.clear();
    this.drawn = "";
  }

  // another chart stands here now
  turnTo(key) {
    this.chart = key;
    this.definition = CHARTS[key];
    this.figure.dataset.chart = key;
    this.pick.value = key;
    const { title, says } = this.definition;
    this.pick.title = says;
    for (const [name, value] of Object.entries({ "aria-label": title, "aria-description": says, "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 })) this.host.setAttribute(name, String(value));
    this.selects = this.definition.options.map((option) => this.select(option));
    this.options.replaceChildren(...this.selects.map(({ node }) => node));
    // as wide from the beginning as with the first drawing: nothing beside them moves then
    this.offer(this.view);
    this.forget();
    this.later(true);
  }

  select(option) {
    const node = element("select", { ariaLabel: option.label, title: option.label });
    node.dataset.option = option.name;
    node.addEventListener("change", () => this.board.choose(this.chart, option.name, node.value));
    return { node, option, offered: "" };
  }

  // wants to be drawn: at once, or when it has rested since the last drawing
  later(now) {
    this.wants = true;
    if (now) this.dueAt = 0;
    this.board.wake();
  }

  get view() {
    const { page, series, choices } = this.board;
    return new View(page, series, choices.of(this.chart, page.exchange));
  }

  draw() {
    this.wants = false;
    const { view } = this;
    this.offer(view);
    const bare = !view.summary || view.summary.updated_at === null;
    // what was drawn of nothing has not to rest: its chain is drawn as soon as it is here
    if (bare) this.dueAt = 0;
    const drawing = bare ? { none: view.page.awaited.has(view.exchange) ? "loading…" : "there is no chain yet" } : this.definition.plot(view);
    if (!drawing && this.drawn && !view.trouble) return set(this.note, "textContent", "loading…");
    if (!drawing || drawing.none) return this.showNone(drawing?.none ?? (view.trouble || "loading…"));
    const drawn = JSON.stringify([view.exchange, drawing.x, drawing.range, drawing.columns, drawing.marks, drawing.signs, drawing.cells, this.board.theme.version]);
    set(this.none, "hidden", true);
    set(this.note, "textContent", drawing.note ?? "");
    if (drawn === this.drawn || !this.plot.size.width || !this.plot.size.height) return;
    this.drawn = drawn;
    this.plot.show(drawing);
    this.tell(this.plot.place, this.plot.row);
    this.host.setAttribute("aria-valuemax", String(drawing.x.length - 1));
  }

  showNone(why) {
    this.forget();
    this.readout.replaceChildren();
    set(this.note, "textContent", "");
    set(this.none, "textContent", why);
    set(this.none, "hidden", false);
  }

  // what may be chosen changes with the chain
  offer(view) {
    for (const one of this.selects) {
      const choices = one.option.choices(view);
      const offered = JSON.stringify(choices);
      if (offered !== one.offered) one.node.replaceChildren(...choices.map(([value, words]) => element("option", { value, textContent: words })));
      one.offered = offered;
      set(one.node, "value", view.chosen[one.option.name]);
    }
  }

  moved(index, row) {
    const { drawing } = this.plot;
    if (!drawing || !this.leads) return;
    this.tell(index, row);
    this.board.share(this, index === null ? null : drawing.shared[index]);
  }

  // where another chart of the group has its cursor
  follow(value) {
    const { drawing } = this.plot;
    if (!drawing) return;
    const index = value === null ? null : nearest(drawing.shared, value);
    this.plot.point(index);
    this.tell(index, this.plot.row);
  }

  tell(index, row) {
    const { drawing } = this.plot;
    const parts = reading(drawing, index ?? drawing.home, row);
    while (this.readout.children.length > parts.length) this.readout.lastElementChild.remove();
    parts.forEach(({ text, token }, i) => {
      const part = this.readout.children[i] ?? this.readout.appendChild(element("span"));
      set(part, "textContent", text);
      set(part, "className", token);
    });
    this.parts = parts;
  }

  // who listens hears the value where the keyboard put the cursor, not each second's
  say(index) {
    this.host.setAttribute("aria-valuenow", String(index));
    this.host.setAttribute("aria-valuetext", this.parts.map(({ text }) => text).join(", "));
  }

  entered() {
    this.leads = true;
    if (this.plot.drawing && this.host.matches(":focus-visible")) this.go(this.plot.place ?? this.plot.drawing.home);
  }

  left() {
    this.leads = false;
    this.plot.point(null);
    if (this.plot.drawing) this.tell(null, null);
    this.board.share(this, null);
  }

  go(index, row = this.plot.row) {
    const { drawing } = this.plot;
    const place = Math.max(0, Math.min(drawing.x.length - 1, index));
    this.plot.point(place, row);
    this.tell(place, this.plot.row);
    this.say(place);
    this.board.share(this, drawing.shared[place]);
  }

  key(event) {
    const { drawing } = this.plot;
    if (!drawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.plot.place ?? drawing.home;
    const rows = drawing.cells?.rows.length ?? 0;
    const up = (step) => rows && this.go(at, Math.max(0, Math.min(rows - 1, (this.plot.row ?? drawing.cells.home) + step)));
    const acts = {
      ArrowLeft: () => this.go(at - 1), ArrowRight: () => this.go(at + 1), PageDown: () => this.go(at - PAGE), PageUp: () => this.go(at + PAGE),
      Home: () => this.go(0), End: () => this.go(drawing.x.length - 1), ArrowUp: () => up(1), ArrowDown: () => up(-1),
      "+": () => this.plot.step(NEARER), "-": () => this.plot.step(1 / NEARER), Escape: () => this.plot.reset(),
    };
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (!act || (event.key === "Escape" && !this.plot.zoomed)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  get fileName() {
    const { exchange, summary } = this.board.page;
    return [exchange, this.chart, (summary?.last_update ?? "").slice(0, 19).replaceAll(":", "")].join("_");
  }

  savePicture() {
    const { canvas } = this.plot;
    if (!canvas) return;
    const { exchange, summary } = this.board.page;
    const title = [summary?.label ?? exchange, this.definition.title, (summary?.last_update ?? "").slice(0, 16).replace("T", " "), this.note.textContent].filter(Boolean).join(" · ");
    savePicture(canvas, this.board.theme, title, this.parts, this.fileName);
  }
}
