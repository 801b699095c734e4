// The chain table: which rows stand in it, and what marks them.

import { Body } from "./body.js";
import { Fit } from "./fit.js";
import { Frame } from "./frame.js";
import { Grid } from "./grid.js";
import { Later } from "./later.js";
import { levels } from "./levels.js";
import { Picking } from "./picking.js";
import { Place } from "./place.js";
import { says } from "./says.js";
import { set } from "../core/dom.js";

const SIDES = ["CE", "PE"];

export class ChainTable {
  // `layout`: which columns stand where; `all`: whether the trader has chosen them
  constructor({ table, scroller, centreButton, explanation, layout, all }) {
    this.table = table;
    this.scroller = scroller;
    this.centreButton = centreButton;
    this.explanation = explanation;
    this.onCompact = null;
    this.picking = new Picking();
    this.lost = false;
    this.aimed = false;
    this.hasShown = false;
    this.later = new Later((strikes) => this.catchUp(strikes));
    this.pointed = false;
    this.valuation = null;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.fit = new Fit(table, scroller);
    this.frame = new Frame(table, this.fit);
    this.place = new Place({ table, scroller, centreButton });
    this.grid = new Grid(table, explanation, { tellOf: (cell) => () => says(cell, this), reach: (line) => this.touch(line) });
    this.note = (key, text) => this.fit.note(key, text);
    this.lines = new Body(table.tBodies[0], this.note, () => this.fit.span("CE"));
    this.lay(layout, all);
    this.listen();
  }

  get compact() {
    return this.fit.compact;
  }

  get strikes() {
    return this.lines.strikes;
  }

  get sort() {
    return this.picking.sort;
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
    this.picking.lay(layout);
    this.lines.lay(layout);
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
    const strikes = this.picking.strikes(chain, view, { shown: this.strikes, other, held: this.pointed });
    if (other || strikes.join() !== this.strikes.join()) this.build(strikes, other);
    if (!this.aimed) this.lines.aim(this.place.visible, strikes.length);
    this.aimed = false;
    this.lines.reach(this.grid.cell);
    if (!anew) this.later.finish();
    const seen = this.place.visible;
    const fades = !anew && !this.calm.matches && !document.hidden;
    this.most = this.mostOi(strikes);
    strikes.forEach((strike, i) => {
      if (anew) this.note("strike", this.lines.get(strike).middle.textContent);
      if (anew && this.hasShown && !this.lines.isInFront(i)) this.postpone(strike);
      else this.draw(strike, { anew, revalued, fades: fades && i >= seen.from && i <= seen.to });
    });
    this.hasShown = true;
    this.frame.sum(chain, view);
    this.markLevels(chain, view);
    if (this.fit.due) this.fit.apply();
    this.mark(chain.summary);
    if (this.lost) this.grid.take();
    this.lost = false;
    this.explanation.refresh();
  }

  draw(strike, how) {
    const row = this.lines.get(strike);
    for (const side of SIDES) row.show(side, this.chain.leg(strike, side), this.view, { most: this.most, ...how });
  }

  // out of sight: has its room already, and its figures when the page has nothing else to do
  postpone(strike) {
    const row = this.lines.get(strike);
    for (const side of SIDES) row.measure(side, this.chain.leg(strike, side), this.view);
    if (row.whole) this.later.add(strike);
  }

  catchUp(strikes) {
    for (const strike of strikes) if (this.lines.get(strike)?.whole) this.draw(strike, { anew: true, revalued: false, fades: false });
    if (this.fit.due) this.fit.apply();
  }

  // lines that have come near, by scrolling or all for the printer, show their figures
  reach(seen = this.place.visible) {
    if (!this.chain) return;
    this.lines.aim(seen, this.strikes.length);
    this.later.finish((strike) => this.lines.isInFront(this.strikes.indexOf(strike)));
    this.dress(this.lines.reach(this.grid.cell));
  }

  // one line that is gone to from afar
  touch(line) {
    this.later.finish();
    const row = this.lines.get(Number(line.dataset.strike));
    if (!row || row.whole) return;
    row.dress();
    this.dress([row]);
  }

  dress(rows) {
    if (!rows.length) return;
    for (const { strike } of rows) this.draw(strike, { anew: true, revalued: false, fades: false });
    this.markLevels(this.chain, this.view);
    if (this.fit.due) this.fit.apply();
  }

  // no chain to show: nothing of another one stays
  clear() {
    this.chain = null;
    this.atm = undefined;
    this.later.forget();
    this.lines.clear();
    this.place.isOffered = false;
    this.centreButton.hidden = true;
    this.frame.clear();
    this.explanation.refresh();
  }

  build(strikes, other) {
    const hadFocus = this.grid.focused;
    const { summary } = this.chain;
    if (other && !this.sort) this.place.follows = true;
    const place = strikes.indexOf(summary.atm_strike);
    const middle = place < 0 ? Math.floor(strikes.length / 2) : place;
    // a chain that is shown first is centred where its money is known
    this.aimed = other && !this.sort && summary.atm_strike !== null;
    if (other && !this.sort) this.lines.aimAt(this.aimed ? middle : 0, this.place.count, strikes.length);
    this.lines.build(strikes, other);
    this.atm = undefined;
    this.lost = this.grid.stop(this.lines.get(strikes[middle])?.middle ?? null, other) && hadFocus;
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
    const mark = { CE: ["R", found.R], PE: ["S", found.S] };
    for (const [strike, row] of this.lines.rows) {
      for (const side of SIDES) {
        const [letter, strikes] = mark[side];
        row.level(side, strikes.includes(strike) ? `${letter}${strikes.indexOf(strike) + 1}` : "", chain.leg(strike, side), view);
      }
    }
  }

  mark({ atm_strike: atm, max_pain: pain }) {
    if (atm === this.atm && pain === this.pain) return;
    for (const [strike, { line }] of this.lines.rows) {
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
    this.place.at(this.lines.get(atm)?.line ?? null, moved, this.pointed);
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
    if (!this.lines.get(strike) && this.chain?.strikes.includes(strike)) this.renew();
    const row = this.lines.get(strike);
    if (!row) return false;
    this.place.follows = false;
    this.place.into(row.line);
    this.touch(row.line);
    if (side) this.grid.go(row.one(side, key)?.cell ?? row.middle);
    return true;
  }

  renew() {
    this.picking.forget();
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
    this.picking.sort = sort;
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
    const [body] = this.table.tBodies;
    body.addEventListener("pointerenter", (event) => { this.pointed = event.pointerType === "mouse"; });
    body.addEventListener("pointerleave", () => {
      this.pointed = false;
      if (this.chain) this.show(this.chain, this.view);
    });
    this.place.onScroll = () => this.reach();
    // paper shows all of it
    addEventListener("beforeprint", () => this.reach({ from: 0, to: this.strikes.length - 1 }));
    addEventListener("afterprint", () => this.reach());
    new ResizeObserver(() => {
      const { compact } = this.fit;
      this.fit.measure();
      this.fit.apply();
      this.place.measure();
      this.reach();
      if (compact !== this.fit.compact) this.onCompact?.();
      if (this.place.follows && this.chain) this.centre();
    }).observe(this.scroller);
  }

  headed(heading, event) {
    if (!heading || !this.chain) return;
    event?.preventDefault();
    this.sortBy(heading.dataset.column, heading.dataset.side);
  }
}
