// One line of the chain: its cells are made once; afterwards only those that differ change.

import { COLUMNS } from "./cells.js";
import { DASH, strike as strikeText } from "../core/format.js";

const FADE_MS = 1000;
const STEPS = "steps(6)";

export class Row {
  // `note(key, text)` hears of each text that is shown
  constructor(strike, note) {
    this.strike = strike;
    this.note = note;
    this.line = document.createElement("tr");
    this.line.dataset.strike = strike;
    this.legs = { CE: undefined, PE: undefined };
    this.bars = {};
    const calls = this.cells("CE");
    const middle = document.createElement("th");
    middle.scope = "row";
    middle.className = "strike";
    middle.dataset.column = "strike";
    middle.textContent = strikeText(strike);
    this.line.append(middle);
    this.middle = middle;
    this.sides = { CE: calls, PE: this.cells("PE") };
  }

  cells(side) {
    return COLUMNS[side].map((column) => {
      const cell = this.line.insertCell();
      const base = `${side.toLowerCase()} ${column.key}`;
      cell.className = base;
      cell.dataset.column = column.key;
      cell.dataset.side = side;
      const text = document.createTextNode("");
      cell.append(text);
      return { cell, text, base, column, name: base, value: null, shown: null };
    });
  }

  // `anew`: another view, so that each cell has to be looked at; `fades`: changes may be marked
  show(side, leg, view, { most, anew, fades }) {
    if (leg !== this.legs[side] || anew) {
      this.legs[side] = leg;
      for (const one of this.sides[side]) this.cell(one, leg, view, { anew, fades });
    }
    const width = leg?.oi ? (leg.oi / most).toFixed(2) : "0";
    if (this.bars[side] === width) return;
    this.bars[side] = width;
    this.sides[side].find((one) => one.column.key === "oi").cell.style.setProperty("--w", width);
  }

  cell(one, leg, view, { anew, fades }) {
    const { column } = one;
    const shown = leg === null ? DASH : column.text(leg, view);
    const name = one.base + (shown === DASH ? " unknown" : column.tint?.(leg) ?? "");
    if (one.name !== name) one.cell.className = name;
    one.name = name;
    if (one.shown !== shown) one.text.nodeValue = shown;
    if (one.shown !== shown || anew) this.note(column.key, shown);
    if (column.moved) this.mark(one, leg === null ? null : column.value(leg), fades && one.shown !== null);
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
