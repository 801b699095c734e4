// The chain table. Rows are made once for a set of strikes; afterwards only cells that differ change.

import { COLUMNS } from "./cells.js";
import { DASH, integer, quantity, ratio, strike as strikeText } from "./format.js";

const ROW_PX = () => document.querySelector("#rows tr")?.offsetHeight || 24;
const FADE_MS = 1000;

export class ChainTable {
  constructor({ table, body, totals, scroller, centreButton }) {
    Object.assign(this, { table, body, totals, scroller, centreButton });
    this.rows = new Map();
    this.view = { lots: 0, lotSize: 1, absolute: false, count: 0 };
    this.follows = true;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.makeTotals();
    this.listen();
  }

  show(chain, view) {
    const fresh = chain !== this.chain || view !== this.view;
    this.chain = chain;
    this.view = view;
    const strikes = chain.around(view.count);
    const key = `${chain.exchange}:${strikes.join()}`;
    if (key !== this.key) this.build(strikes, key);
    const most = Math.max(1, ...strikes.flatMap((s) => [chain.leg(s, "CE")?.latest_oi ?? 0, chain.leg(s, "PE")?.latest_oi ?? 0]));
    const seen = fresh || this.calm.matches || document.hidden ? null : this.visible();
    strikes.forEach((strike, i) => {
      const row = this.rows.get(strike);
      const flash = seen !== null && i >= seen.from && i <= seen.to;
      this.leg(row, "CE", chain.leg(strike, "CE"), most, flash, fresh);
      this.leg(row, "PE", chain.leg(strike, "PE"), most, flash, fresh);
    });
    this.mark(chain.summary);
    this.sum(chain.summary);
  }

  build(strikes, key) {
    this.key = key;
    this.rows.clear();
    this.atm = undefined;
    const lines = strikes.map((strike) => {
      const line = document.createElement("tr");
      const row = { line, strike, CE: this.cells("CE", line), PE: null, bars: {} };
      const middle = line.insertCell();
      middle.className = "strike";
      middle.textContent = strikeText(strike);
      row.PE = this.cells("PE", line);
      this.rows.set(strike, row);
      line.dataset.strike = strike;
      return line;
    });
    this.body.replaceChildren(...lines);
    this.follows = true;
  }

  cells(side, line) {
    return COLUMNS[side].map((column) => {
      const cell = line.insertCell();
      const base = `${side.toLowerCase()} ${column.key}`;
      cell.className = base;
      cell.dataset.column = column.key;
      cell.dataset.side = side;
      const text = document.createTextNode("");
      cell.append(text);
      return { cell, text, base, column, value: undefined, shown: null };
    });
  }

  leg(row, side, leg, most, flash, fresh) {
    if (leg !== row[`leg${side}`] || fresh) {
      row[`leg${side}`] = leg;
      for (const one of row[side]) this.cell(one, leg, flash);
    }
    const width = leg?.latest_oi ? (leg.latest_oi / most).toFixed(3) : "0";
    if (row.bars[side] !== width) {
      row.bars[side] = width;
      row[side].find((one) => one.column.key === "oi").cell.style.setProperty("--w", width);
    }
  }

  cell(one, leg, flash) {
    const { column } = one;
    const shown = leg === null ? DASH : column.text(leg, this.view);
    const value = leg === null ? null : column.value(leg);
    const tint = shown === DASH ? " unknown" : (leg && column.tint?.(leg)) || "";
    const name = one.base + tint;
    if (one.cell.className !== name) one.cell.className = name;
    if (one.shown === shown) return;
    if (flash && one.shown !== null && column.flash) this.fade(one, value);
    one.shown = shown;
    one.value = value;
    one.text.nodeValue = shown;
  }

  fade(one, value) {
    let tint = "--flash";
    if (one.column.flash === "direction" && value !== null && one.value !== null) {
      tint = value > one.value ? "--up-flash" : "--down-flash";
    }
    one.cell.animate([{ backgroundColor: `var(${tint})` }, {}], { duration: FADE_MS, easing: "ease-out" });
  }

  mark(summary) {
    const { atm_strike: atm, max_pain: pain } = summary;
    if (atm === this.atm && pain === this.pain) return;
    for (const [strike, { line }] of this.rows) {
      const classes = [];
      if (atm !== null && strike < atm) classes.push("below");
      if (atm !== null && strike > atm) classes.push("above");
      if (strike === atm) classes.push("atm");
      if (strike === pain) classes.push("max-pain");
      const name = classes.join(" ");
      if (line.className !== name) line.className = name;
    }
    const moved = atm !== this.atm;
    this.atm = atm;
    this.pain = pain;
    // nothing moves under the pointer
    if (moved && this.follows && !this.scroller.matches(":hover:has(tr:hover)")) this.centre();
    this.offerCentre();
  }

  makeTotals() {
    const add = (name) => {
      const cell = this.totals.insertCell();
      cell.className = name;
      return cell;
    };
    const calls = COLUMNS.CE.map((column) => add(`ce ${column.key}`));
    const middle = add("strike");
    const puts = COLUMNS.PE.map((column) => add(`pe ${column.key}`));
    const of = (cells, key) => cells.find((cell) => cell.classList.contains(key));
    this.totalCells = { ce: of(calls, "oi"), pe: of(puts, "oi"), volumeCe: of(calls, "volume"), volumePe: of(puts, "volume"), middle };
  }

  sum(summary) {
    const put = (cell, text, title) => {
      if (cell.textContent !== text) cell.textContent = text;
      cell.title = title;
    };
    const lots = this.view.lots;
    const oi = (value) => (value !== null && lots ? integer(Math.round(value / lots)) : quantity(value));
    put(this.totalCells.ce, oi(summary.total_oi_ce), `All calls: OI ${integer(summary.total_oi_ce)}`);
    put(this.totalCells.pe, oi(summary.total_oi_pe), `All puts: OI ${integer(summary.total_oi_pe)}`);
    put(this.totalCells.volumeCe, quantity(summary.total_volume_ce), "All calls: volume");
    put(this.totalCells.volumePe, quantity(summary.total_volume_pe), "All puts: volume");
    put(this.totalCells.middle, `PCR ${ratio(summary.pcr)}`, "Full chain");
  }

  visible() {
    const height = ROW_PX();
    const from = Math.floor(this.scroller.scrollTop / height) - 1;
    return { from, to: from + Math.ceil(this.scroller.clientHeight / height) + 1 };
  }

  centre() {
    const line = this.rows.get(this.atm)?.line;
    if (!line) return;
    const head = this.table.tHead.offsetHeight;
    const foot = this.table.tFoot.offsetHeight;
    const room = this.scroller.clientHeight - head - foot;
    this.scroller.scrollTop = line.offsetTop - head - (room - line.offsetHeight) / 2;
    this.follows = true;
    this.offerCentre();
  }

  offerCentre() {
    const line = this.rows.get(this.atm)?.line;
    const off = line ? line.offsetTop - this.scroller.scrollTop : 0;
    const inside = off > this.table.tHead.offsetHeight && off < this.scroller.clientHeight - 60;
    this.centreButton.hidden = !line || (this.follows && inside);
  }

  listen() {
    const own = () => {
      this.follows = false;
      requestAnimationFrame(() => this.offerCentre());
    };
    for (const name of ["wheel", "touchmove", "pointerdown"]) this.scroller.addEventListener(name, own, { passive: true });
    this.scroller.addEventListener("keydown", (event) => {
      if (["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "].includes(event.key)) own();
    });
    this.scroller.addEventListener("scroll", () => this.offerCentre(), { passive: true });
    this.centreButton.addEventListener("click", () => this.centre());
    new ResizeObserver(() => this.follows && this.centre()).observe(this.scroller);
    this.body.addEventListener("mouseover", (event) => this.explain(event.target.closest("td")));
  }

  explain(cell) {
    const { column: key, side } = cell?.dataset ?? {};
    if (cell?.classList.contains("strike")) {
      cell.title = cell.parentElement.classList.contains("max-pain") ? "Max pain: option buyers would receive least here" : "";
    }
    if (!key) return;
    const row = this.rows.get(Number(cell.parentElement.dataset.strike));
    const leg = row?.[`leg${side}`];
    const column = COLUMNS[side].find((one) => one.key === key);
    cell.title = leg ? column.says(leg, this.view) : "This strike has no such contract in the chain";
  }
}
