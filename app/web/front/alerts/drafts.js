// What an alert is most likely wanted on, where the trader points: a cell of the chain, or a figure
// of the head line. It is watched in the present, so it begins with what the figure is now, also where
// a past moment is shown.

import { limits } from "../core/embedded.js";

const CHANGE = /^p(\d+)$/;
const usualChange = (minutes) => ({
  kind: "oi_change", direction: "either", unit: "percent", level: limits.change_thresholds_pct[minutes], minutes,
});

const OF_CELL = {
  ltp: (leg) => ({ kind: "price", direction: "above", level: leg.ltp }),
  iv: (leg) => ({ kind: "iv", direction: "above", level: leg.iv_forward }),
};

const OF_HEAD = {
  price: (s) => ({ direction: "above", level: s.underlying_price }),
  pcr: (s) => ({ direction: "above", level: s.pcr }),
  max_pain: (s) => ({ level: s.strike_step }),
  iv: (s) => ({ direction: "above", level: s.atm_iv_forward }),
  straddle: (s) => ({ direction: "above", level: s.straddle }),
  age: () => ({ level: limits.stale_after_s }),
};
const KIND_OF_FACT = { underlying_price: "price", pcr: "pcr", max_pain: "max_pain", atm_iv: "iv", straddle: "straddle" };

// of a kind on the whole chain, begun with what the figure is now
export function draftOf(kind, page) {
  const { exchange } = page;
  const summary = page.live(exchange)?.summary ?? null;
  if (kind === "oi_change") return draft(exchange, usualChange(limits.change_minutes[0]));
  return draft(exchange, { kind, ...(summary && OF_HEAD[kind]?.(summary)) });
}

// { exchange, kind, params }; the usual one where nothing is pointed at
export function draftAt(place, page) {
  const { exchange } = page;
  const chain = page.live(exchange);
  const cell = place?.closest?.("[data-column]");
  const strike = Number(cell?.closest("tr")?.dataset.strike ?? NaN);
  if (cell && chain?.strikes.includes(strike)) return draft(exchange, ofCell(cell, strike, chain));
  return draftOf(KIND_OF_FACT[place?.closest?.("[data-for]")?.dataset.for] ?? "oi_change", page);
}

function ofCell({ dataset: { column, side } }, strike, chain) {
  const leg = side ? chain.leg(strike, side) : null;
  const minutes = Number(CHANGE.exec(column)?.[1] ?? limits.change_minutes[0]);
  const found = (leg && OF_CELL[column]?.(leg)) ?? usualChange(minutes);
  return { ...found, strike, ...(side && { side }), expiry: chain.summary.expiry };
}

// to the digits that are shown: a level is begun with that, and changed at its end
const shown = (value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value);

function draft(exchange, { kind, level, ...rest }) {
  const given = { ...rest, level: shown(level) };
  const params = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
  return { exchange, kind, params };
}
