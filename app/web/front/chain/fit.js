// Which columns there is room for, and how wide each is: no figure is ever cut. A column only
// grows, so that a longer figure moves nothing twice.

import { set } from "../core/dom.js";

// the first to go where there is no room for all
const DISPENSABLE = ["volume", "p10", "p15", "p30", "iv", "p3", "ltp"];
const FIGURE = /[0-9LosΔ–]/;
const NARROW = { ",": 0.5, ".": 0.5, " ": 0.5, r: 0.65, k: 0.95, l: 0.5, t: 0.6, I: 0.6 };
const BROAD = 1.35;
// from here down OI is written short, beside one figure that is chosen
const COMPACT_PX = 420;
const STEADY = { oi: 6, p3: 4.5, p5: 4.5, p10: 4.5, p15: 4.5, p30: 4.5, volume: 6, iv: 3.5, ltp: 5.5, strike: 5 };
const USUAL = 4.5;

// the width of a text in digits, which are all equally wide; rather too much than too little
export function digits(text) {
  let width = 0;
  for (const sign of text) width += NARROW[sign] ?? (FIGURE.test(sign) ? 1 : BROAD);
  return width;
}

export class Fit {
  constructor(table, scroller) {
    this.table = table;
    this.scroller = scroller;
    this.chosen = "p5";
    this.ruler = document.createElement("canvas").getContext("2d");
    // one for the page: what stands within it may have hidden some already
    this.hiding = document.adoptedStyleSheets[0] ?? new CSSStyleSheet();
    // to adopt it again would compute every style anew
    if (!document.adoptedStyleSheets.length) document.adoptedStyleSheets = [this.hiding];
    this.due = false;
    this.spans = {};
    this.measure();
  }

  // known without asking: to ask between two writes would cost a layout at each chain and each choice
  measure() {
    this.room = this.scroller.clientWidth;
    this.compact = this.room < COMPACT_PX;
    const style = getComputedStyle(this.table);
    this.ruler.font = `650 ${style.fontSize} ${style.fontFamily}`;
    this.digit = this.ruler.measureText("0").width;
    this.pad = 2 * Number.parseFloat(style.getPropertyValue("--pad"));
  }

  // over how many columns a place goes that stands for a side
  span(side) {
    return this.spans[side] ?? this.layout.keys(side).length;
  }

  // `all`: the trader has chosen them, so that the table is rather wider than its place than short
  // of one
  lay(layout, all) {
    this.layout = layout;
    this.all = all;
    this.base = Object.fromEntries(["strike", ...layout.all].map((key) => [key, STEADY[key] ?? USUAL]));
    this.needs = { ...this.base };
    this.spans = {};
    this.due = true;
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
    const { room, digit, pad } = this;
    const px = Object.fromEntries(Object.entries(this.needs).map(([key, n]) => [key, Math.ceil(n * digit + pad) + 1]));
    const kept = this.kept(px, room);
    this.hide(kept);
    this.widen(kept, px, room);
  }

  get order() {
    const fixed = new Set(["oi", this.chosen]);
    const others = this.layout.all.filter((key) => !DISPENSABLE.includes(key) && key !== "p5").reverse();
    return [...DISPENSABLE, ...others, "p5"].filter((key) => !fixed.has(key));
  }

  kept(px, room) {
    let keys = this.layout.all;
    if (this.compact) return keys.includes(this.chosen) ? keys.filter((key) => key === "oi" || key === this.chosen) : keys.slice(0, 2);
    if (this.all) return keys;
    for (const key of this.order) {
      if (this.needed(keys, px) <= room) break;
      keys = keys.filter((one) => one !== key);
    }
    return keys;
  }

  of(side, kept) {
    return this.layout.keys(side).filter((key) => kept.includes(key));
  }

  needed(kept, px) {
    const sum = (side) => this.of(side, kept).reduce((total, key) => total + px[key], 0);
    return px.strike + sum("CE") + sum("PE");
  }

  hide(kept) {
    const hidden = this.layout.all.filter((key) => !kept.includes(key));
    for (const side of ["CE", "PE"]) this.spans[side] = Math.max(1, this.of(side, kept).length);
    if (this.table.dataset.hidden === hidden.join(" ")) return;
    this.table.dataset.hidden = hidden.join(" ");
    this.hiding.replaceSync(hidden.map((key) => `#chain .${key} { display: none; }`).join("\n"));
    // a heading over columns that are not there would keep their room
    for (const heading of this.table.querySelectorAll("[data-over]")) heading.colSpan = this.spans[heading.dataset.over];
    document.body.dataset.columns = hidden.length ? "some" : "all";
  }

  widen(kept, px, room) {
    const needed = this.needed(kept, px);
    const spare = Math.max(0, room - needed);
    // bars of OI take what is left, the others a little of it
    const weight = (key) => (key === "oi" ? 6 : 1);
    const weights = ["CE", "PE"].reduce((sum, side) => this.of(side, kept).reduce((n, key) => n + weight(key), sum), 1);
    const share = spare / weights;
    for (const col of this.table.querySelectorAll("col")) {
      const { key } = col.dataset;
      set(col.style, "width", `${Math.floor(px[key] + share * weight(key))}px`);
    }
    this.table.classList.toggle("wide", needed > room);
    set(this.table.style, "width", needed > room ? `${needed}px` : "");
  }
}
