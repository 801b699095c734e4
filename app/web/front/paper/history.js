// What was done: P&L by day, and the last orders with the reason of each fill.

import { clockOf, integer, marketClock, marketWeekday, price, signed } from "../core/format.js";
import { make } from "./make.js";

const KINDS = { order: "Order", close: "Close", settlement: "Expiry" };

export class History {
  constructor() {
    this.days = make("tbody");
    this.orders = make("ol", { class: "orders" });
    const head = make("thead", {}, make("tr", {}, ...["Day", "Fills", "Realised"].map((name) => make("th", { scope: "col", textContent: name }))));
    this.root = make("section", { class: "history", "aria-label": "What was done" },
      make("details", { open: true }, make("summary", { textContent: "P&L by day" }), make("table", {}, head, this.days)),
      make("details", {}, make("summary", { textContent: "Last orders" }), this.orders));
  }

  show({ days, orders }) {
    this.days.replaceChildren(...days.map(({ day, fills, realised }) => make("tr", {},
      make("th", { scope: "row", textContent: marketWeekday(day) }),
      make("td", { class: "figure", textContent: integer(fills) }),
      make("td", { class: `figure${realised > 0 ? " gain" : ""}${realised < 0 ? " loss" : ""}`, textContent: signed(realised) }))));
    this.orders.replaceChildren(...orders.map((order) => make("li", {},
      make("p", { class: "when", textContent: `${KINDS[order.kind] ?? order.kind} at ${clockOf(Date.parse(order.placed_at))} IST` }),
      ...order.fills.map((fill) => make("p", {
        textContent: `${fill.side === "B" ? "+" : "−"}${integer(fill.lots)} ${fill.symbol}: ${fill.reason}`,
        title: `${price(fill.price)} at ${marketClock(fill.at)} of the market`,
      })))));
  }
}
