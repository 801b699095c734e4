// One line of the chain: its cells are made once for a layout; afterwards only those that differ change.

import { compared } from "./against.js";
import { column } from "./cells.js";
import { DASH, strike as strikeText } from "../core/format.js";

const FADE_MS = 1000;
const STEPS = "steps(6)";
// as wide as the mark of a level is
const LEVEL_ROOM = "0000";

export class Row {
  // `note(key, text)` hears of each text that is shown
  constructor(strike, layout, note) {
    this.strike = strike;
    this.layout = layout;
    this.note = note;
    this.line = document.createElement("tr");
    this.line.dataset.strike = strike;
    this.legs = { CE: undefined, PE: undefined };
    this.bars = {};
    this.levels = {};
    const calls = this.cells("CE");
    const middle = document.createElement("th");
    middle.scope = "row";
    middle.className = "strike";
    middle.dataset.column = "strike";
    middle.textContent = strikeText(strike);
    this.line.append(middle);
    this.middle = middle;
    this.sides = { CE: calls, PE: this.cells("PE") };
    // what follows the index, the forward and the time is looked at though its leg is the same
    this.valued = { CE: valued(calls), PE: valued(this.sides.PE) };
  }

  cells(side) {
    return this.layout.keys(side).map((key) => {
      const one = column(key);
      const cell = this.line.insertCell();
      const base = [side.toLowerCase(), key, one.kind].filter(Boolean).join(" ");
      cell.className = base;
      cell.dataset.column = key;
      cell.dataset.side = side;
      const text = document.createTextNode("");
      cell.append(text);
      return { cell, text, base, column: one, name: base, value: null, shown: null };
    });
  }

  // `anew`: another view, so that each cell has to be looked at; `fades`: changes may be marked;
  // `revalued`: index, forward or time have moved
  show(side, leg, view, { most, anew, fades, revalued }) {
    const changed = leg !== this.legs[side] || anew;
    this.legs[side] = leg;
    if (changed) for (const one of this.sides[side]) this.cell(one, leg, view, { anew, fades });
    else if (revalued) for (const one of this.valued[side]) this.cell(one, leg, view, { anew, fades });
    this.bar(side, leg?.oi ? (leg.oi / most).toFixed(2) : "0");
  }

  bar(side, width) {
    if (this.bars[side] === width) return;
    this.bars[side] = width;
    this.one(side, "oi")?.cell.style.setProperty("--w", width);
  }

  // support or resistance by OI: "S1", "R2" or nothing; marked where there is room
  level(side, name, view) {
    if (this.levels[side] === name) return;
    this.levels[side] = name;
    const one = this.one(side, "oi");
    if (!one) return;
    if (name) one.cell.dataset.level = name;
    else delete one.cell.dataset.level;
    if (name && !view.compact) this.note("oi", one.shown + LEVEL_ROOM);
  }

  one(side, key) {
    return this.sides[side].find((one) => one.column.key === key);
  }

  cell(one, leg, view, { anew, fades }) {
    const { column: of } = one;
    const { text: change, tint } = compared(of, leg, view);
    const value = leg === null ? DASH : of.text(leg, view);
    // where there is no room for both, the difference is what was asked for
    const shown = change && view.compact ? change : [value, change].filter(Boolean).join(" ");
    const name = one.base + (shown === DASH ? " unknown" : tint || (of.tint?.(leg, view) ?? ""));
    if (one.name !== name) one.cell.className = name;
    one.name = name;
    if (one.shown !== shown) one.text.nodeValue = shown;
    if (one.shown !== shown || anew) this.note(of.key, one.cell.dataset.level && !view.compact ? shown + LEVEL_ROOM : shown);
    if (of.moved) this.mark(one, leg === null ? null : of.value(leg, view), fades && one.shown !== null);
    one.shown = shown;
  }

  // measured from where the figure stood when it was last marked, so that a slow drift shows too
  mark(one, value, fades) {
    const before = one.value;
    if (!fades) {
      one.value = value;
      return;
    }
    if (!one.column.moved(before, value)) return;
    one.value = value;
    const up = value !== null && before !== null && value > before;
    const tint = one.column.directed && value !== null && before !== null ? (up ? "--up-flash" : "--down-flash") : "--flash";
    one.cell.animate([{ backgroundColor: `var(${tint})` }, {}], { duration: FADE_MS, easing: STEPS });
  }
}

const valued = (cells) => cells.filter((one) => one.column.valued);
