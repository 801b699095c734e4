// The day of each exchange by minute: fetched once a minute for the one that is shown.

import { ask } from "./ask.js";

const FRESH_MS = 60_000;
// a page that stood open overnight knows the day before: its close is not the one to count from
const OTHER_DAY_MS = 2000;

export class DaySeries {
  constructor(onNew) {
    this.onNew = onNew;
    this.known = new Map();
    this.askedAt = new Map();
  }

  // of the day of a market time; null while that is not here
  of(exchange, at) {
    const found = this.known.get(exchange) ?? null;
    const day = found?.day ?? null;
    return at && day !== null && day !== at.slice(0, 10) ? null : found;
  }

  // asks when what is here is older than a minute, or of another day
  async want(exchange, at) {
    const name = `${exchange} ${at.slice(0, 10)}`;
    const asked = this.askedAt.get(name) ?? -Infinity;
    const isOther = this.known.has(exchange) && this.of(exchange, at) === null;
    if (performance.now() - asked < (isOther ? OTHER_DAY_MS : FRESH_MS)) return;
    this.askedAt.set(name, performance.now());
    try {
      this.known.set(exchange, await ask(`/api/series/${exchange}/day`));
      this.onNew(exchange);
    } catch {
      // the health line already says that the server is away; the next minute tries again
    }
  }
}
