// One line of the chain: its cells are made once for a layout; afterwards only those that differ change.
// A line that is far from what is seen holds its strike alone, and is as high.

import { compared } from "./against.js";
import { column } from "./cells.js";
import { DASH, strike as strikeText } from "../core/format.js";

const FADE_MS = 1000;
const STEPS = "steps(6)";
// as wide as the mark of a level is
const LEVEL_ROOM = "0000";

export class Row {
  // `note(key, text)` hears of each text that is shown; `line` is one that the server painted
  constructor(layout, note, line = null) {
    this.layout = layout;
    this.note = note;
    this.line = line ?? document.createElement("tr");
    this.strike = line ? Number(line.dataset.strike) : null;
    this.middle = line?.querySelector("th") ?? middleCell();
    this.middle.dataset.column = "strike";
    this.sides = null;
    this.forget();
    if (!line) this.line.append(this.middle);
    else if (!line.cells[0].dataset.over) this.adopt(line);
  }

  // whether all its cells are there
  get whole() {
    return this.sides !== null;
  }

  // stands for another strike from now on, with the cells that it has
  take(strike) {
    this.legs = { CE: undefined, PE: undefined };
    for (const one of this.all) one.flash?.cancel();
    if (this.strike === strike) return;
    for (const side of ["CE", "PE"]) delete this.one(side, "oi")?.cell.dataset.level;
    this.levels = {};
    this.strike = strike;
    this.line.dataset.strike = strike;
    this.middle.textContent = strikeText(strike);
  }

  forget() {
    this.legs = { CE: undefined, PE: undefined };
    this.bars = {};
    this.levels = {};
  }

  get all() {
    return this.sides ? [...this.sides.CE, ...this.sides.PE] : [];
  }

  // what the server painted is what would be written
  adopt(line) {
    const cells = [...line.cells].filter((cell) => cell !== this.middle);
    this.hold((side) => this.layout.keys(side).map((key) => cellOf(key, side, cells.shift())));
    for (const side of ["CE", "PE"]) {
      const { cell } = this.one(side, "oi") ?? {};
      if (!cell) continue;
      // the first script has drawn it, but not where it found no room for what was painted
      this.bars[side] = cell.style.getPropertyValue("--w");
      this.levels[side] = cell.dataset.level ?? "";
      delete cell.dataset.width;
    }
  }

  dress() {
    this.forget();
    this.hold((side) => this.layout.keys(side).map((key) => cellOf(key, side)));
    const nodes = (side) => this.sides[side].map(({ cell }) => cell);
    this.line.replaceChildren(...nodes("CE"), this.middle, ...nodes("PE"));
  }

  hold(cellsOf) {
    this.sides = { CE: cellsOf("CE"), PE: cellsOf("PE") };
    // what follows the index, the forward and the time is looked at though its leg is the same
    this.valued = { CE: valued(this.sides.CE), PE: valued(this.sides.PE) };
  }

  // `span`: over how many columns of the calls the place before its strike goes
  strip(span) {
    this.sides = null;
    this.forget();
    const place = document.createElement("td");
    Object.assign(place, { className: "ce", colSpan: span });
    place.dataset.over = "CE";
    this.line.replaceChildren(place, this.middle);
  }

  // `anew`: another view, so that each cell has to be looked at; `fades`: changes may be marked;
  // `revalued`: index, forward or time have moved
  show(side, leg, view, { most, anew, fades, revalued }) {
    if (!this.whole) return void (anew && this.measure(side, leg, view));
    const changed = leg !== this.legs[side] || anew;
    this.legs[side] = leg;
    if (changed) for (const one of this.sides[side]) this.cell(one, leg, view, { anew, fades });
    else if (revalued) for (const one of this.valued[side]) this.cell(one, leg, view, { anew, fades });
    this.bar(side, leg?.oi ? (leg.oi / most).toFixed(2) : "0");
  }

  // what would stand in its cells needs its room already: nothing moves when it comes near
  measure(side, leg, view) {
    for (const key of this.layout.keys(side)) {
      const { shown } = written(column(key), leg, view);
      this.note(key, key === "oi" && this.levels[side] && !view.compact ? shown + LEVEL_ROOM : shown);
    }
  }

  bar(side, width) {
    if (this.bars[side] === width) return;
    this.bars[side] = width;
    this.one(side, "oi")?.cell.style.setProperty("--w", width);
  }

  // support or resistance by OI: "S1", "R2" or nothing; marked where there is room, which is kept for it
  level(side, name, leg, view) {
    if (this.levels[side] === name) return;
    this.levels[side] = name;
    if (!this.layout.keys(side).includes("oi")) return;
    if (name && !view.compact) this.note("oi", written(column("oi"), leg, view).shown + LEVEL_ROOM);
    const { cell } = this.one(side, "oi") ?? {};
    if (name && cell) cell.dataset.level = name;
    else delete cell?.dataset.level;
  }

  one(side, key) {
    return this.sides?.[side].find((one) => one.column.key === key);
  }

  cell(one, leg, view, { anew, fades }) {
    const { column: of } = one;
    const { shown, tint } = written(of, leg, view);
    const name = one.base + (shown === DASH ? " unknown" : tint || (of.tint?.(leg, view) ?? ""));
    if (one.name !== name) one.cell.className = name;
    one.name = name;
    if (one.shown !== shown) one.text.nodeValue = shown;
    if (one.shown !== shown || anew) this.note(of.key, of.key === "oi" && this.levels[one.side] && !view.compact ? shown + LEVEL_ROOM : shown);
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
    one.flash = one.cell.animate([{ backgroundColor: `var(${tint})` }, {}], { duration: FADE_MS, easing: STEPS });
  }
}

// what a cell shows, and the tint of a difference to a pinned moment
function written(of, leg, view) {
  const { text: change, tint } = compared(of, leg, view);
  const value = leg === null ? DASH : of.text(leg, view);
  // where there is no room for both, the difference is what was asked for
  return { shown: change && view.compact ? change : [value, change].filter(Boolean).join(" "), tint };
}

const valued = (cells) => cells.filter((one) => one.column.valued);

function middleCell() {
  const middle = document.createElement("th");
  middle.scope = "row";
  middle.className = "strike";
  return middle;
}

function cellOf(key, side, painted = null) {
  const one = column(key);
  const base = [side.toLowerCase(), key, one.kind].filter(Boolean).join(" ");
  const cell = painted ?? document.createElement("td");
  if (!painted) {
    cell.className = base;
    cell.append("");
  }
  cell.dataset.column = key;
  cell.dataset.side = side;
  return { cell, text: cell.firstChild, base, column: one, side, name: cell.className, value: null, shown: painted ? cell.textContent : null, flash: null };
}
