// What a model said through the day, on a chart of that day: signs where a side began, words in the
// reading.

import { share } from "../core/format.js";
import { secondsOf } from "./times.js";

const SIDES = { BUY: 1, HOLD: 0, SELL: -1 };
const WORDS = new Map(Object.entries(SIDES).map(([word, side]) => [side, word]));

// The drawing with what was told, where that is chosen and anything was. A point tells of the `span`
// seconds from its time on; with a past moment nothing that was said later is there.
export function withTold(view, drawing, span = 0) {
  if (!drawing || drawing.none || view.chosen.signals !== "on") return drawing;
  const turns = turnsOf(view);
  if (!turns.length) return drawing;
  const last = Math.max(0, span - 1);
  const known = drawing.x.map((x) => turns.findLast(({ at }) => at <= x + last));
  return {
    ...drawing,
    signs: turns.filter(({ side }) => side).map(({ at, side }) => ({ x: at, up: side > 0 })),
    columns: [
      ...drawing.columns,
      { label: "signal", values: known.map((turn) => turn && turn.side), write: (side) => WORDS.get(side) ?? "", nameAt: (i) => (known[i].side === null ? "signal" : "") },
      { label: "chance", values: known.map((turn) => turn?.chance ?? undefined), write: share, nameAt: () => "" },
    ],
  };
}

function turnsOf(view) {
  // where no model is, none is asked about; a day that is over may have had one
  if (view.date === null && view.summary?.ml_rationale === "no model") return [];
  const found = view.beside("signals", view.ofDay());
  if (!found) return [];
  const all = found.times.map((at, i) => ({ at: secondsOf(at), side: SIDES[found.signals[i]] ?? null, chance: found.chances[i] }));
  const now = present(view, found.day);
  const turns = !now || stands(all, now) ? all : [...all.filter(({ at }) => at < now.at), now];
  // what was told last runs out later than the chain that is shown
  const until = view.until ?? shown(view.summary, found.day);
  return turns.filter(({ at }) => at <= until);
}

const shown = (summary, day) => (summary?.last_update?.slice(0, 10) === day ? secondsOf(summary.last_update.slice(11, 19)) : Infinity);

// the signal of the live chain, where it is of that day
function present({ moment, summary }, day) {
  const at = summary?.ml_metadata?.signal_id ?? null;
  if (moment || !summary?.ml_signal || at === null || at.slice(0, 10) !== day) return null;
  return { at: secondsOf(at.slice(11, 19)), side: SIDES[summary.ml_signal], chance: summary.ml_confidence };
}

// whether that is known already: the end of what was told last is only where it would run out
function stands(turns, now) {
  const told = turns.findLast(({ side, at }) => side !== null && at <= now.at);
  const over = turns.findLast(({ side }) => side === null);
  return told?.side === now.side && Boolean(over) && over.at >= now.at;
}
