// What has changed of a contract since the moment that is pinned: a sign, an arrow and a tint. A column
// `differs` where the difference of two of its figures is one to read; what is a change itself says
// what it was then in its explanation alone.

import { DASH, marketMoment } from "../core/format.js";

// more open interest is neither good nor bad: its colours are not those of prices
const FLOW = [" added", " closed"];
const PRICE = [" more", " less"];
const NOTHING = { text: "", tint: "" };

// the same contract at the pinned moment; a strike of another expiry is another contract
function pinnedLeg(leg, { against }) {
  const then = leg && against?.exchange !== undefined ? against.leg(leg.strike, leg.side) : null;
  return then?.symbol === leg?.symbol ? then : null;
}

export function compared({ differs, value, flows }, leg, view) {
  if (!view.against || !differs) return NOTHING;
  const then = pinnedLeg(leg, view);
  if (!then) return NOTHING;
  const [before, now] = [value(then, view.then) ?? null, value(leg, view) ?? null];
  if (before === null || now === null || before === now) return NOTHING;
  const text = differs(now - before, view);
  // what rounds to nothing has no direction
  if (!/[1-9]/.test(text)) return NOTHING;
  const [up, down] = flows ? FLOW : PRICE;
  return now > before ? { text: `▲${text}`, tint: up } : { text: `▼${text}`, tint: down };
}

export function saysPinned({ text, compares }, leg, view) {
  // what prices were before another moment is not looked up
  if (!view.against || (compares && !view.then.before)) return "";
  const at = view.against.summary.last_update;
  const when = marketMoment(at);
  const then = pinnedLeg(leg, view);
  if (!then) return `; not in the chain at ${when}, the pinned moment`;
  const told = text(then, view.then);
  return `; ${told === DASH ? "unknown" : told} at ${when}, the pinned moment`;
}
