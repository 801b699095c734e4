// What kind of market is shown: it travels with the data, and "closed" follows from the calendar.
// None but a live one in session may look like one.

import { limits } from "./embedded.js";
import { marketClock, marketDate, marketMoment, marketWeekday } from "./format.js";

const SAYS = {
  simulated: () => "This market is simulated: none of these prices is real.",
  replayed: (at) => `A replay: the market's clock shows ${marketClock(at)} on ${marketWeekday(at)}.`,
  closed: (at) => `The exchanges are closed; these are the last figures of ${marketWeekday(at)}, ${marketClock(at)}.`,
  unsaid: () => "Whoever writes these figures does not say whether the market is live, simulated or replayed.",
  live: () => "",
};
const FRESH = { live: "live", simulated: "simulated", replayed: "replay", unsaid: "fed", closed: "closed" };

// kind, `words` for bar and title (empty for a live market), `fresh` (what young data are called)
// and a sentence
export function marketOf(summary, phase) {
  const at = summary?.last_update ?? null;
  if (at === null) return { kind: "none", words: "", fresh: "live", says: "" };
  const kind = kindOf(summary, phase);
  return { kind, words: wordsOf(kind, at, summary.source), fresh: FRESH[kind], says: SAYS[kind](at) };
}

// a stored moment is shown, whatever the market is at
export function pastMarket(at, pinned) {
  const when = `${marketClock(at)}, ${marketWeekday(at)}`;
  const against = pinned ? ` against ${marketMoment(pinned.summary.last_update)}` : "";
  return { kind: "past", words: `as of ${when}${against}`, fresh: "past", says: `The past, as of ${when}; Home leads back to the present.` };
}

// the phase of what is shown: a replay's clock is not the one that the server tells the phase of, but
// its day's auction is known beside it
export function phaseOf(summary, { day, phase }) {
  if (!summary || kindOf(summary, phase) !== "replayed") return phase;
  const [from, to] = day?.auction ?? [];
  const clock = marketClock(summary.last_update);
  return from && clock >= from && clock < to ? { options: "open", index: "auction" } : {};
}

function kindOf(summary, phase) {
  const { source } = summary;
  if (source === "simulated" || source === "replayed") return source;
  if (source === null && ofAnotherTime(summary)) return "replayed";
  if (phase.options === "closed") return "closed";
  return source === "live" ? "live" : "unsaid";
}

// taken by the database at another time than the market's own
function ofAnotherTime({ last_update: at, updated_at: taken }) {
  return Math.abs(Date.parse(taken) - Date.parse(at)) > limits.future_tolerance_s * 1000;
}

function wordsOf(kind, at, source) {
  if (kind === "replayed") return source === null ? `data of ${marketDate(at)}` : `replay of ${marketDate(at)}`;
  if (kind === "closed") return `closed · last session ${marketWeekday(at)}`;
  return kind === "simulated" ? "simulated" : "";
}
