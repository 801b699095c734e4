// What has changed of a contract since the moment that is pinned: a sign, an arrow and a tint.

import * as format from "../core/format.js";
import { CONVENTIONS } from "../core/volatility.js";

// more open interest is neither good nor bad: its colours are not those of prices
const FLOW = [" added", " closed"];
const PRICE = [" more", " less"];
const NOTHING = { text: "", tint: "" };

const inLots = (units, view) => (view.lots ? format.lots(units, view.lots) : units);
const quantity = (change, view) => format.signedQuantity(inLots(change, view));
const two = (change) => format.signed(change);
const one = (change) => format.percent(change);

// by column: the figure of a leg, and how a difference of two is written. What is a change itself
// is compared with nothing.
const FIGURES = {
  oi: [(leg) => leg.oi, quantity, FLOW],
  volume: [(leg) => leg.volume, quantity, FLOW],
  iv: [(leg, view) => leg[CONVENTIONS[view.iv].leg], one],
  ltp: [(leg) => leg.ltp, two],
};

// the same contract at the pinned moment; a strike of another expiry is another contract
function pinnedLeg(leg, { against }) {
  const then = leg && against?.exchange !== undefined ? against.leg(leg.strike, leg.side) : null;
  return then?.symbol === leg?.symbol ? then : null;
}

export function compared({ key }, leg, view) {
  if (!view.against || !FIGURES[key]) return NOTHING;
  const then = pinnedLeg(leg, view);
  if (!then) return NOTHING;
  const [figure, write, [up, down] = PRICE] = FIGURES[key];
  const [before, now] = [figure(then, view) ?? null, figure(leg, view) ?? null];
  if (before === null || now === null || before === now) return NOTHING;
  const text = write(now - before, view);
  // what rounds to nothing has no direction
  if (!/[1-9]/.test(text)) return NOTHING;
  return now > before ? { text: `▲${text}`, tint: up } : { text: `▼${text}`, tint: down };
}

export function saysPinned({ key, text }, leg, view) {
  if (!view.against || !FIGURES[key]) return "";
  const at = view.against.summary.last_update;
  const when = `${format.marketClock(at)}, ${format.marketDate(at)}`;
  const then = pinnedLeg(leg, view);
  return then ? `; ${text(then, view)} at ${when}, the pinned moment` : `; not in the chain at ${when}, the pinned moment`;
}
