// The columns of one side of the chain: what a cell shows, how it is tinted, what it says on hover.

import * as format from "./format.js";
import { THRESHOLDS } from "./preferences.js";

const lots = (value, view) => (value === null || !view.lots ? value : Math.round(value / view.lots));

const oi = {
  key: "oi",
  flash: "plain",
  value: (leg) => leg.latest_oi,
  text: (leg, view) => format.integer(lots(leg.latest_oi, view)),
  says: (leg, view) => (leg.latest_oi === null
    ? "The exchange has reported no open interest for this contract"
    : `${leg.symbol}: OI ${format.integer(leg.latest_oi)} = ${format.integer(Math.round(leg.latest_oi / view.lotSize))} lots`),
};

const change = (span) => {
  const key = `p${span.slice(0, -1)}`;
  const minutes = span.slice(0, -1);
  return {
    key,
    flash: "direction",
    value: (leg) => leg[`pct_${span}`],
    text: (leg, view) => (view.absolute
      ? format.signedQuantity(lots(leg[`abs_${span}`], view))
      : format.percent(leg[`pct_${span}`])),
    tint: (leg) => {
      const pct = leg[`pct_${span}`];
      if (pct === null || Math.abs(pct) < THRESHOLDS[span] / 2) return "";
      return (pct > 0 ? " rise" : " fall") + (Math.abs(pct) >= THRESHOLDS[span] ? " breach" : "");
    },
    says: (leg) => (leg[`pct_${span}`] === null
      ? `Unknown: no snapshot ${minutes} minutes earlier today, or no OI then`
      : `OI ${format.percent(leg[`pct_${span}`])} % = ${format.signedQuantity(leg[`abs_${span}`])} in ${minutes} minutes`),
  };
};

const volume = {
  key: "volume",
  value: (leg) => leg.volume,
  text: (leg) => format.quantity(leg.volume),
  says: (leg) => (leg.volume === null ? "No volume reported" : `${format.integer(leg.volume)} traded today`),
};

const iv = {
  key: "iv",
  value: (leg) => leg.iv,
  text: (leg) => format.decimal(leg.iv),
  says: (leg) => (leg.iv === null
    ? "No volatility explains this price: it lies below what exercise is worth, or there was no trade"
    : `IV ${leg.iv.toFixed(2)} %${leg.delta === null ? "" : `, delta ${leg.delta.toFixed(2)}`}`),
};

const ltp = {
  key: "ltp",
  flash: "direction",
  value: (leg) => leg.ltp,
  text: (leg) => format.price(leg.ltp),
  says: (leg) => (leg.ltp === null
    ? "No trade yet today"
    : `bid ${format.price(leg.best_bid)} × ${format.integer(leg.bid_quantity)}, ask ${format.price(leg.best_ask)} × ${format.integer(leg.ask_quantity)}; model ${format.price(leg.theoretical_price)}`),
};

const CALLS = [oi, change("3m"), change("5m"), change("10m"), change("15m"), change("30m"), volume, iv, ltp];

export const COLUMNS = { CE: CALLS, PE: [...CALLS].reverse() };
