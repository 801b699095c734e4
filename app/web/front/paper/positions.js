// What is held: at the price of closing it, with greeks, both of the live chain; and closing it.

import { greeks } from "../chain/greeks.js";
import { set } from "../core/dom.js";
import { DASH, fixed, integer, istOf, marketDate, price, signed, signedQuantity, strike as strikeText } from "../core/format.js";
import { newKey, sentence } from "./desk.js";
import { make } from "./make.js";

const YEAR_MS = 365 * 24 * 3600 * 1000;
const GAMMA_DIGITS = 2;
const GREEKS = { delta: "Δ", gamma: "Γ", theta: "Θ", vega: "V" };

export class Positions {
  // `close(key, what)` closes one or all
  constructor({ page, say, close }) {
    this.page = page;
    this.say = say;
    this.close = close;
    this.lines = [];
    this.account = null;
    // buttons whose closing is under way
    this.busy = new Set();
    this.makeFrame();
  }

  makeFrame() {
    this.body = make("tbody");
    this.table = make("table", {},
      make("thead", {}, make("tr", {}, ...["Contract", "Lots", "Avg", "Exit", "MTM", "Close"].map((name) => make("th", { scope: "col", textContent: name })))),
      this.body);
    this.none = make("p", { class: "hint", textContent: "Nothing is open." });
    this.total = make("p", { class: "total" });
    this.risk = make("dl", { class: "risk" });
    this.all = make("button", { type: "button", textContent: "Close all…", onclick: () => this.confirm() });
    this.question = make("p", {});
    this.dialog = make("dialog", { "aria-label": "Close all positions" }, this.question,
      make("div", { class: "acts" },
        make("button", { type: "button", class: "primary", textContent: "Close them", onclick: () => this.answer(true) }),
        make("button", { type: "button", textContent: "Keep them", onclick: () => this.answer(false) })));
    this.root = make("section", { class: "positions", "aria-label": "Positions" },
      make("h2", { textContent: "Positions" }), this.none, this.table, this.total, this.risk, make("div", { class: "acts" }, this.all), this.dialog);
  }

  get keys() {
    return [...new Set((this.account?.positions ?? []).map(({ exchange }) => exchange))];
  }

  show(account) {
    this.account = account;
    const { positions } = account;
    this.lines = positions.map((held) => this.line(held));
    this.body.replaceChildren(...this.lines.map(({ row }) => row));
    const empty = positions.length === 0;
    this.none.hidden = !empty;
    for (const node of [this.table, this.risk, this.all]) node.hidden = empty;
    this.facts = account.risk.map(({ underlying }) => {
      const value = make("dd", {});
      return { underlying, name: make("dt", { textContent: underlying }), value };
    });
    this.risk.replaceChildren(...this.facts.flatMap(({ name, value }) => [name, value]));
    this.refresh();
  }

  line(held) {
    const name = `${strikeText(held.strike)} ${held.option_type}`;
    const cells = Object.fromEntries(["exit", "mtm"].map((key) => [key, make("td", { class: "figure" })]));
    const shut = make("button", { type: "button", class: "drop", textContent: "×", "aria-label": `Close ${name}`, onclick: () => this.shut(shut, { position_id: held.id }) });
    const row = make("tr", {},
      make("th", { scope: "row", title: held.symbol }, make("span", { class: held.option_type.toLowerCase(), textContent: name }), " ", make("small", { textContent: marketDate(held.expiry).slice(0, -5) })),
      make("td", { class: "figure", textContent: signedQuantity(held.lots), title: `${integer(held.units)} units, lots of ${held.lot_size}` }),
      make("td", { class: "figure", textContent: price(held.average_price) }),
      cells.exit, cells.mtm, make("td", {}, shut));
    return { row, cells, shut, held };
  }

  // the live leg of what is held; null where its chain is not here or has it no more
  leg({ exchange, strike, option_type: side, symbol }) {
    const leg = this.page.live(exchange)?.leg(strike, side) ?? null;
    return leg?.symbol === symbol ? leg : null;
  }

  // the chain knows it sooner than the account, which is asked for now and then
  isOver(held) {
    const { expires_at: dies, last_update: now } = (this.leg(held) && this.page.live(held.exchange).summary) ?? {};
    return held.has_expired || Boolean(dies && now && Date.parse(dies) <= Date.parse(now));
  }

  exit(held) {
    const leg = this.leg(held);
    // bid and ask are on their way where a chain came without
    if (leg?.best_bid === undefined) return held.exit_price;
    return (held.units > 0 ? leg.best_bid : leg.best_ask) || null;
  }

  mtm(held) {
    const exit = this.exit(held);
    return exit === null ? null : (exit - held.average_price) * held.units;
  }

  refresh() {
    if (!this.account) return;
    let total = 0;
    this.allow();
    for (const { cells, held } of this.lines) {
      const mtm = this.mtm(held);
      const isOver = this.isOver(held);
      set(cells.exit, "textContent", isOver ? "settles" : price(this.exit(held)));
      set(cells.exit, "title", isOver ? "Expired: waits for the close of its index" : "");
      set(cells.mtm, "textContent", signed(mtm));
      set(cells.mtm, "className", tone(mtm));
      total = total === null || mtm === null ? null : total + mtm;
    }
    const { realised_today: realised, at, days } = this.account;
    const cost = days?.find(({ day }) => day === at.slice(0, 10))?.charges;
    const less = cost === undefined ? "" : `, before charges of about ${price(cost)}`;
    set(this.total, "textContent", `MTM ${signed(total)} · realised ${saysDay(at, this.page.clock)} ${signed(realised)} INR${less}`);
    this.showRisk();
  }

  // beside a past moment nothing is traded: it would be at prices that are not in sight
  allow() {
    const past = Boolean(this.page.moment);
    for (const button of [this.all, ...this.lines.map(({ shut }) => shut)]) {
      set(button, "disabled", past || this.busy.has(button));
      set(button, "title", past ? "This is a past moment: go back to the present to trade" : "");
    }
  }

  showRisk() {
    for (const { underlying, value } of this.facts) {
      const told = this.account.risk.find((one) => one.underlying === underlying);
      const live = this.greeksOf(underlying) ?? told;
      const figures = Object.entries(GREEKS).map(([name, sign]) => `${sign} ${write(name, live[name])}`);
      const margin = told.margin_estimate;
      set(value, "textContent", `${figures.join("  ")} · margin, an estimate: ${margin ? integer(margin.total) : DASH}`);
    }
  }

  // sums over the positions on an underlying, by the live chain; null unless all are known there. What
  // has expired has none any more, whatever was told of it before
  greeksOf(underlying) {
    const sums = { delta: 0, gamma: 0, theta: 0, vega: 0 };
    for (const { held } of this.lines) {
      const summary = this.page.live(held.exchange)?.summary;
      const leg = this.leg(held);
      if (summary && summary.underlying_symbol !== underlying) continue;
      if (this.isOver(held)) return {};
      if (!leg || leg.iv_forward === null || summary.forward === null || !summary.expires_at) return null;
      const years = (Date.parse(summary.expires_at) - Date.parse(summary.last_update)) / YEAR_MS;
      const one = greeks(leg.side === "CE", summary.forward, leg.strike, years, leg.iv_forward / 100, 0);
      if (!one) return null;
      for (const name of Object.keys(sums)) sums[name] += one[name] * held.units;
    }
    return sums;
  }

  confirm() {
    const { length } = this.lines;
    this.question.textContent = `Close ${length === 1 ? "the one position" : `all ${length} positions`} at the bid or ask of now?`;
    this.key = newKey();
    this.dialog.showModal();
  }

  answer(agreed) {
    this.dialog.close();
    if (agreed) this.shut(this.all, { all: true }, this.key);
  }

  async shut(button, what, key = newKey()) {
    this.busy.add(button);
    this.allow();
    try {
      await this.close(key, what);
    } catch (refusal) {
      this.say(sentence(refusal));
    } finally {
      this.busy.delete(button);
      this.allow();
    }
  }
}

// a day that is replayed is not today
const saysDay = (at, { nowMs }) => (at.slice(0, 10) === istOf(nowMs).slice(0, 10) ? "today" : `on ${marketDate(at)}`);
const tone = (value) => `figure${value > 0 ? " gain" : ""}${value < 0 ? " loss" : ""}`;
const write = (name, value) => (name === "gamma" ? fixed(value, GAMMA_DIGITS) : signed(value ?? null));
