// Is what the page shows the present? The age of the data decides, whatever the link says.

import { set } from "./dom.js";
import { limits } from "./embedded.js";
import { duration, marketClock, marketDate } from "./format.js";

const GRACE_MS = 1500;
const OLD = new Set(["stale", "reconnecting", "down", "login", "broker", "unknown"]);
const FLOWING = new Set(["live", "auction", "simulated", "closed"]);
const SENTENCES = {
  waiting: "No snapshot has arrived yet: history is filling, or no feed is running (python -m app collect).",
  reconnecting: "The link to the server is gone; trying again.",
  login: "Your session has ended: sign in again.",
  unknown: "How old these figures are is not known at the moment; do not take them for the present.",
};

// what was said of the next minutes holds no more, or nobody knows whether it does
const SILENT = {
  loading: "newer figures are on their way", stale: "the data are stale", closed: "the market is closed",
  reconnecting: "the link to the server is gone", down: "the server is out of order", login: "your session has ended",
  broker: "the broker wants a login, and the data are old", unknown: "how old the data are is not known",
};

// The state, the word beside the dot and the sentence in the footer for what is known:
// loggedOut, problem, lostMs (how long the link is gone), way, label (of the tab), summary (null
// before any), ageMs (null if unknown), awaited (a tab whose answer is not here), wasOld, market,
// feed (state and sentence of what brings the data, as far as a collector tells).
/** @returns {string[]} */
function verdict(known) {
  const { loggedOut, problem, lostMs, label, summary, ageMs } = known;
  if (loggedOut) return ["login", "sign in", SENTENCES.login];
  // the past needs no link, and is never older than it was
  if (known.market.kind === "past" && summary) return ["past", "past", known.market.says];
  if (problem) return ["down", (/database/i.test(problem) ? "database down" : "out of order") + (summary ? agedBy(ageMs) : ""), `${problem} The page recovers by itself.`];
  // a moment without a link is not worth a colour
  if (lostMs > GRACE_MS) return ["reconnecting", `reconnecting${agedBy(ageMs)}`, SENTENCES.reconnecting];
  if (!summary) return ["loading", "loading", `Loading ${label}…`];
  const found = summary.updated_at === null ? ["waiting", "waiting", SENTENCES.waiting] : byAge(known);
  return explained(found, known);
}

// why nothing new comes, by what brings it; what is fresh needs no reason, a replay has its own. A
// feed that flows tells what else is being done: of the history that is filled, how far that is
/** @param {string[]} found */
function explained([state, word, sentence], { feed, market }) {
  if (!feed?.sentence || market.kind === "replayed") return [state, word, sentence];
  if (FLOWING.has(feed.state)) return [state, word, [sentence, feed.sentence].filter(Boolean).join(" ")];
  if (state === "live") return [state, word, sentence];
  if (feed.state === "login needed") return ["broker", "log in at the broker", feed.sentence];
  return [state, word, state === "closed" ? sentence : feed.sentence];
}

const agedBy = (ageMs) => (ageMs === null ? "" : ` · ${duration(ageMs / 1000)} old`);

/** @returns {string[]} */
function byAge({ ageMs, awaited, wasOld, way, market, summary }) {
  const by = way === "poll" ? " polled" : "";
  if (market.kind === "closed") return ["closed", "closed", market.says];
  if (ageMs === null) return ["unknown", "age unknown", SENTENCES.unknown];
  const age = ageMs / 1000;
  if (age <= limits.slow_after_s) return ["live", `${market.fresh} ${duration(age)}${by}`, market.says];
  if (awaited) return ["loading", `loading${agedBy(ageMs)}`, "These figures were here before; newer ones are on their way."];
  // colours that were taken come back with fresh data only
  if (age <= limits.stale_after_s && !wasOld) return ["slow", `slow ${duration(age)}${by}`, market.says];
  return ["stale", `stale ${duration(age)}${by}`, silence(age, market, summary)];
}

function silence(age, market, { last_update: at }) {
  if (market.kind === "replayed") return `The replay stands at ${marketClock(at)} of ${marketDate(at)}: nothing new for ${duration(age)}.`;
  const simulated = market.kind === "simulated" ? "simulated " : "";
  return `Nothing new for ${duration(age)}: the ${simulated}feed is connected but silent, or has stopped.`;
}

// Shows the verdict; only a change of state is told to who listens, never a figure.
export class Health {
  constructor() {
    this.word = document.querySelector("#health");
    this.sentence = document.querySelector("#sentence");
    this.empty = document.querySelector("#empty");
    this.chip = document.querySelector("#market");
    this.told = document.querySelector("#told");
    this.broker = document.querySelector("#broker");
    this.state = null;
    this.lostAt = null;
  }

  // since when there is no way to the server, for how long one does without
  heardOf(way) {
    if (way === "none") this.lostAt ??= performance.now();
    else this.lostAt = null;
  }

  show({ summary, problem, loggedOut, way }, { market, ...known }) {
    const lostMs = this.lostAt === null ? 0 : performance.now() - this.lostAt;
    const wasOld = OLD.has(this.state);
    const [state, word, sentence] = verdict({ problem, loggedOut, way, lostMs, wasOld, summary, market, ...known });
    set(document.body.dataset, "health", state);
    // a tab that is on its way keeps the frame of the one before: the page would jump twice
    const framed = state !== "loading" || summary || document.body.dataset.market === "none";
    if (framed) set(document.body.dataset, "market", market.kind);
    set(this.word, "textContent", word);
    set(this.sentence, "textContent", sentence);
    if (framed) set(this.chip, "textContent", market.words);
    set(this.broker, "hidden", state !== "broker");
    const bare = !summary || summary.updated_at === null;
    set(this.empty, "hidden", !bare);
    if (bare) set(this.empty, "textContent", sentence);
    if (state !== this.state) this.tell(state, market, sentence);
    this.state = state;
  }

  tell(state, market, sentence) {
    // what the page begins with is read anyway
    if (this.state === null) return;
    set(this.told, "textContent", state === "live" ? market.words || market.fresh : `${state}. ${sentence}`);
  }

  // why no signal is told now, whatever was told last; null while what is shown is young enough
  get silence() {
    return SILENT[this.state] ?? null;
  }

  // what the title begins with: nothing while a live market is seen live
  get prefix() {
    if (this.state === "broker") return "log in";
    return ["live", "closed", "past"].includes(this.state) ? "" : this.state;
  }
}
