// Which strikes are shown and in which order: those of a filter, by strike or by any column.

import { column } from "./cells.js";
import { limits } from "../core/embedded.js";

const MOST_MOVED = 20;
const SIDES = ["CE", "PE"];

const beyond = (leg) => leg !== null && limits.change_minutes.some((minutes) => {
  const value = leg[`pct_${minutes}m`];
  return value !== null && value !== undefined && Math.abs(value) >= limits.change_thresholds_pct[minutes];
});

const some = (chain, strike, holds) => SIDES.some((side) => holds(chain.leg(strike, side)));

function mostMoved(strikes, chain, span) {
  const field = `oi_${span}m`;
  const moved = (strike) => Math.max(...SIDES.map((side) => Math.abs(chain.leg(strike, side)?.[field] ?? 0)));
  const known = strikes.filter((strike) => moved(strike) > 0).sort((a, b) => moved(b) - moved(a));
  const kept = new Set(known.slice(0, MOST_MOVED));
  return strikes.filter((strike) => kept.has(strike));
}

// by name: "" all, "beyond" a threshold, "moved" the most within as many minutes, "held" at least
// `least` units
export const FILTERS = {
  beyond: (strikes, chain) => strikes.filter((strike) => some(chain, strike, beyond)),
  moved: (strikes, chain, { span }) => mostMoved(strikes, chain, span),
  held: (strikes, chain, { least }) => strikes.filter((strike) => some(chain, strike, (leg) => (leg?.oi ?? -1) >= least)),
};

// what is unknown goes last, whichever way
export function sorted(strikes, chain, { key, side, down }, view) {
  if (key === "strike") return down ? [...strikes].reverse() : strikes;
  const { value } = column(key);
  const of = new Map(strikes.map((strike) => {
    const leg = chain.leg(strike, side);
    return [strike, leg === null ? null : value(leg, view) ?? null];
  }));
  const turn = down ? -1 : 1;
  return [...strikes].sort((a, b) => {
    const [x, y] = [of.get(a), of.get(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return turn * (typeof x === "string" ? x.localeCompare(y) : x - y);
  });
}
