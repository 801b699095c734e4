// The column of charts: what is drawn when, and whose cursor the others follow.

import { afterPaint } from "../core/dom.js";
import { Choices } from "./choices.js";
import { Slot } from "./slot.js";
import { Series } from "./source.js";
import { Theme } from "./theme.js";

// figures of the present need no eye's attention more often
const REST_MS = 3000;

export class Board {
  /** @param {HTMLElement} root */
  constructor(root, page) {
    this.page = page;
    this.open = false;
    this.frame = null;
    this.timer = null;
    this.exchange = page.exchange;
    this.choices = new Choices();
    this.theme = new Theme(root, () => this.all(true));
    this.series = new Series(() => this.all(true));
    /** @type {Slot[]} */
    this.slots = [];
    for (const place of this.choices.picked.keys()) this.slots.push(new Slot(this, place));
    root.append(...this.slots.map(({ figure }) => figure));
    page.on("chain", () => this.fresh());
    page.on("choice", () => this.all(true));
    page.on("moment", () => this.all(true));
    document.addEventListener("visibilitychange", () => this.wake());
  }

  // at once for another chain, else when a chart has rested
  fresh() {
    const other = this.exchange !== this.page.exchange;
    this.exchange = this.page.exchange;
    if (other) for (const slot of this.slots) slot.forget();
    this.all(other || this.page.moment !== null);
  }

  all(now) {
    for (const slot of this.slots) {
      slot.wants = true;
      if (now) slot.dueAt = 0;
    }
    this.wake();
  }

  // One chart a frame, after that frame is painted: what a hand does is seen before any chart is drawn.
  // What is not seen waits until it is.
  wake() {
    if (this.frame !== null || !this.open || document.hidden) return;
    clearTimeout(this.timer);
    this.timer = null;
    const next = this.slots.filter(({ wants, seen }) => wants && seen).reduce((first, slot) => (first?.dueAt <= slot.dueAt ? first : slot), null);
    if (!next) return;
    const pauseMs = next.dueAt - performance.now();
    if (pauseMs > 0) {
      this.timer = setTimeout(() => this.wake(), pauseMs);
    } else {
      this.frame = afterPaint(() => this.draw(next));
    }
  }

  draw(slot) {
    this.frame = null;
    if (slot.wants && slot.seen && this.open) {
      slot.dueAt = performance.now() + REST_MS;
      this.theme.refresh();
      slot.draw();
    }
    this.wake();
  }

  pick(place, key) {
    this.choices.pick(place, key);
    for (const slot of this.slots) {
      const picked = this.choices.picked[slot.place];
      if (picked !== slot.chart) slot.turnTo(picked);
    }
  }

  choose(chart, name, value) {
    this.choices.choose(chart, this.page.exchange, name, value);
    this.all(true);
  }

  // shows a contract through the day, where it stands already or in the last place
  contract(strike, side) {
    for (const [name, value] of [["strike", String(strike)], ["side", side]]) this.choices.choose("contract", this.page.exchange, name, value);
    if (!this.choices.picked.includes("contract")) this.pick(this.slots.length - 1, "contract");
    this.all(true);
    this.slots.find(({ chart }) => chart === "contract").figure.scrollIntoView({ block: "nearest" });
  }

  share(from, value) {
    const group = from.plot.drawing?.group;
    if (!group) return;
    for (const slot of this.slots) if (slot !== from && slot.plot.drawing?.group === group) slot.follow(value);
  }
}
