// The rules and the log as the server keeps them, and what of the log is new to this browser.

import { ask } from "../core/ask.js";
import { keep, preference } from "../core/preferences.js";

const PAGE = 50;

export class Desk {
  constructor() {
    this.rules = [];
    this.most = null;
    this.log = [];
    this.more = false;
    this.isRead = false;
  }

  get newest() {
    return this.log[0]?.id ?? 0;
  }

  // what fired since this browser last showed the log
  get unseen() {
    const seen = Number(preference("alerts-seen", "0"));
    return this.log.filter(({ id, fired }) => fired && id > seen).length;
  }

  see() {
    if (this.newest) keep("alerts-seen", String(this.newest));
  }

  async readRules() {
    ({ alerts: this.rules, most: this.most } = await asked("GET", "/api/alerts"));
  }

  // what was told since the last reading, oldest first; at the first one nothing is news
  async readLog() {
    const known = this.newest;
    const { events, more } = await asked("GET", `/api/alerts/events?limit=${PAGE}`);
    const fresh = events.filter(({ id }) => id > known);
    // more than a page was missed: what lies between is read with the older ones
    const joins = fresh.length < events.length || !known;
    this.log = joins ? [...fresh, ...this.log] : events;
    if (!known || !joins) this.more = more;
    const news = this.isRead ? fresh.reverse() : [];
    this.isRead = true;
    return news;
  }

  async readOlder() {
    const { events, more } = await asked("GET", `/api/alerts/events?limit=${PAGE}&before=${this.log.at(-1).id}`);
    this.log = [...this.log, ...events];
    this.more = more;
  }

  async add(rule) {
    const made = await asked("POST", "/api/alerts", rule);
    // it may have been told of meanwhile
    this.rules = [...this.rules.filter(({ id }) => id !== made.id), made];
  }

  async change(id, changes) {
    const now = await asked("PATCH", `/api/alerts/${id}`, changes);
    this.rules = this.rules.map((rule) => (rule.id === id ? now : rule));
  }

  async remove(id) {
    await asked("DELETE", `/api/alerts/${id}`);
    this.rules = this.rules.filter((rule) => rule.id !== id);
  }
}

const asked = (method, path, body) => ask(path, { method, body, cache: "no-store" });
