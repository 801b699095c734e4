// Series from the server: asked when first wanted, and again when they may have grown.

import { ask, saidBy } from "../core/ask.js";

const FRESH_MS = 60_000;
const STATE_FRESH_MS = 5000;
const AGAIN_MS = 10_000;
// longer than an answer is waited for
const ASKED_MS = 20_000;
const MOST = 32;

export class Series {
  /** @param {() => void} onNew */
  constructor(onNew) {
    this.onNew = onNew;
    this.entries = new Map();
  }

  // what is here of it, perhaps null; asks when that is old
  want(exchange, name, words) {
    const query = new URLSearchParams(words).toString();
    const address = `/api/series/${exchange}/${name}${query && `?${query}`}`;
    const entry = this.entries.get(address) ?? { data: null, problem: null, dueAt: -Infinity };
    // the one that was wanted last goes last
    this.entries.delete(address);
    this.entries.set(address, entry);
    if (this.entries.size > MOST) this.entries.delete(this.entries.keys().next().value);
    if (performance.now() >= entry.dueAt) this.ask(address, entry, name === "gamma" && !words.at ? STATE_FRESH_MS : FRESH_MS);
    return entry;
  }

  async ask(address, entry, freshMs) {
    entry.dueAt = performance.now() + ASKED_MS;
    try {
      entry.data = await ask(address, { away: "The server does not answer." });
      entry.problem = null;
      entry.dueAt = performance.now() + freshMs;
    } catch (error) {
      entry.problem = saidBy(error);
      entry.dueAt = performance.now() + AGAIN_MS;
    }
    this.onNew();
  }
}
