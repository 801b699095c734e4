// What a chain is compared with beside its open interest: prices of the close before or of some
// minutes ago, PCR and max pain of that close. Asked for once it is shown; kept while it holds.

import { ask } from "../core/ask.js";

const AGAIN_MS = 30_000;
const KEPT = 24;
const pathOf = (exchange, span, at) => `/api/comparison/${exchange}?with=${span}${at ? `&at=${encodeURIComponent(at)}` : ""}`;

class Baseline {
  constructor(answer) {
    this.at = answer.at;
    this.expiry = answer.expiry;
    this.pcr = answer.pcr;
    this.pcr_volume = answer.pcr_volume;
    this.max_pain = answer.max_pain;
    this.foreign = null;
    this.prices = new Map(answer.legs.map(([strike, side, ltp]) => [`${strike}${side}`, ltp]));
  }

  // of the same contract; a strike of another expiry is another one
  priceOf(leg) {
    return this.prices.get(`${leg.strike}${leg.side}`) ?? null;
  }
}

export class Baselines {
  constructor(onNew) {
    this.onNew = onNew;
    this.known = new Map();
    this.newest = new Map();
  }

  // of a chain: the newest that is here; null while there is none
  of({ exchange, summary }, span) {
    const name = nameOf(exchange, span, summary);
    const { found } = this.known.get(name) ?? this.known.get(this.newest.get(series(exchange, span, summary))) ?? {};
    if (!found) return null;
    // after an expiry the close is that of contracts that have gone
    return found.expiry !== null && summary.expiry !== null && found.expiry !== summary.expiry ? found.foreign ??= foreign(found) : found;
  }

  // asks for what belongs to a chain, unless it is here or was asked for a moment ago
  async want({ exchange, summary }, span, isPast = false) {
    const name = nameOf(exchange, span, summary);
    const kept = this.known.get(name);
    if (kept?.found || performance.now() - (kept?.askedAt ?? -Infinity) < AGAIN_MS) return;
    this.known.set(name, { askedAt: performance.now(), found: null });
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
    try {
      const found = new Baseline(await ask(pathOf(exchange, span, isPast ? summary.last_update : null)));
      // nothing is stored yet: the next look asks again
      this.known.set(name, { askedAt: performance.now(), found: found.at === null && span !== "close" ? null : found });
      this.newest.set(series(exchange, span, summary), name);
      this.onNew(exchange);
    } catch {
      // the health line already says that the server is away; it is asked again
    }
  }
}

const foreign = (found) => new Baseline({ ...found, legs: [] });

// the close holds for a day, what was some minutes ago for half a minute
function nameOf(exchange, span, { last_update: at }) {
  const day = at.slice(0, 10);
  if (span === "close") return `${exchange} close ${day}`;
  return `${exchange} ${span} ${Math.floor(Date.parse(at) / AGAIN_MS)}`;
}

const series = (exchange, span, { last_update: at }) => `${exchange} ${span} ${at.slice(0, 10)}`;
