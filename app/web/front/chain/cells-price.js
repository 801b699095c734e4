// Columns of prices, the order book and volatility.

import * as format from "../core/format.js";
import { CONVENTIONS, NO_FORWARD } from "../core/volatility.js";

// a price has moved when it left what one trade at bid or ask makes of it
const MOVED_TICKS = 0.1;
const MOVED_SHARE = 0.005;

// how the difference to a pinned moment is written
const cents = (change) => format.signed(change);
const tenths = (change) => format.percent(change);
const units = (change) => format.signedQuantity(change);

const ivOf = (leg, view) => leg[CONVENTIONS[view.iv].leg] ?? null;
const noIv = (view) => (view.iv === "forward" && !view.hasForward
  ? `IV unknown: ${NO_FORWARD}`
  : "IV unknown: no volatility explains this price, which lies below what exercise is worth, or there was no trade");

export const iv = {
  key: "iv",
  name: "Implied volatility",
  head: () => "IV",
  headSays: (view) => `Implied volatility, %, ${CONVENTIONS[view.iv].on}`,
  value: ivOf,
  differs: tenths,
  text: (leg, view) => format.decimal(ivOf(leg, view)),
  says: (leg, view) => (ivOf(leg, view) === null ? noIv(view) : `IV ${format.decimal(ivOf(leg, view))} % ${CONVENTIONS[view.iv].on}`),
};

// bid and ask are on their way where a chain came without
const isHere = (leg) => leg.best_bid !== undefined;
const saysQuotes = (leg) => (isHere(leg)
  ? `, bid ${format.price(leg.best_bid)} × ${format.integer(leg.bid_quantity)}, ask ${format.price(leg.best_ask)} × ${format.integer(leg.ask_quantity)}`
  : "");

export const ltp = {
  key: "ltp",
  name: "Last traded price",
  head: () => "LTP",
  headSays: () => "Last traded price",
  directed: true,
  moved: (before, now) => before === null || now === null
    || Math.abs(now - before) > Math.max(MOVED_TICKS, MOVED_SHARE * before),
  value: (leg) => leg.ltp,
  differs: cents,
  text: (leg) => format.price(leg.ltp),
  says: (leg) => (leg.ltp === null
    ? "no trade yet on the day"
    : `LTP ${format.price(leg.ltp)}${saysQuotes(leg)}; model ${format.price(leg.theoretical_price)}`),
};

// since what: the close before, or as many minutes
const before = (leg, view) => view.before?.priceOf(leg) ?? null;
const points = (leg, view) => (leg.ltp === null || before(leg, view) === null ? null : leg.ltp - before(leg, view));
const percent = (leg, view) => (points(leg, view) === null || before(leg, view) <= 0 ? null : (points(leg, view) / before(leg, view)) * 100);
const since = (view) => (view.span === "close"
  ? `the close of ${view.before?.at ? format.marketWeekday(view.before.at) : "the day before"}`
  : `${format.marketClock(view.before?.at)}, ${view.span} minutes before`);

function saysPrice(leg, view) {
  if (points(leg, view) !== null) {
    return `LTP ${format.signed(points(leg, view))} = ${format.percent(percent(leg, view))} % since ${since(view)}, ${format.price(before(leg, view))} then`;
  }
  return `change of price unknown: ${noPrice(leg, view)}`;
}

function noPrice(leg, view) {
  if (leg.ltp === null) return "no trade yet on the day";
  if (view.before === null) return "the earlier prices are being looked up";
  if (view.before.at === null) return view.span === "close" ? "no earlier day is stored" : `no snapshot ${view.span} minutes earlier on the day`;
  return `this contract was not in the chain, or had no price, at ${since(view)}`;
}

const direction = (value) => (value === null || value === 0 ? "" : value > 0 ? " up" : " down");

export const ltpChange = {
  key: "chg",
  name: "LTP change",
  compares: true,
  head: (view) => (view.span === "close" ? "Chg" : `Chg ${view.span}m`),
  headSays: (view) => `Change of the last traded price since ${since(view)}`,
  value: points,
  text: (leg, view) => format.signed(points(leg, view)),
  tint: (leg, view) => direction(points(leg, view)),
  says: saysPrice,
};

export const ltpPercent = {
  ...ltpChange,
  key: "chgp",
  name: "LTP change, %",
  head: (view) => (view.span === "close" ? "Chg %" : `Chg% ${view.span}m`),
  value: percent,
  text: (leg, view) => format.percent(percent(leg, view)),
};

// by price and open interest since the same moment: https://zerodha.com/varsity/chapter/open-interest/
const BUILD_UPS = {
  "1 1": { word: "long", says: "long build-up: price up, open interest up", tint: " up" },
  "-1 1": { word: "short", says: "short build-up: price down, open interest up", tint: " down" },
  "1 -1": { word: "cover", says: "short covering: price up, open interest down", tint: " up" },
  "-1 -1": { word: "unwind", says: "long unwinding: price down, open interest down", tint: " down" },
};
const STILL = { word: "=", says: "no build-up: price or open interest is where it was", tint: "" };

function oiSince(leg, view) {
  if (view.span !== "close") return leg[`oi_${view.span}m`] ?? null;
  return leg.oi === null || leg.prev_close_oi === null ? null : leg.oi - leg.prev_close_oi;
}

function buildUp(leg, view) {
  const price = points(leg, view);
  const added = oiSince(leg, view);
  return price === null || added === null ? null : BUILD_UPS[`${Math.sign(price)} ${Math.sign(added)}`] ?? STILL;
}

export const build = {
  key: "build",
  name: "Build-up",
  compares: true,
  head: () => "Build-up",
  headSays: (view) => `Long or short build-up, covering or unwinding, by price and OI since ${since(view)}`,
  value: (leg, view) => buildUp(leg, view)?.word ?? null,
  text: (leg, view) => buildUp(leg, view)?.word ?? format.DASH,
  tint: (leg, view) => buildUp(leg, view)?.tint ?? "",
  says: (leg, view) => {
    const found = buildUp(leg, view);
    if (found) return `${found.says} since ${since(view)}: ${format.signed(points(leg, view))}, OI ${format.signedQuantity(oiSince(leg, view))}`;
    return `build-up unknown: ${points(leg, view) === null ? noPrice(leg, view) : "open interest of then or now is missing"}`;
  },
};

const AWAITED = "bid and ask are on their way";

const plain = (key, name, head, field, write, says, more) => ({
  key,
  name,
  head: () => head,
  headSays: () => says,
  value: (leg) => leg[field] ?? null,
  text: (leg) => write(leg[field]),
  says: (leg) => saysOne(leg, field, write, says),
  ...more,
});

function saysOne(leg, field, write, says) {
  if (!isHere(leg)) return AWAITED;
  return leg[field] === null ? `${says}: none is offered` : `${says} ${write(leg[field])}`;
}

function spread({ best_bid: bid = null, best_ask: ask = null }) {
  return bid === null || ask === null ? null : ask - bid;
}

const spreadShare = (leg) => (spread(leg) === null || leg.best_ask + leg.best_bid <= 0 ? null : (200 * spread(leg)) / (leg.best_ask + leg.best_bid));
const saysSpread = (leg) => (spread(leg) === null
  ? isHere(leg) ? "spread unknown: one side of the order book is empty" : AWAITED
  : `ask ${format.price(leg.best_ask)} − bid ${format.price(leg.best_bid)} = ${format.price(spread(leg))}, ${format.percent(spreadShare(leg)).replace("+", "")} % of the middle`);

// as app/analytics/order_book.py: from −1 (all ask) to 1 (all bid)
function imbalance({ bid_quantity: bid = null, ask_quantity: ask = null }) {
  return bid === null || ask === null || bid + ask <= 0 ? null : (bid - ask) / (bid + ask);
}

const difference = (leg) => (leg.ltp === null || leg.theoretical_price === null ? null : leg.ltp - leg.theoretical_price);
const NO_MODEL = "its neighbours' volatility, the index or the expiry is unknown";

export const book = [
  plain("bid", "Bid", "Bid", "best_bid", format.price, "Best bid", { differs: cents }),
  plain("ask", "Ask", "Ask", "best_ask", format.price, "Best ask", { differs: cents }),
  plain("bidq", "Bid quantity", "Bid qty", "bid_quantity", format.quantity, "Quantity at the best bid, in units", { flows: true, differs: units }),
  plain("askq", "Ask quantity", "Ask qty", "ask_quantity", format.quantity, "Quantity at the best ask, in units", { flows: true, differs: units }),
  {
    key: "spread", name: "Spread", head: () => "Spread", headSays: () => "Ask − bid, in points",
    value: spread, differs: cents, text: (leg) => format.price(spread(leg)), says: saysSpread,
  },
  {
    key: "spreadp", name: "Spread, % of the middle", head: () => "Spr %", headSays: () => "Ask − bid in % of their middle",
    value: spreadShare, differs: tenths, text: (leg) => format.decimal(spreadShare(leg)), says: saysSpread,
  },
  {
    key: "imb", name: "Order book imbalance", head: () => "Imbal", headSays: () => "(bid − ask) / (bid + ask) of the quantities at the best prices: from −1 to 1",
    value: imbalance, differs: cents, text: (leg) => format.signed(imbalance(leg)),
    says: (leg) => {
      if (!isHere(leg)) return AWAITED;
      return imbalance(leg) === null ? "imbalance unknown: the order book is empty" : `${format.integer(leg.bid_quantity)} bid, ${format.integer(leg.ask_quantity)} asked`;
    },
  },
].map((one) => ({ ...one, book: true }));

export const model = [
  {
    key: "theo", name: "Theoretical price", head: () => "Theo", headSays: () => "What the volatility of the neighbouring strikes makes of the contract, on the index at 10 % a year",
    value: (leg) => leg.theoretical_price, differs: cents, text: (leg) => format.price(leg.theoretical_price),
    says: (leg) => (leg.theoretical_price === null ? `theoretical price unknown: ${NO_MODEL}` : `theoretical price ${format.price(leg.theoretical_price)}, by the volatility of the neighbouring strikes`),
  },
  {
    key: "diff", name: "Price − theoretical", head: () => "Diff", headSays: () => "Last traded price − theoretical price",
    value: difference, differs: cents, text: (leg) => format.signed(difference(leg)),
    says: (leg) => (difference(leg) === null ? `difference unknown: ${leg.ltp === null ? "no trade yet on the day" : NO_MODEL}` : `LTP ${format.price(leg.ltp)} − theoretical ${format.price(leg.theoretical_price)}`),
  },
];

const greek = (key, name, digits, says) => ({
  key,
  name,
  valued: true,
  head: () => name,
  headSays: (view) => `${says}, ${CONVENTIONS[view.iv].on}`,
  value: (leg, view) => view.valuation.of(leg)?.[key] ?? null,
  differs: (change) => (change > 0 ? "+" : "") + format.fixed(change, digits),
  text: (leg, view) => format.fixed(view.valuation.of(leg)?.[key], digits),
  says: (leg, view) => (view.valuation.of(leg) === null
    ? `${key} unknown: ${ivOf(leg, view) === null ? noIv(view) : "the contract has expired, or the level it is valued at is unknown"}`
    : `${key} ${format.fixed(view.valuation.of(leg)[key], digits)}: ${says}`),
});

export const greeks = [
  greek("delta", "Delta", 2, "points a contract gains as the index gains one"),
  greek("gamma", "Gamma", 5, "change of delta as the index gains a point"),
  greek("theta", "Theta", 2, "INR a unit loses by a calendar day"),
  greek("vega", "Vega", 2, "INR a unit gains by a percentage point of volatility"),
];
