// The columns of one side of the chain: heading, what a cell shows, how it is tinted, what it says.

import { limits } from "../core/embedded.js";
import * as format from "../core/format.js";
import { CONVENTIONS, NO_FORWARD } from "../core/volatility.js";

// a price has moved when it left what one trade at bid or ask makes of it
const MOVED_TICKS = 0.1;
const MOVED_SHARE = 0.005;

const inLots = (units, view) => (view.lots ? format.lots(units, view.lots) : units);
const unit = (view) => (view.lots ? "lots" : "units");
const both = (units, view) => `${format.integer(units)}${view.lotSize ? ` = ${format.integer(format.lots(units, view.lotSize))} lots` : ""}`;
const at = (leg) => (leg.oi_at === null || leg.oi_at === undefined ? "" : `; this contract's figures are of ${format.clockOf(leg.oi_at)}`);

const oi = {
  key: "oi",
  head: (view) => (view?.lots ? "OI lots" : "OI"),
  headSays: (view) => `Open interest in ${unit(view)}`,
  moved: (before, now) => before !== now,
  value: (leg) => leg.oi,
  text: (leg, view) => (view.compact ? format.quantity : format.integer)(inLots(leg.oi, view)),
  says: (leg, view) => (leg.oi === null
    ? "the exchange has reported no open interest for this contract"
    : `OI ${both(leg.oi, view)}${at(leg)}`),
};

const change = (minutes) => {
  const threshold = limits.change_thresholds_pct[minutes];
  const pct = `pct_${minutes}m`;
  const units = `oi_${minutes}m`;
  return {
    key: `p${minutes}`,
    head: () => `Δ${minutes}`,
    headSays: (view) => `OI change over ${minutes} minutes in ${view.absolute ? unit(view) : "%"}; filled from ${threshold} %`,
    value: (leg) => leg[pct],
    text: (leg, view) => (view.absolute ? format.signedQuantity(inLots(leg[units], view)) : format.percent(leg[pct])),
    tint: (leg) => {
      const value = leg[pct];
      if (value === null || Math.abs(value) < threshold / 2) return "";
      return (value > 0 ? " rise" : " fall") + (Math.abs(value) >= threshold ? " breach" : "");
    },
    says: (leg) => (leg[pct] === null
      ? `change over ${minutes} minutes unknown: no snapshot ${minutes} minutes earlier today, or no OI then`
      : `OI ${format.percent(leg[pct])} % = ${format.signedQuantity(leg[units])} in ${minutes} minutes${at(leg)}`),
  };
};

const volume = {
  key: "volume",
  head: (view) => (view?.lots ? "Vol lots" : "Vol"),
  headSays: (view) => `Volume: ${unit(view)} traded today`,
  value: (leg) => leg.volume,
  text: (leg, view) => format.quantity(inLots(leg.volume, view)),
  says: (leg, view) => (leg.volume === null ? "no volume reported" : `volume ${both(leg.volume, view)} traded today`),
};

const ivOf = (leg, view) => leg[CONVENTIONS[view.iv].leg] ?? null;
const noIv = (view) => (view.iv === "forward" && !view.hasForward
  ? `IV unknown: ${NO_FORWARD}`
  : "IV unknown: no volatility explains this price, which lies below what exercise is worth, or there was no trade");

const iv = {
  key: "iv",
  head: () => "IV",
  headSays: (view) => `Implied volatility, %, ${CONVENTIONS[view.iv].on}`,
  text: (leg, view) => format.decimal(ivOf(leg, view)),
  says: (leg, view) => (ivOf(leg, view) === null
    ? noIv(view)
    : `IV ${format.decimal(ivOf(leg, view))} % ${CONVENTIONS[view.iv].on}${leg.delta === null ? "" : `, delta ${leg.delta.toFixed(2)}`}`),
};

const ltp = {
  key: "ltp",
  head: () => "LTP",
  headSays: () => "Last traded price",
  directed: true,
  moved: (before, now) => before === null || now === null
    || Math.abs(now - before) > Math.max(MOVED_TICKS, MOVED_SHARE * before),
  value: (leg) => leg.ltp,
  text: (leg) => format.price(leg.ltp),
  says: (leg) => (leg.ltp === null
    ? "no trade yet today"
    : `LTP ${format.price(leg.ltp)}, bid ${format.price(leg.best_bid)} × ${format.integer(leg.bid_quantity)}, ask ${format.price(leg.best_ask)} × ${format.integer(leg.ask_quantity)}; model ${format.price(leg.theoretical_price)}`),
};

const CALLS = [oi, ...limits.change_minutes.map(change), volume, iv, ltp];

export const COLUMNS = { CE: CALLS, PE: [...CALLS].reverse() };
export const column = (key) => CALLS.find((one) => one.key === key);
