// Columns of open interest and volume. More open interest is neither good nor bad: added and closed
// have colours of their own, which are not those of prices.

import { limits } from "../core/embedded.js";
import * as format from "../core/format.js";

export const inLots = (units, view) => (view.lots ? format.lots(units, view.lots) : units);
const differs = (change, view) => format.signedQuantity(inLots(change, view));
const unit = (view) => (view.lots ? "lots" : "units");
const both = (units, view) => `${format.integer(units)}${view.lotSize ? ` = ${format.integer(format.lots(units, view.lotSize))} lots` : ""}`;
const changedAt = (leg) => (leg.oi_at === null || leg.oi_at === undefined ? "" : `; last changed at ${format.clockOf(leg.oi_at)}`);

export const oi = {
  key: "oi",
  name: "Open interest",
  head: (view) => (view.lots ? "OI lots" : "OI"),
  headSays: (view) => `Open interest in ${unit(view)}; the bar compares it with the most of what is shown`,
  moved: (before, now) => before !== now,
  value: (leg) => leg.oi,
  units: true,
  flows: true,
  differs,
  text: (leg, view) => (view.compact ? format.quantity : format.integer)(inLots(leg.oi, view)),
  says: (leg, view) => (leg.oi === null
    ? "the exchange has reported no open interest for this contract"
    : `OI ${both(leg.oi, view)}${changedAt(leg)}`),
  total: { fact: "total_oi", name: "open interest" },
};

export const oiTime = {
  key: "oiat",
  name: "Time of the last OI change",
  head: () => "OI at",
  headSays: () => "When open interest changed last; exchanges tell it anew every three minutes or so",
  value: (leg) => leg.oi_at,
  raw: (leg) => (leg.oi_at === null ? null : format.clockOf(leg.oi_at)),
  text: (leg) => format.clockOf(leg.oi_at),
  says: (leg) => (leg.oi_at === null
    ? "when its open interest changed last is not known: nobody saw it change"
    : `open interest changed last at ${format.clockOf(leg.oi_at)}`),
};

// a change tells its threshold by its fill, and from half of it takes colour
function tintOf(value, threshold) {
  if (value === null || Math.abs(value) < threshold / 2) return "";
  return (value > 0 ? " added" : " closed") + (Math.abs(value) >= threshold ? " breach" : "");
}

const saysChange = (leg, minutes) => (leg[`pct_${minutes}m`] === null && leg[`oi_${minutes}m`] === null
  ? `change over ${minutes} minutes unknown: no snapshot ${minutes} minutes earlier on the day, or no OI then`
  : `OI ${format.percent(leg[`pct_${minutes}m`])} % = ${format.signedQuantity(leg[`oi_${minutes}m`])} in ${minutes} minutes${changedAt(leg)}`);

// in percent or as a quantity, as was chosen for all of them
export const change = (minutes) => {
  const threshold = limits.change_thresholds_pct[minutes];
  const pct = `pct_${minutes}m`;
  const units = `oi_${minutes}m`;
  return {
    key: `p${minutes}`,
    name: `OI change, ${minutes} min`,
    kind: "shift",
    head: () => `Δ${minutes}`,
    headSays: (view) => `OI change over ${minutes} minutes in ${view.absolute ? unit(view) : "%"}; filled from ${threshold} %`,
    value: (leg, view) => leg[view.absolute ? units : pct],
    text: (leg, view) => (view.absolute ? format.signedQuantity(inLots(leg[units], view)) : format.percent(leg[pct])),
    tint: (leg) => tintOf(leg[pct], threshold),
    says: (leg) => saysChange(leg, minutes),
    total: { sum: units },
  };
};

export const quantity = (minutes) => ({
  key: `q${minutes}`,
  name: `OI change, ${minutes} min, quantity`,
  kind: "shift",
  head: () => `Δ${minutes} qty`,
  headSays: (view) => `OI change over ${minutes} minutes in ${unit(view)}`,
  value: (leg) => leg[`oi_${minutes}m`],
  units: true,
  text: (leg, view) => format.signedQuantity(inLots(leg[`oi_${minutes}m`], view)),
  tint: (leg) => tintOf(leg[`pct_${minutes}m`], limits.change_thresholds_pct[minutes]),
  says: (leg) => saysChange(leg, minutes),
  total: { sum: `oi_${minutes}m`, always: true },
});

const dayUnits = (leg) => (leg.oi === null || leg.prev_close_oi === null ? null : leg.oi - leg.prev_close_oi);
const dayPct = (leg) => (dayUnits(leg) === null || leg.prev_close_oi <= 0 ? null : (dayUnits(leg) / leg.prev_close_oi) * 100);
const sinceClose = (view) => (view.closeAt === null ? "the close before, of which no day is stored" : `the close of ${format.marketWeekday(view.closeAt)}`);

function saysDay(leg, view) {
  if (dayUnits(leg) !== null) {
    return `OI ${format.percent(dayPct(leg))} % = ${format.signedQuantity(dayUnits(leg))} since ${sinceClose(view)}, ${format.integer(leg.prev_close_oi)} then`;
  }
  if (leg.oi === null) return "change of the day unknown: the exchange has reported no open interest";
  return view.closeAt === null
    ? "change of the day unknown: no earlier day is stored"
    : `change of the day unknown: this contract was not in the chain at ${sinceClose(view)}`;
}

export const day = {
  key: "day",
  name: "OI change since the previous close",
  kind: "shift",
  head: () => "Δday",
  headSays: (view) => `OI change since ${sinceClose(view)} in ${view.absolute ? unit(view) : "%"}`,
  value: (leg, view) => (view.absolute ? dayUnits(leg) : dayPct(leg)),
  text: (leg, view) => (view.absolute ? format.signedQuantity(inLots(dayUnits(leg), view)) : format.percent(dayPct(leg))),
  tint: (leg) => (dayUnits(leg) === null || dayUnits(leg) === 0 ? "" : dayUnits(leg) > 0 ? " added" : " closed"),
  says: saysDay,
  total: { sum: dayUnits },
};

export const dayQuantity = {
  ...day,
  key: "qday",
  name: "OI change since the previous close, quantity",
  head: () => "Δday qty",
  headSays: (view) => `OI change since ${sinceClose(view)} in ${unit(view)}`,
  value: dayUnits,
  units: true,
  text: (leg, view) => format.signedQuantity(inLots(dayUnits(leg), view)),
  total: { sum: dayUnits, always: true },
};

export const volume = {
  key: "volume",
  name: "Volume",
  head: (view) => (view.lots ? "Vol lots" : "Vol"),
  headSays: (view) => `Volume: ${unit(view)} traded on the day`,
  value: (leg) => leg.volume,
  units: true,
  flows: true,
  differs,
  text: (leg, view) => format.quantity(inLots(leg.volume, view)),
  says: (leg, view) => (leg.volume === null ? "no volume reported" : `volume ${both(leg.volume, view)} traded on the day`),
  total: { fact: "total_volume", name: "volume" },
};
