// The order that is being put together: legs, presets, what it would cost, and the way to place it.

import { set } from "../core/dom.js";
import { DASH, price, strike as strikeText } from "../core/format.js";
import { keepUnfinished, unfinished } from "../core/unfinished.js";
import { newKey, sentence } from "./desk.js";
import { make } from "./make.js";
import { PRESETS, structure } from "./presets.js";

const MOST_LOTS_DIGITS = 4;

export class Ticket {
  // `changed()` hears of other legs; `place(key, legs, rests)` ends when the order was taken
  constructor({ page, limits, say, changed, place }) {
    this.page = page;
    this.limits = limits;
    this.say = say;
    this.changed = changed;
    this.place = place;
    this.legs = [];
    this.lines = [];
    this.makeFrame();
    this.restore();
  }

  // what was begun before the page was loaded anew, with its key: it may have been sent already
  restore() {
    const begun = unfinished(this.page.owner.user, "ticket");
    this.legs = begun?.legs ?? [];
    this.how.value = begun?.how ?? "market";
    this.build(begun?.key);
  }

  // another order than before: another key
  renew(key = newKey()) {
    this.key = key;
    keepUnfinished(this.page.owner.user, "ticket", this.legs.length ? { legs: this.legs, how: this.how.value, key } : null);
  }

  makeFrame() {
    this.body = make("tbody");
    this.table = make("table", { class: "legs" },
      make("thead", {}, make("tr", {}, ...["Side", "Contract", "Lots", "Price", "Drop"].map((name) => make("th", { scope: "col", textContent: name })))),
      this.body);
    this.none = make("p", { class: "hint", textContent: "Click a price in the chain, or press b or s on a contract, to buy or sell it on paper." });
    this.preset = make("select", { "aria-label": "Structure around the money" }, ...PRESETS.map((name) => make("option", { textContent: name })));
    this.width = make("input", { type: "number", min: "1", max: "50", value: "4", class: "width", "aria-label": "Width in strikes" });
    this.sum = make("p", { class: "sum" });
    this.how = make("select", { "aria-label": "At which price", onchange: () => this.build() },
      make("option", { value: "market", textContent: "at market" }), make("option", { value: "limit", textContent: "at limit" }));
    this.send = make("button", { type: "button", class: "primary", textContent: "Place order", onclick: () => this.submit() });
    this.drop = make("button", { type: "button", textContent: "Clear", onclick: () => this.clear() });
    this.root = make("section", { class: "ticket", "aria-label": "Ticket" },
      make("h2", { textContent: "Ticket" }),
      make("div", { class: "presets" }, this.preset, this.width, make("button", { type: "button", textContent: "Build", onclick: () => this.buildPreset() })),
      this.none, this.table, this.sum,
      make("div", { class: "acts" }, this.how, this.send, this.drop));
  }

  buildPreset() {
    const chain = this.page.live(this.page.exchange);
    const width = Math.max(1, Math.round(Number(this.width.value)) || 1);
    const legs = chain ? structure(this.preset.value, chain, width) : "There is no chain here yet.";
    if (typeof legs === "string") return this.say(legs);
    this.legs = legs;
    this.say(`Ticket: ${this.preset.value}, ${legs.length} legs.`);
    this.build();
  }

  // one more lot of a contract; on the other side it changes sides
  add({ exchange, strike, side, symbol, act }) {
    const leg = this.page.live(exchange)?.leg(strike, side);
    // what is shown may be of another expiry than the one that is followed
    if (!leg || leg.symbol !== symbol) return this.say("That contract is not in the live chain: it cannot be traded here.");
    const known = this.legs.find((one) => one.exchange === exchange && one.symbol === leg.symbol);
    if (known && known.act === act) known.lots = Math.min(known.lots + 1, this.limits.paper_most_lots);
    else if (known) known.act = act;
    else if (this.legs.length >= this.limits.paper_most_legs) return this.say(`An order has at most ${this.limits.paper_most_legs} legs.`);
    else this.legs.push({ exchange, strike, side, symbol: leg.symbol, act, lots: 1 });
    const { lots } = this.legs.find((one) => one.symbol === leg.symbol);
    this.say(`Ticket: ${act === "B" ? "buy" : "sell"} ${lots} × ${strikeText(strike)} ${side}.`);
    this.build();
  }

  clear() {
    this.legs = [];
    this.build();
  }

  build(key) {
    this.renew(key);
    this.lines = this.legs.map((leg) => this.line(leg));
    this.body.replaceChildren(...this.lines.map(({ row }) => row));
    const empty = this.legs.length === 0;
    this.none.hidden = !empty;
    for (const node of [this.table, this.sum, this.how, this.send, this.drop]) node.hidden = empty;
    this.refresh();
    this.changed();
  }

  line(leg) {
    const name = `${strikeText(leg.strike)} ${leg.side}`;
    const label = () => (leg.act === "B" ? "Buy" : "Sell");
    const flip = make("button", { type: "button", class: `side ${leg.act}`, textContent: label(), title: "Press for the other side", onclick: () => {
      leg.act = leg.act === "B" ? "S" : "B";
      leg.limit = null;
      this.build();
      this.lines[this.legs.indexOf(leg)].flip.focus();
    } });
    const lots = make("input", { type: "number", min: "1", max: String(this.limits.paper_most_lots), value: String(leg.lots), "aria-label": `Lots of ${name}`, onchange: () => this.resize(leg, lots) });
    const drop = make("button", { type: "button", class: "drop", textContent: "×", "aria-label": `Drop ${name}`, onclick: () => {
      this.legs.splice(this.legs.indexOf(leg), 1);
      this.build();
    } });
    const quote = make("span", {});
    const limit = this.atLimit ? this.limitOf(leg, name) : null;
    const row = make("tr", {},
      make("td", {}, flip),
      make("th", { scope: "row" }, make("span", { class: leg.side.toLowerCase(), textContent: name }), " ", make("small", { textContent: leg.exchange })),
      make("td", {}, lots), make("td", { class: "figure" }, quote, limit), make("td", {}, drop));
    return { row, flip, quote, limit, leg };
  }

  get atLimit() {
    return this.how.value === "limit";
  }

  // at first the price of now, which a page that showed no bid and ask so far has a moment later
  limitOf(leg, name) {
    leg.limit ??= this.priceOf(leg);
    leg.isAwaited = leg.limit === null;
    return make("input", { type: "number", min: "0.05", step: "0.05", value: leg.limit === null ? "" : leg.limit.toFixed(2), "aria-label": `Limit of ${name}`, onchange: ({ target }) => {
      leg.limit = target.value === "" ? null : Number(target.value);
      leg.isAwaited = false;
      this.renew();
    } });
  }

  resize(leg, input) {
    const asked = Math.round(Number(input.value.slice(0, MOST_LOTS_DIGITS + 1)));
    leg.lots = Math.min(Math.max(asked || 1, 1), this.limits.paper_most_lots);
    input.value = String(leg.lots);
    this.renew();
    this.refresh();
    this.changed();
  }

  priceOf({ exchange, strike, side, act }) {
    const leg = this.page.live(exchange)?.leg(strike, side);
    return (act === "B" ? leg?.best_ask : leg?.best_bid) ?? null;
  }

  // figures alone: called at each message of the chain
  refresh() {
    let net = 0;
    for (const { quote, limit, leg } of this.lines) {
      const now = this.priceOf(leg);
      if (limit && leg.isAwaited && now !== null && document.activeElement !== limit) {
        leg.limit = now;
        leg.isAwaited = false;
        limit.value = now.toFixed(2);
      }
      const lot = this.page.live(leg.exchange)?.summary.lot_size ?? null;
      set(quote, "textContent", `${leg.act === "B" ? "ask" : "bid"} ${price(now)}`);
      net = net === null || now === null || lot === null ? null : net + now * lot * leg.lots * (leg.act === "B" ? -1 : 1);
    }
    const words = net !== null && net < 0 ? "to pay" : "to receive";
    set(this.sum, "textContent", net === null ? `Premium ${DASH}: not all legs are quoted` : `Premium ${words} ${price(Math.abs(net))} INR`);
    const past = Boolean(this.page.moment);
    set(this.send, "disabled", past || this.busy === true);
    set(this.send, "title", past ? "This is a past moment: go back to the present to trade" : "");
  }

  async submit() {
    if (this.busy || this.legs.length === 0) return;
    this.busy = true;
    this.refresh();
    const { atLimit } = this;
    const legs = this.legs.map(({ exchange, symbol, act, lots, limit }) => ({ exchange, symbol, side: act, lots, limit: atLimit ? limit : null }));
    try {
      await this.place(this.key, legs, atLimit);
      this.clear();
    } catch (refusal) {
      this.say(sentence(refusal));
    } finally {
      this.busy = false;
      this.refresh();
    }
  }
}
