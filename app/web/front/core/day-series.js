// The day of each exchange by minute: fetched once a minute for the one that is shown.

const FRESH_MS = 60_000;

export class DaySeries {
  constructor(onNew) {
    this.onNew = onNew;
    this.known = new Map();
    this.askedAt = new Map();
  }

  of(exchange) {
    return this.known.get(exchange) ?? null;
  }

  // asks when what is here is older than a minute
  async want(exchange) {
    const asked = this.askedAt.get(exchange) ?? -Infinity;
    if (performance.now() - asked < FRESH_MS) return;
    this.askedAt.set(exchange, performance.now());
    try {
      const answer = await fetch(`/api/series/${exchange}/day`);
      if (!answer.ok) return;
      this.known.set(exchange, await answer.json());
      this.onNew(exchange);
    } catch {
      // the health line already says that the server is away; the next minute tries again
    }
  }
}
