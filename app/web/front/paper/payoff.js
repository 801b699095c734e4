// The payoff: P&L over levels of the index, at expiry and now, with its break-evens and bounds.

import { DASH, integer, marketDate, price, signed } from "../core/format.js";
import { make } from "./make.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 170;
const EDGE = { left: 8, right: 8, top: 10, bottom: 20 };

export class PayoffChart {
  constructor() {
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("role", "img");
    this.title = make("h2", { textContent: "Payoff" });
    this.readout = make("span", { class: "readout" });
    this.facts = make("p", { class: "facts" });
    this.root = make("section", { class: "payoff", "aria-label": "Payoff" },
      make("div", { class: "caption" }, this.title, make("span", { class: "legend", textContent: "— at expiry  ┄ now" }), this.readout),
      this.svg, this.facts);
    this.outlook = null;
    new ResizeObserver(() => this.draw()).observe(this.svg);
    this.svg.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.show(null, "");
  }

  // null: nothing to draw, for the given reason
  show(outlook, what) {
    this.outlook = outlook;
    this.root.hidden = outlook === null;
    this.title.textContent = `Payoff of ${what}`;
    if (!outlook) return;
    this.facts.textContent = factsOf(outlook);
    this.svg.setAttribute("aria-label", `P&L of ${what} over levels of ${outlook.underlying}. ${this.facts.textContent}`);
    this.draw();
  }

  draw() {
    const { outlook } = this;
    const width = this.svg.clientWidth;
    if (!outlook || !width) return;
    const all = [...outlook.at_expiry, ...(outlook.now ?? []), 0];
    const { levels } = outlook;
    this.x = scale(levels[0], levels.at(-1), EDGE.left, width - EDGE.right);
    this.y = scale(Math.min(...all), Math.max(...all), HEIGHT - EDGE.bottom, EDGE.top);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const zero = this.y(0);
    const nodes = [
      element("line", { class: "zero", x1: EDGE.left, x2: width - EDGE.right, y1: zero, y2: zero }),
      this.upright("index", outlook.index),
      ...outlook.breakevens.filter((level) => level > levels[0] && level < levels.at(-1)).map((level) => this.upright("even", level)),
      element("path", { class: "expiry", d: this.path(outlook.at_expiry) }),
    ];
    if (outlook.now) nodes.push(element("path", { class: "now", d: this.path(outlook.now) }));
    for (const [level, anchor] of [[levels[0], "start"], [outlook.index, "middle"], [levels.at(-1), "end"]]) {
      nodes.push(element("text", { x: this.x(level), y: HEIGHT - 6, "text-anchor": anchor }, integer(level)));
    }
    this.cursor = this.upright("cursor", outlook.index);
    this.cursor.setAttribute("visibility", "hidden");
    this.svg.replaceChildren(...nodes, this.cursor);
  }

  upright(name, level) {
    const x = this.x(level);
    return element("line", { class: name, x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  }

  path(values) {
    return values.map((value, i) => `${i ? "L" : "M"}${this.x(this.outlook.levels[i]).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
  }

  point(at) {
    if (!this.outlook || !this.cursor) return;
    this.cursor.setAttribute("visibility", at === null ? "hidden" : "visible");
    if (at === null) return void (this.readout.textContent = "");
    const { levels, at_expiry: expiry, now } = this.outlook;
    const last = levels.length - 1;
    const share = (at - this.x(levels[0])) / (this.x(levels[last]) - this.x(levels[0]));
    const i = Math.max(0, Math.min(last, Math.round(share * last)));
    for (const name of ["x1", "x2"]) this.cursor.setAttribute(name, this.x(levels[i]));
    this.readout.textContent = `${integer(levels[i])}: ${signed(expiry[i])}, now ${signed(now?.[i])}`;
  }
}

function factsOf(outlook) {
  const { breakevens, most_gain: gain, most_loss: loss, margin_estimate: margin, charges } = outlook;
  const evens = breakevens.length ? breakevens.map((level) => price(level)).join(" and ") : "none";
  return [
    `Most gain ${outlook.gain_is_unlimited ? "unlimited" : signed(gain)}, most loss ${outlook.loss_is_unlimited ? "unlimited" : signed(loss)} INR`,
    `break-even ${evens}`,
    `nearest expiry ${marketDate(outlook.expiry)}`,
    `margin, an estimate: ${margin ? integer(margin.total) : DASH}`,
    ...(charges === null || charges === undefined ? [] : [`charges of the order, an estimate: ${price(charges)}`]),
    ...(outlook.now ? [] : ["its value now is unknown, as a volatility is"]),
  ].join("; ");
}

const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
