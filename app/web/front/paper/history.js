// What was done: P&L by day, and the last orders with the reason of each fill.

import { integer, istOf, marketMoment, marketWeekday, price, signed } from "../core/format.js";
import { make } from "./make.js";

const KINDS = { order: "Order", close: "Close", settlement: "Expiry" };

const COLUMNS = [
  ["Day", "A day of the market"],
  ["Fills", "Legs that were filled"],
  ["Realised", "By what was closed, against its average price"],
  ["Open", "By what stood open at the day's end, at the price of closing it then; of the present day now"],
  ["P&L", "Realised, and by how much the open P&L rose since the day before; before charges"],
  ["Charges", "An estimate: brokerage of 20 INR an order, securities transaction tax, fees of exchange and regulator, stamp duty, and tax on services, at the rates of the day"],
  ["Net", "P&L less charges"],
];

export class History {
  // `cancel(id)` ends an order that rests
  constructor(cancel) {
    this.cancel = cancel;
    this.waiting = make("ul", { class: "orders" });
    this.resting = make("div", { hidden: true }, make("h2", { textContent: "Resting orders" }), this.waiting);
    this.days = make("tbody");
    this.none = make("p", { class: "hint", textContent: "Nothing was dealt yet." });
    this.orders = make("ol", { class: "orders" });
    const head = make("thead", {}, make("tr", {}, ...COLUMNS.map(([name, title]) => make("th", { scope: "col", textContent: name, title }))));
    this.table = make("table", {}, head, this.days);
    this.root = make("section", { class: "history", "aria-label": "Orders and days" }, this.resting,
      make("details", { open: true }, make("summary", { textContent: "P&L by day" }), this.none, this.table),
      make("details", {}, make("summary", { textContent: "Last orders" }), this.orders));
  }

  show({ days, orders, resting }) {
    this.resting.hidden = resting.length === 0;
    this.waiting.replaceChildren(...resting.map((order) => this.line(order)));
    this.none.hidden = days.length > 0;
    this.table.hidden = days.length === 0;
    this.days.replaceChildren(...days.map(({ day, fills, realised, open, total, charges, net }) => make("tr", {},
      make("th", { scope: "row", textContent: marketWeekday(day) }),
      make("td", { class: "figure", textContent: integer(fills) }),
      ...[realised, open, total].map((sum) => make("td", { class: `figure${tone(sum)}`, textContent: signed(sum) })),
      make("td", { class: "figure", textContent: price(charges) }),
      make("td", { class: `figure${tone(net)}`, textContent: signed(net) }))));
    this.orders.replaceChildren(...orders.map((order) => make("li", {},
      make("p", { class: "when", textContent: `${KINDS[order.kind] ?? order.kind} of ${marketMoment(istOf(Date.parse(order.placed_at)))} IST, ${order.status}` }),
      ...order.fills.map((fill) => make("p", {
        textContent: `${fill.side === "B" ? "+" : "−"}${integer(fill.lots)} ${fill.symbol}: ${fill.reason}`,
        title: `${price(fill.price)} at ${marketMoment(fill.at)} of the market`,
      })))));
  }

  line({ id, ends, legs }) {
    const words = legs.map(({ side, lots, symbol, limit }) => `${side === "B" ? "+" : "−"}${integer(lots)} ${symbol} at ${price(limit)}`);
    return make("li", {},
      make("span", { textContent: `${words.join(", ")}, until ${marketMoment(ends)}` }), " ",
      make("button", { type: "button", textContent: "Cancel", "aria-label": `Cancel ${words.join(", ")}`, onclick: () => this.cancel(id) }));
  }
}

const tone = (sum) => (sum > 0 ? " gain" : sum < 0 ? " loss" : "");
