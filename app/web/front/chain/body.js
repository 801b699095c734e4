// The lines of the table. Those near what is seen stand there whole, the others with their strike alone:
// what is paid by the cell (style, layout, each second's figures) is paid for what is near.

import { Row } from "./rows.js";

// lines beyond what is seen that are whole already, and how few of them may be left
const BEYOND = 10;
const LEFT = 4;
// as many either side of the money as the server paints (app/web/painting/table.py)
const PAINTED = 24;

export class Body {
  // `note(key, text)` hears of each text that is shown; `span()`: how many columns the calls have
  constructor(node, note, span) {
    this.node = node;
    this.note = note;
    this.span = span;
    this.rows = new Map();
    this.strikes = [];
    this.spare = [];
    this.from = 0;
    this.to = -1;
    this.painted = [...node.rows];
  }

  get(strike) {
    return this.rows.get(strike);
  }

  lay(layout) {
    this.layout = layout;
    this.clear();
    const keys = [...layout.keys("CE"), "strike", ...layout.keys("PE")].join();
    const asPainted = this.painted.every(({ cells }) => [...cells].map((cell) => cell.dataset.column).join() === keys);
    this.spare = asPainted ? this.painted.map((line) => new Row(layout, this.note, line)) : [];
    this.node.replaceChildren(...(asPainted ? this.painted : []));
    this.painted = [];
  }

  // nothing is shown; what was made waits for the next chain
  clear() {
    this.spare.push(...this.rows.values());
    this.rows.clear();
    this.strikes = [];
    this.node.replaceChildren();
  }

  // rows that stay are the same ones; of another chain, all may be taken over
  build(strikes, other) {
    const had = [...this.rows.values(), ...this.spare];
    const kept = new Map();
    const found = other ? this.taken(strikes, had) : (strike) => this.rows.get(strike) ?? this.made(strike);
    strikes.forEach((strike, i) => kept.set(strike, found(strike, i)));
    const stay = new Set(kept.values());
    for (const row of had) if (!stay.has(row)) row.line.remove();
    let place = this.node.firstChild;
    for (const { line } of stay) {
      if (line === place) place = place.nextSibling;
      else this.node.insertBefore(line, place);
    }
    this.rows = kept;
    this.strikes = strikes;
    this.spare = [];
  }

  made(strike) {
    const row = new Row(this.layout, this.note);
    row.strip(this.span());
    row.take(strike);
    return row;
  }

  // of the same strike, else one that has as many cells as the place asks for
  taken(strikes, had) {
    const wanted = new Set(strikes);
    const same = new Map(had.filter(({ strike }) => wanted.has(strike)).map((row) => [row.strike, row]));
    const others = had.filter((row) => same.get(row.strike) !== row);
    const whole = others.filter((row) => row.whole);
    const bare = others.filter((row) => !row.whole);
    return (strike, i) => {
      const row = same.get(strike) ?? (i >= this.from && i <= this.to ? whole : bare).shift() ?? this.made(strike);
      row.take(strike);
      return row;
    };
  }

  // which lines of a chain of `count` are near: those in sight and some more, until few of these are left
  aim(seen, count) {
    const last = Math.min(seen.to, count - 1);
    const first = Math.max(0, Math.min(seen.from, last - (seen.to - seen.from)));
    const isNear = (i) => i >= this.from && i <= this.to;
    const isEnough = isNear(Math.max(0, first - LEFT)) && isNear(Math.min(count - 1, last + LEFT));
    if (isEnough && this.to - this.from <= last - first + 4 * BEYOND) return;
    this.from = Math.max(0, first - BEYOND);
    this.to = Math.min(count - 1, last + BEYOND);
  }

  // about the middle of a chain that is shown first
  aimAt(place, seen, count) {
    const half = Math.max(PAINTED, Math.ceil(seen / 2) + BEYOND);
    this.from = Math.max(0, place - half);
    this.to = Math.min(count - 1, Math.max(place, half) + half);
  }

  // makes whole what is near, and takes the cells of what is far, but for the one in hand; answers those
  // that have none of their figures yet
  reach(held) {
    const news = [];
    this.strikes.forEach((strike, i) => {
      const row = this.rows.get(strike);
      const near = i >= this.from && i <= this.to;
      if (near === row.whole || (!near && row.line.contains(held))) return;
      if (near) {
        row.dress();
        news.push(row);
      } else {
        row.strip(this.span());
      }
    });
    return news;
  }
}
