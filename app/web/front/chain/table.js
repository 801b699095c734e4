// The chain table: which rows stand in it, and what marks them.

import { saysPinned } from "./against.js";
import { column } from "./cells.js";
import { Fit } from "./fit.js";
import { Frame } from "./frame.js";
import { Grid } from "./grid.js";
import { levels } from "./levels.js";
import { FILTERS, sorted } from "./order.js";
import { Place } from "./place.js";
import { Row } from "./rows.js";
import { set } from "../core/dom.js";

const SIDES = ["CE", "PE"];
const RESORT_MS = 5000;
const LEVELS = {
  S1: "support: most put OI below the index", S2: "second support by put OI",
  R1: "resistance: most call OI above the index", R2: "second resistance by call OI",
};

export class ChainTable {
  // `layout`: which columns stand where; `all`: whether the trader has chosen them
  constructor({ table, scroller, centreButton, explanation, layout, all }) {
    this.table = table;
    this.scroller = scroller;
    this.centreButton = centreButton;
    this.explanation = explanation;
    this.onCompact = null;
    this.body = table.tBodies[0];
    this.rows = new Map();
    this.strikes = [];
    this.sort = null;
    this.pointed = false;
    this.valuation = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.fit = new Fit(table, scroller);
    this.frame = new Frame(table, this.fit);
    this.place = new Place({ table, scroller, centreButton });
    this.grid = new Grid(table, explanation, (cell) => () => this.says(cell));
    this.note = (key, text) => this.fit.note(key, text);
    this.lay(layout, all);
    this.listen();
  }

  get compact() {
    return this.fit.compact;
  }

  // the figure that stays beside OI where there is no room for all
  prefer(key) {
    this.fit.chosen = key;
    this.fit.apply();
  }

  lay(layout, all) {
    this.layout = layout;
    this.fit.lay(layout, all);
    this.frame.lay(layout);
    this.view = undefined;
    if (this.sort && this.sort.side && !layout.keys(this.sort.side).includes(this.sort.key)) this.sort = null;
    this.rows.clear();
    this.strikes = [];
    this.body.replaceChildren();
  }

  show(chain, view) {
    const other = chain !== this.chain;
    const anew = other || view !== this.view;
    if (anew) this.fit.forget();
    this.chain = chain;
    this.view = view;
    if (anew) this.frame.head(view, this.sort);
    const revalued = !view.valuation.equals(this.valuation);
    this.valuation = view.valuation;
    const strikes = this.wanted(other);
    if (other || strikes.join() !== this.strikes.join()) this.build(strikes, other);
    const seen = anew || this.calm.matches || document.hidden ? null : this.place.visible;
    const most = this.mostOi(strikes);
    strikes.forEach((strike, i) => {
      const row = this.rows.get(strike);
      if (anew) this.note("strike", row.middle.textContent);
      const how = { most, anew, revalued, fades: seen !== null && i >= seen.from && i <= seen.to };
      for (const side of SIDES) row.show(side, chain.leg(strike, side), view, how);
    });
    this.frame.sum(chain, view);
    this.markLevels(chain, view);
    if (this.fit.due) this.fit.apply();
    this.mark(chain.summary);
    this.explanation.refresh();
  }

  // no chain to show: nothing of another one stays
  clear() {
    this.chain = null;
    this.atm = undefined;
    this.strikes = [];
    this.rows.clear();
    this.body.replaceChildren();
    this.place.isOffered = false;
    this.centreButton.hidden = true;
    this.frame.clear();
    this.explanation.refresh();
  }

  // Rows do not move under a still pointer: while it rests on them what is shown stays as it is, as
  // far as it is a choice of rows at all.
  wanted(other) {
    const { count, filter } = this.view;
    const asked = [count, filter?.name, filter?.span, filter?.least, this.sort?.key, this.sort?.side, this.sort?.down].join();
    const same = asked === this.asked && !other;
    const present = () => this.strikes.every((strike) => SIDES.some((side) => this.chain.leg(strike, side)));
    if (same && (count || filter || this.sort) && (this.pointed || this.isFresh(filter)) && present()) return this.strikes;
    this.asked = asked;
    this.orderedAt = performance.now();
    return this.chosen(filter ? this.chain.strikes : this.chain.around(count), filter);
  }

  // rows that were put in order a moment ago stay so: who reads them must not run after them
  isFresh(filter) {
    return Boolean(filter || this.sort) && performance.now() - this.orderedAt < RESORT_MS;
  }

  chosen(strikes, filter) {
    const kept = filter ? FILTERS[filter.name](strikes, this.chain, filter) : strikes;
    return this.sort ? sorted(kept, this.chain, this.sort, this.view) : kept;
  }

  // rows that stay are the same ones
  build(strikes, other) {
    const hadFocus = this.grid.focused;
    if (other) this.rows.clear();
    const kept = new Map();
    for (const strike of strikes) kept.set(strike, this.rows.get(strike) ?? new Row(strike, this.layout, this.note));
    for (const [strike, row] of this.rows) if (!kept.has(strike)) row.line.remove();
    if (other) this.body.replaceChildren();
    let place = this.body.firstChild;
    for (const { line } of kept.values()) {
      if (line === place) place = place.nextSibling;
      else this.body.insertBefore(line, place);
    }
    this.rows = kept;
    this.strikes = strikes;
    this.atm = undefined;
    const atm = this.rows.get(this.chain.summary.atm_strike) ?? this.rows.get(strikes[Math.floor(strikes.length / 2)]);
    this.grid.stop(atm?.middle ?? null, hadFocus);
    if (other && !this.sort) this.place.follows = true;
  }

  mostOi(strikes) {
    let most = 1;
    for (const strike of strikes) {
      for (const side of SIDES) most = Math.max(most, this.chain.leg(strike, side)?.oi ?? 0);
    }
    return most;
  }

  markLevels(chain, view) {
    const found = levels(chain);
    this.levels = found;
    for (const [strike, row] of this.rows) {
      row.level("CE", found.R.includes(strike) ? `R${found.R.indexOf(strike) + 1}` : "", view);
      row.level("PE", found.S.includes(strike) ? `S${found.S.indexOf(strike) + 1}` : "", view);
    }
  }

  mark({ atm_strike: atm, max_pain: pain }) {
    if (atm === this.atm && pain === this.pain) return;
    for (const [strike, { line }] of this.rows) {
      const classes = [];
      if (atm !== null && strike < atm) classes.push("below");
      if (atm !== null && strike > atm) classes.push("above");
      if (strike === atm) classes.push("atm");
      if (strike === pain) classes.push("max-pain");
      set(line, "className", classes.join(" "));
    }
    const moved = atm !== this.atm;
    this.atm = atm;
    this.pain = pain;
    this.place.isOffered = atm !== null;
    this.place.at(this.rows.get(atm)?.line ?? null, moved, this.pointed);
  }

  // the trader asks for the rows of now, wherever the pointer is
  centre() {
    const atm = this.chain?.summary.atm_strike ?? null;
    if (atm === null) return;
    this.reveal(atm);
    this.place.centre();
  }

  // brings a strike into sight, and the cell of a column of a side into hand
  reveal(strike, side, key) {
    if (!this.rows.has(strike) && this.chain?.strikes.includes(strike)) this.renew();
    const row = this.rows.get(strike);
    if (!row) return false;
    this.place.follows = false;
    this.place.into(row.line);
    if (side) this.grid.go(row.one(side, key)?.cell ?? row.middle);
    return true;
  }

  renew() {
    this.asked = undefined;
    this.show(this.chain, this.view);
  }

  // by a column of a side: largest first, then smallest, then by strike again
  sortBy(key, side) {
    const { sort } = this;
    const same = sort && sort.key === key && sort.side === side;
    this.order(same && !sort.down ? null : { key, side, down: !same });
  }

  order(sort) {
    if (this.sort === sort) return;
    this.sort = sort;
    if (!this.chain) return;
    this.frame.head(this.view, sort);
    this.renew();
    if (sort) this.place.toTop();
    else this.centre();
  }

  listen() {
    this.centreButton.addEventListener("click", () => this.centre());
    this.table.tHead.addEventListener("click", (event) => this.headed(event.target.closest("th[data-column]")));
    this.table.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.sort) this.order(null);
      if (event.key === "Enter" || event.key === " ") this.headed(event.target.closest("thead th[data-column]"), event);
    });
    this.body.addEventListener("pointerenter", (event) => { this.pointed = event.pointerType === "mouse"; });
    this.body.addEventListener("pointerleave", () => {
      this.pointed = false;
      if (this.chain) this.show(this.chain, this.view);
    });
    new ResizeObserver(() => {
      const { compact } = this.fit;
      this.fit.apply();
      this.place.measure();
      if (compact !== this.fit.compact) this.onCompact?.();
      if (this.place.follows && this.chain) this.centre();
    }).observe(this.scroller);
  }

  headed(heading, event) {
    if (!heading || !this.chain) return;
    event?.preventDefault();
    this.sortBy(heading.dataset.column, heading.dataset.side);
  }

  says(cell) {
    const { column: key, side } = cell.dataset;
    if (!this.chain || !this.view) return "";
    if (cell.closest("thead")) return this.saysHead(key, side);
    if (cell.closest("tfoot")) return this.frame.says(key, side, this.chain, this.view);
    const strike = Number(cell.parentElement.dataset.strike);
    const row = this.rows.get(strike);
    // its row has gone since it was pointed at
    if (!row) return "";
    if (!side) return this.saysStrike(strike);
    const leg = row.legs[side];
    const what = leg ? column(key).says(leg, this.view) + saysPinned(column(key), leg, this.view) : "this strike has no such contract in the chain";
    const level = key === "oi" && row.levels[side] ? `; ${LEVELS[row.levels[side]]}` : "";
    return `${row.middle.textContent} ${side}: ${what}${level}`;
  }

  saysHead(key, side) {
    const what = side ? column(key).headSays(this.view) : "Strike, in points of the index";
    return `${what}. Click or Enter sorts by it, Esc goes back to strikes.`;
  }

  saysStrike(strike) {
    const { atm_strike: atm, max_pain: pain } = this.chain.summary;
    const what = [
      strike === atm && "at the money: the strike nearest to the index, or to the forward while the index stands still",
      strike === pain && "max pain: option buyers would receive least here",
    ].filter(Boolean);
    return `Strike ${this.rows.get(strike).middle.textContent}${what.length ? `, ${what.join("; ")}` : ""}`;
  }
}
