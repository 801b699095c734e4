// How old what is shown is. The server says it; between its words the page counts on with the
// monotonic clock, because a viewer's wall clock may be hours off, or be set at any moment.

const SLEPT_MS = 2000;
const SLACK_MS = 1500;

export class Clock {
  constructor() {
    this.ages = new Map();
    this.renewed = new Set();
    this.phase = {};
    this.server = null;
    this.driftMs = Date.now() - performance.now();
  }

  /** @param {{ server_ms?: number, ages?: Record<string, number | null>, phase?: Record<string, string> }} told */
  heard({ server_ms: serverMs, ages = {}, phase }) {
    // what is heard after a sleep is known, what was known before it is not
    this.noticeSleep();
    const at = performance.now();
    for (const [exchange, ageMs] of Object.entries(ages)) {
      if (!this.isOfWhatIsHere(exchange, ageMs)) continue;
      this.ages.set(exchange, { ageMs, at });
      this.renewed.delete(exchange);
    }
    if (Number.isFinite(serverMs)) this.server = { ms: serverMs, at };
    if (phase) this.phase = phase;
  }

  // a newer state of an exchange is here: its age may be less than that of the one before
  took(exchange) {
    this.renewed.add(exchange);
  }

  // no state grows younger: a lesser age without new data is that of a state which is not here
  isOfWhatIsHere(exchange, ageMs) {
    const counted = this.age(exchange);
    return this.renewed.has(exchange) || counted === null || !(ageMs < counted - SLACK_MS);
  }

  // ms since the database took the state that is shown; null when nobody knows
  age(exchange) {
    const known = this.ages.get(exchange);
    if (!known || !Number.isFinite(known.ageMs)) return null;
    return Math.max(0, known.ageMs) + performance.now() - known.at;
  }

  // the server's wall clock, for telling days apart; null when nobody knows
  get nowMs() {
    return this.server ? this.server.ms + performance.now() - this.server.at : null;
  }

  // While a machine sleeps its monotonic clock may stand still. A wall clock that got ahead of it
  // tells, and what was known is then worth nothing until the server speaks again. Answers whether it slept.
  noticeSleep() {
    const driftMs = Date.now() - performance.now();
    const slept = driftMs - this.driftMs > SLEPT_MS;
    this.driftMs = driftMs;
    if (slept) {
      this.ages.clear();
      this.server = null;
    }
    return slept;
  }
}
