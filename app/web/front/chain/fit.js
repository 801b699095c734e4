// Which columns there is room for, and how wide each is: no figure is ever cut. A column only
// grows, so that a longer figure moves nothing twice.

import { COLUMNS } from "./cells.js";

// the first to go where there is no room for all
const DISPENSABLE = ["volume", "p10", "p15", "p30", "iv", "p3", "ltp"];
const FIGURE = /[0-9LosΔ–]/;
const NARROW = { ",": 0.5, ".": 0.5, " ": 0.5, r: 0.65, k: 0.95, l: 0.5, t: 0.6, I: 0.6 };
const BROAD = 1.35;
// from here down OI is written short, beside one figure that is chosen
const COMPACT_PX = 420;
const STEADY = { oi: 6, p3: 4.5, p5: 4.5, p10: 4.5, p15: 4.5, p30: 4.5, volume: 6, iv: 3.5, ltp: 5.5, strike: 5 };

// the width of a text in digits, which are all equally wide; rather too much than too little
export function digits(text) {
  let width = 0;
  for (const sign of text) width += NARROW[sign] ?? (FIGURE.test(sign) ? 1 : BROAD);
  return width;
}

export class Fit {
  constructor(table, scroller) {
    Object.assign(this, { table, scroller });
    this.base = STEADY;
    this.needs = { ...STEADY };
    this.chosen = "p5";
    this.ruler = document.createElement("canvas").getContext("2d");
    this.due = false;
    this.compact = false;
  }

  // what was noted so far is always there
  settle() {
    this.base = { ...this.needs };
  }

  // another chain or another unit: what was long is no more
  forget() {
    this.needs = { ...this.base };
    this.due = true;
  }

  note(key, text) {
    const width = digits(text);
    if (width <= this.needs[key]) return;
    this.needs[key] = width;
    this.due = true;
  }

  apply() {
    this.due = false;
    const room = this.scroller.clientWidth;
    this.compact = room < COMPACT_PX;
    const style = getComputedStyle(this.table);
    this.ruler.font = `650 ${style.fontSize} ${style.fontFamily}`;
    const digit = this.ruler.measureText("0").width;
    const pad = 2 * Number.parseFloat(style.getPropertyValue("--pad"));
    const px = Object.fromEntries(Object.entries(this.needs).map(([key, n]) => [key, Math.ceil(n * digit + pad) + 1]));
    const kept = this.kept(px, room);
    this.hide(kept);
    this.widen(kept, px, room);
  }

  kept(px, room) {
    if (this.compact) return ["oi", this.chosen];
    let keys = COLUMNS.CE.map((one) => one.key);
    const order = [...DISPENSABLE.filter((key) => key !== this.chosen), ...(this.chosen === "p5" ? [] : ["p5"])];
    for (const key of order) {
      if (needed(keys, px) <= room) break;
      keys = keys.filter((one) => one !== key);
    }
    return keys;
  }

  hide(kept) {
    const hidden = COLUMNS.CE.map((one) => one.key).filter((key) => !kept.includes(key)).join(" ");
    if (this.table.dataset.hidden === hidden) return;
    this.table.dataset.hidden = hidden;
    // a heading over columns that are not there would keep their room
    for (const heading of this.table.querySelectorAll("[data-over]")) heading.colSpan = kept.length;
    document.body.dataset.columns = hidden === "" ? "all" : "some";
  }

  widen(kept, px, room) {
    const spare = Math.max(0, room - needed(kept, px));
    // bars of OI take what is left, the others a little of it
    const share = spare / (2 * (kept.length + 5) + 1);
    for (const col of this.table.querySelectorAll("col")) {
      const { key } = col.dataset;
      col.style.width = `${Math.floor(px[key] + share * (key === "oi" ? 6 : 1))}px`;
    }
  }
}

const needed = (keys, px) => px.strike + 2 * keys.reduce((sum, key) => sum + px[key], 0);
