// Sensitivities of the contracts that are shown, by Black and Scholes: computed here, so that who
// does not show them is not sent them. Same formulas and units as app/analytics/black_scholes.py.

import { CONVENTIONS } from "../core/volatility.js";

export const YEAR_MS = 365 * 24 * 3600 * 1000;
const ROOT_2PI = Math.sqrt(2 * Math.PI);

// G. West, "Better approximations to cumulative normal functions", Wilmott Magazine (2005)
const ABOVE = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
  220.206867912376,
];
const BELOW = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];
const FAR = 7.07106781186547;
const polynomial = (factors, x) => factors.reduce((sum, factor) => sum * x + factor, 0);

export function normal(x) {
  const size = Math.abs(x);
  if (size > 37) return x > 0 ? 1 : 0;
  const density = Math.exp((-size * size) / 2);
  let tail;
  if (size < FAR) {
    tail = (density * polynomial(ABOVE, size)) / polynomial(BELOW, size);
  } else {
    let fraction = size + 0.65;
    for (let k = 4; k > 0; k -= 1) fraction = size + k / fraction;
    tail = density / fraction / 2.506628274631;
  }
  return x > 0 ? 1 - tail : tail;
}

// of one unit: delta per point, gamma per point squared, theta in INR a calendar day, vega in INR a
// percentage point of volatility; null at expiry and after it
export function greeks(isCall, spot, strike, years, volatility, rate) {
  if (!(years > 0 && volatility > 0 && spot > 0)) return null;
  const sign = isCall ? 1 : -1;
  const root = Math.sqrt(years);
  const deviation = volatility * root;
  const d1 = (Math.log(spot / strike) + (rate + (volatility * volatility) / 2) * years) / deviation;
  const density = Math.exp((-d1 * d1) / 2) / ROOT_2PI;
  const carry = sign * rate * strike * Math.exp(-rate * years) * normal(sign * (d1 - deviation));
  return {
    delta: sign * normal(sign * d1),
    gamma: density / (spot * deviation),
    theta: ((-spot * density * volatility) / (2 * root) - carry) / 365,
    vega: (spot * density * root) / 100,
  };
}

// Values the legs of one chain at one moment, each at most once.
export class Valuation {
  constructor(summary, convention) {
    const { level, leg, rate } = CONVENTIONS[convention];
    this.level = summary[level];
    this.volatility = leg;
    this.rate = rate;
    this.years = (Date.parse(summary.expires_at) - Date.parse(summary.last_update)) / YEAR_MS;
    this.known = new WeakMap();
  }

  // null where volatility, level or expiry is unknown
  of(leg) {
    if (this.known.has(leg)) return this.known.get(leg);
    const volatility = leg[this.volatility] ?? null;
    const found = volatility === null || this.level === null ? null
      : greeks(leg.side === "CE", this.level, leg.strike, this.years, volatility / 100, this.rate);
    this.known.set(leg, found);
    return found;
  }

  // whether another one would say the same
  equals(other) {
    return other !== null && ["level", "volatility", "years"].every((name) => this[name] === other[name]);
  }
}
