// Series from the server: asked when first wanted, and again when they may have grown.

const FRESH_MS = 60_000;
const STATE_FRESH_MS = 5000;
const AGAIN_MS = 10_000;
const REQUEST_MS = 15_000;
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
    entry.dueAt = performance.now() + REQUEST_MS;
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(REQUEST_MS) });
      const said = await answer.json();
      entry.problem = answer.ok ? null : said.error;
      if (answer.ok) entry.data = said;
      entry.dueAt = performance.now() + (answer.ok ? freshMs : AGAIN_MS);
    } catch {
      entry.problem = "The server does not answer.";
      entry.dueAt = performance.now() + AGAIN_MS;
    }
    this.onNew();
  }
}
