// The lines of the table. Those near what is seen stand there whole, the others with their strike alone:
// what is paid by the cell (style, layout, each second's figures) is paid for what is near.

import { Row } from "./rows.js";

// lines beyond what is seen that are whole already, and how few of them may be left
const BEYOND = 6;
const LEFT = 3;
// lines beyond what is seen that are drawn with it, before all others
const BESIDE = 2;
// as many either side of the money as the server paints (app/web/painting/table.py)
const PAINTED = 20;

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
    this.front = { from: 0, to: -1 };
    this.painted = [...node.rows];
  }

  get(strike) {
    return this.rows.get(strike);
  }

  lay(layout) {
    this.layout = layout;
    const keys = [...layout.keys("CE"), "strike", ...layout.keys("PE")].join();
    const painted = this.painted.splice(0);
    // of a painted cell the classes alone say its column
    const keyOf = ({ classList }) => classList[1] ?? classList[0];
    const isOurs = ({ cells }) => cells[0].dataset.over || [...cells].map(keyOf).join() === keys;
    const stay = painted.length > 0 && painted.every(isOurs);
    // to take them out and in again would lay them out anew
    if (!stay) this.clear();
    this.spare = stay ? painted.map((line) => new Row(layout, this.note, line)) : [];
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
    for (const strike of strikes) kept.set(strike, found(strike));
    const stay = new Set(kept.values());
    for (const row of had) if (!stay.has(row)) row.line.remove();
    let place = this.node.firstElementChild;
    for (const { line } of stay) {
      if (line === place) place = place.nextElementSibling;
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

  // Lines stay where they stand, whole ones near and bare ones far, and are given other strikes; where the
  // whole ones stand for near strikes already (as the server paints them) each line keeps its own.
  taken(strikes, had) {
    const near = new Set(strikes.slice(this.from, this.to + 1));
    const stays = had.every((row) => !row.whole || near.has(row.strike));
    const own = new Map(stays ? had.map((row) => [row.strike, row]) : []);
    const wanted = new Set(strikes);
    const left = had.filter((row) => !own.has(row.strike) || !wanted.has(row.strike));
    const whole = left.filter((row) => row.whole);
    const bare = left.filter((row) => !row.whole);
    return (strike) => {
      const row = own.get(strike) ?? (near.has(strike) ? whole.shift() : null) ?? bare.shift() ?? this.made(strike);
      row.take(strike);
      return row;
    };
  }

  // which lines of a chain of `count` are near: those in sight and some more, until few of these are left
  aim(seen, count) {
    const last = Math.min(seen.to, count - 1);
    const first = Math.max(0, Math.min(seen.from, last - (seen.to - seen.from)));
    this.front = { from: first - BESIDE, to: last + BESIDE };
    const isNear = (i) => i >= this.from && i <= this.to;
    const isEnough = isNear(Math.max(0, first - LEFT)) && isNear(Math.min(count - 1, last + LEFT));
    if (isEnough && this.to - this.from <= last - first + 4 * BEYOND) return;
    this.from = Math.max(0, first - BEYOND);
    this.to = Math.min(count - 1, last + BEYOND);
  }

  // about the middle of a chain that is shown first
  aimAt(place, seen, count) {
    const room = Math.ceil(seen / 2) + BEYOND;
    const half = this.rows.size ? room : Math.max(PAINTED, room);
    const seat = Math.ceil(seen / 2) + BESIDE;
    this.front = { from: place - seat, to: Math.max(place, seat) + seat };
    this.from = Math.max(0, place - half);
    this.to = Math.min(count - 1, Math.max(place, half) + half);
  }

  // whether a line is in sight, or nearly so
  isInFront(i) {
    return i >= this.front.from && i <= this.front.to;
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
