// Is what the page shows the present? The age of the data decides, whatever the link says.

import { duration, marketClock, marketDay } from "./format.js";

const SLOW_S = 10;
const STALE_S = 45;
const SENTENCES = {
  waiting: "No snapshot has arrived yet: history is filling, or no feed is running (python -m app collect).",
  closed: "The market is closed; this is the last session.",
  reconnecting: "The link to the server is gone; trying again.",
  login: "Your session has ended: sign in again.",
};

export class Health {
  constructor() {
    this.body = document.body;
    this.word = document.querySelector("#health");
    this.sentence = document.querySelector("#sentence");
    this.empty = document.querySelector("#empty");
    this.offsetMs = 0;
    this.way = "push";
    this.problem = null;
    this.summary = null;
    this.loggedOut = false;
    this.lostAt = null;
    setInterval(() => this.show(), 200);
  }

  heard(serverMs) {
    if (serverMs) this.offsetMs = serverMs - Date.now();
  }

  setWay(way) {
    if (way === "none") this.lostAt ??= Date.now();
    else this.lostAt = null;
    this.way = way;
  }

  get nowMs() {
    return Date.now() + this.offsetMs;
  }

  show() {
    const { problem, loggedOut, way, summary, nowMs } = this;
    const lostMs = this.lostAt === null ? 0 : Date.now() - this.lostAt;
    const [state, word, sentence] = verdict({ problem, loggedOut, lostMs, way, summary, nowMs });
    if (this.body.dataset.health !== state) this.body.dataset.health = state;
    if (this.word.textContent !== word) this.word.textContent = word;
    if (this.sentence.textContent !== sentence) this.sentence.textContent = sentence;
    const bare = !this.summary || this.summary.updated_at === null;
    this.empty.hidden = !bare;
    if (bare) this.empty.textContent = sentence;
  }

}

// The state, the word beside the dot and the sentence in the footer for what is known:
// problem, loggedOut, lostMs (how long the link is gone), way, summary, nowMs (the server's clock).
export function verdict({ problem, loggedOut, lostMs, way, summary, nowMs }) {
  if (loggedOut) return ["login", "sign in", SENTENCES.login];
  if (problem) return ["down", "database down", `${problem} The page recovers by itself.`];
  // a moment without a link is not worth a colour
  if (lostMs > 1500) return ["reconnecting", "reconnecting", SENTENCES.reconnecting];
  if (!summary || summary.updated_at === null) return ["waiting", "waiting", SENTENCES.waiting];
  return byAge(summary, nowMs, way === "poll" ? " polled" : "");
}

function byAge(summary, nowMs, by) {
  const age = Math.max(0, (nowMs - Date.parse(summary.updated_at)) / 1000);
  if (age <= SLOW_S) return ["live", `live ${duration(age)}${by}`, replaying(summary, nowMs)];
  if (age <= STALE_S) return ["slow", `slow ${duration(age)}${by}`, replaying(summary, nowMs)];
  const at = summary.last_update;
  if (!inSession(nowMs)) return ["closed", `closed · ${marketDay(at)} ${marketClock(at).slice(0, 5)}`, SENTENCES.closed];
  return ["stale", `stale ${duration(age)}`, `Nothing new for ${duration(age)}: the feed is connected but silent, or has stopped.`];
}

// a feed that runs on another day's clock (simulation, replay) must not pass for today's market
function replaying(summary, nowMs) {
  const at = Date.parse(summary.last_update);
  const present = Math.abs(nowMs - at) < 120_000;
  if (present) return inSession(at) ? "" : "The exchanges are closed: this market is simulated or replayed.";
  return `Simulated or replayed market: its clock shows ${marketClock(summary.last_update)} on ${marketDay(summary.last_update)}.`;
}

function inSession(nowMs) {
  const ist = new Date(nowMs + 5.5 * 3600 * 1000);
  const minutes = ist.getUTCHours() * 60 + ist.getUTCMinutes();
  const weekday = ist.getUTCDay();
  return weekday > 0 && weekday < 6 && minutes >= 555 && minutes < 930;
}
