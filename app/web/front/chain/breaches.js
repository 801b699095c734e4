// Changes of open interest that went beyond their thresholds: those this page saw, and those that
// were before it was opened. Same definition as db/queries/breaches.sql.

import { ask } from "../core/ask.js";
import { limits } from "../core/embedded.js";

const MOST = 200;
const MINUTE_MS = 60_000;

// whether a leg went beyond the threshold of so many minutes, by open interest of its own: that the
// far end of the span moved alone is no news
function crossed(before, now, minutes) {
  const pct = now[`pct_${minutes}m`] ?? null;
  const threshold = limits.change_thresholds_pct[minutes];
  if (pct === null || Math.abs(pct) < threshold || now.oi === null || before.oi === null || now.oi === before.oi) return false;
  const was = before[`pct_${minutes}m`] ?? null;
  return was === null || was * Math.sign(pct) < threshold;
}

export class Breaches {
  // hearers are told that there is something new; `isSeen`: somebody looks at the list
  constructor(page) {
    this.page = page;
    this.lists = new Map();
    this.hearers = new Set();
    this.unseen = 0;
    this.isSeen = false;
    page.on("exchange", () => this.looked());
    page.on("live", (key) => this.look(page.live(key)));
  }

  of(exchange) {
    return this.lists.get(exchange) ?? [];
  }

  look({ exchange, changed, summary }) {
    if (!changed.length) return;
    const at = Date.parse(summary.last_update);
    const found = [];
    for (const [before, now] of changed) {
      for (const minutes of limits.change_minutes) {
        if (!crossed(before, now, minutes)) continue;
        found.push({ at, strike: now.strike, side: now.side, minutes, pct: now[`pct_${minutes}m`], units: now[`oi_${minutes}m`] });
      }
    }
    if (found.length) this.add(exchange, found);
  }

  add(exchange, found) {
    const known = this.of(exchange);
    const news = found.filter((one) => !known.some((other) => isSame(one, other)));
    if (!news.length) return;
    const all = [...news, ...known].sort((a, b) => b.at - a.at || Math.abs(b.pct) - Math.abs(a.pct));
    this.lists.set(exchange, all.slice(0, MOST));
    if (exchange !== this.page.exchange) return;
    if (!this.isSeen) this.unseen += news.length;
    this.tell();
  }

  looked() {
    this.unseen = 0;
    this.tell();
  }

  tell() {
    for (const hear of this.hearers) hear(this.unseen);
  }

  // what was before this page was opened, or while its link was gone
  async fetch(exchange) {
    // where there is no answer, the next opening asks again
    this.add(exchange, (await stored(exchange)) ?? []);
  }

  // those of the hour before a past moment; null where the server does not answer
  async before(exchange, at) {
    const found = await stored(exchange, `?at=${encodeURIComponent(at)}`);
    // the server gives the same to moments that lie near each other
    return found?.filter((one) => one.at <= Date.parse(at)) ?? null;
  }
}

async function stored(exchange, query = "") {
  try {
    const { fields, breaches } = await ask(`/api/breaches/${exchange}${query}`);
    return breaches.map((values) => Object.fromEntries(fields.map((name, i) => [name, values[i]])));
  } catch {
    // the health line already says that the server is away
    return null;
  }
}

// history sees a crossing at its next snapshot, half a minute later than the page
const isSame = (one, other) => one.strike === other.strike && one.side === other.side && one.minutes === other.minutes
  && Math.sign(one.pct) === Math.sign(other.pct) && Math.abs(one.at - other.at) < MINUTE_MS;
