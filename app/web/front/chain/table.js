// The chain table: which rows stand in it, what marks them, and where it is scrolled to.

import { COLUMNS, column } from "./cells.js";
import { Fit } from "./fit.js";
import { integer, quantity, lots as lotsOf, ratio } from "../core/format.js";
import { Grid } from "./grid.js";
import { set } from "../core/dom.js";
import { Row } from "./rows.js";

const ROOM_PX = 60;

export class ChainTable {
  constructor({ table, scroller, centreButton, explanation }) {
    Object.assign(this, { table, scroller, centreButton, explanation });
    this.body = table.tBodies[0];
    this.rows = new Map();
    this.strikes = [];
    this.follows = true;
    this.pointed = false;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.fit = new Fit(table, scroller);
    this.grid = new Grid(table, explanation, (cell) => () => this.says(cell));
    this.note = (key, text) => this.fit.note(key, text);
    this.makeFrame();
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

  // one <col>, heading and total a column
  makeFrame() {
    const group = document.createElement("colgroup");
    const headings = document.createElement("tr");
    const totals = this.table.tFoot.rows[0];
    const add = (key, side) => {
      const name = side ? `${side.toLowerCase()} ${key}` : key;
      const col = document.createElement("col");
      const heading = document.createElement("th");
      heading.scope = "col";
      const total = totals.insertCell();
      for (const node of [col, heading, total]) {
        node.className = name;
        node.dataset.column = key;
        if (side) node.dataset.side = side;
      }
      col.dataset.key = key;
      heading.textContent = side ? column(key).head() : "STRIKE";
      this.fit.note(key, heading.textContent);
      group.append(col);
      headings.append(heading);
      return total;
    };
    const calls = COLUMNS.CE.map((one) => [one.key, add(one.key, "CE")]);
    const middle = add("strike");
    const puts = COLUMNS.PE.map((one) => [one.key, add(one.key, "PE")]);
    this.totals = { CE: Object.fromEntries(calls), PE: Object.fromEntries(puts), middle };
    this.table.prepend(group);
    this.table.tHead.append(headings);
    this.fit.settle();
  }

  show(chain, view) {
    const anew = chain !== this.chain || view !== this.view;
    const other = chain !== this.chain;
    if (anew) this.fit.forget();
    this.chain = chain;
    this.view = view;
    if (anew) this.head();
    const strikes = this.wanted(other);
    if (strikes.join() !== this.strikes.join() || other) this.build(strikes, other);
    const seen = anew || this.calm.matches || document.hidden ? null : this.visible();
    const most = this.mostOi(strikes);
    strikes.forEach((strike, i) => {
      const row = this.rows.get(strike);
      if (anew) this.note("strike", row.middle.textContent);
      const how = { most, anew, fades: seen !== null && i >= seen.from && i <= seen.to };
      for (const side of ["CE", "PE"]) row.show(side, chain.leg(strike, side), view, how);
    });
    this.sum(chain.summary);
    if (this.fit.due) this.fit.apply();
    this.mark(chain.summary, other);
    this.explanation.refresh();
  }

  // headings say the unit
  head() {
    for (const heading of this.table.tHead.rows[1].cells) {
      const { column: key, side } = heading.dataset;
      if (!side) continue;
      set(heading, "textContent", column(key).head(this.view));
      set(heading, "title", column(key).headSays(this.view));
      this.fit.note(key, heading.textContent);
    }
  }

  // no chain to show: nothing of another one stays
  clear() {
    this.chain = null;
    this.atm = undefined;
    this.strikes = [];
    this.rows.clear();
    this.body.replaceChildren();
    this.centreButton.hidden = true;
    for (const cell of this.table.tFoot.rows[0].cells) cell.textContent = "";
    this.explanation.refresh();
  }

  // Rows do not move under a still pointer: while it rests on them a narrow range stays as it is.
  wanted(other) {
    const strikes = this.chain.around(this.view.count);
    const held = this.pointed && !other && this.count === this.view.count
      && this.strikes.every((strike) => this.chain.leg(strike, "CE") || this.chain.leg(strike, "PE"));
    if (held && this.view.count) return this.strikes;
    this.count = this.view.count;
    return strikes;
  }

  // rows that stay are the same ones
  build(strikes, other) {
    const hadFocus = this.grid.focused;
    if (other) this.rows.clear();
    const kept = new Map();
    for (const strike of strikes) kept.set(strike, this.rows.get(strike) ?? new Row(strike, this.note));
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
    if (other) this.follows = true;
  }

  mostOi(strikes) {
    let most = 1;
    for (const strike of strikes) {
      most = Math.max(most, this.chain.leg(strike, "CE")?.oi ?? 0, this.chain.leg(strike, "PE")?.oi ?? 0);
    }
    return most;
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
    if (moved && this.follows && !this.pointed) this.centre();
    else this.offerCentre();
  }

  sum(summary) {
    const { lots } = this.view;
    const of = (units) => (lots ? integer(lotsOf(units, lots)) : quantity(units));
    const put = (cell, key, text) => {
      set(cell, "textContent", text);
      this.fit.note(key, text);
    };
    for (const side of ["CE", "PE"]) {
      const name = side.toLowerCase();
      put(this.totals[side].oi, "oi", of(summary[`total_oi_${name}`]));
      put(this.totals[side].volume, "volume", of(summary[`total_volume_${name}`]));
    }
    put(this.totals.middle, "strike", `PCR ${ratio(summary.pcr)}`);
  }

  visible() {
    const height = this.body.rows[0]?.offsetHeight || 24;
    const from = Math.floor(this.scroller.scrollTop / height) - 1;
    return { from, to: from + Math.ceil(this.scroller.clientHeight / height) + 1 };
  }

  centre() {
    const atm = this.chain?.summary.atm_strike ?? null;
    if (atm === null) return;
    if (!this.rows.has(atm) && this.chain.strikes.includes(atm)) this.release();
    const line = this.rows.get(atm)?.line;
    if (!line) return;
    const head = this.table.tHead.offsetHeight;
    const foot = this.table.tFoot.offsetHeight;
    const room = this.scroller.clientHeight - head - foot;
    this.scroller.scrollTop = line.offsetTop - head - (room - line.offsetHeight) / 2;
    this.follows = true;
    this.offerCentre();
  }

  // the trader asks for the rows of now, wherever the pointer is
  release() {
    this.count = undefined;
    this.show(this.chain, this.view);
  }

  offerCentre() {
    const line = this.rows.get(this.atm)?.line;
    const off = line ? line.offsetTop - this.scroller.scrollTop : 0;
    const inside = line && off > this.table.tHead.offsetHeight && off < this.scroller.clientHeight - ROOM_PX;
    this.centreButton.hidden = !this.chain || this.atm === null || Boolean(this.follows && inside);
  }

  listen() {
    const own = () => {
      this.follows = false;
      requestAnimationFrame(() => this.offerCentre());
    };
    for (const name of ["wheel", "touchmove", "pointerdown"]) this.scroller.addEventListener(name, own, { passive: true });
    this.scroller.addEventListener("keydown", (event) => /^(Arrow|Page|Home|End)/.test(event.key) && own());
    this.scroller.addEventListener("scroll", () => this.offerCentre(), { passive: true });
    this.centreButton.addEventListener("click", () => this.centre());
    this.body.addEventListener("pointerenter", (event) => { this.pointed = event.pointerType === "mouse"; });
    this.body.addEventListener("pointerleave", () => {
      this.pointed = false;
      if (this.chain) this.show(this.chain, this.view);
    });
    new ResizeObserver(() => {
      const { compact } = this.fit;
      this.fit.apply();
      if (compact !== this.fit.compact) this.onCompact?.();
      if (this.follows && this.chain) this.centre();
    }).observe(this.scroller);
  }

  says(cell) {
    const { column: key, side } = cell.dataset;
    if (!this.chain || !this.view) return "";
    if (cell.closest("thead")) return side ? column(key).headSays(this.view) : "Strike, in points of the index";
    if (cell.closest("tfoot")) return this.saysTotal(key, side);
    const strike = Number(cell.parentElement.dataset.strike);
    const row = this.rows.get(strike);
    // its row has gone since it was pointed at
    if (!row) return "";
    if (!side) return this.saysStrike(strike);
    const leg = row?.legs[side];
    const what = leg ? column(key).says(leg, this.view) : "this strike has no such contract in the chain";
    return `${row.middle.textContent} ${side}: ${what}`;
  }

  saysStrike(strike) {
    const { atm_strike: atm, max_pain: pain } = this.chain.summary;
    const what = [
      strike === atm && "at the money: the strike nearest to the index, or to the forward while the index stands still",
      strike === pain && "max pain: option buyers would receive least here",
    ].filter(Boolean);
    return `Strike ${this.rows.get(strike).middle.textContent}${what.length ? `, ${what.join("; ")}` : ""}`;
  }

  saysTotal(key, side) {
    const { summary, strikes } = this.chain;
    const name = side?.toLowerCase();
    if (!side) return `Put open interest / call open interest over all ${strikes.length} strikes`;
    const word = side === "CE" ? "calls" : "puts";
    if (key === "oi") return `All ${word}: open interest ${integer(summary[`total_oi_${name}`])} units`;
    return key === "volume" ? `All ${word}: volume ${integer(summary[`total_volume_${name}`])} units` : "";
  }
}
