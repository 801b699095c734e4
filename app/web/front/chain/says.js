// What each cell of the table means: its figure, or why it is unknown, a heading, a strike, a total.

import { saysPinned } from "./against.js";
import { column } from "./cells.js";

const LEVELS = {
  S1: "support: most put OI below the index", S2: "second support by put OI",
  R1: "resistance: most call OI above the index", R2: "second resistance by call OI",
};

export function says(cell, { chain, view, lines, frame }) {
  const { column: key, side } = cell.dataset;
  if (!chain || !view) return "";
  if (cell.closest("thead")) return saysHead(key, side, view);
  if (cell.closest("tfoot")) return frame.says(key, side, chain);
  const row = lines.get(Number(cell.parentElement.dataset.strike));
  // its row has gone since it was pointed at
  if (!row) return "";
  if (!side) return saysStrike(row, chain.summary);
  const leg = row.legs[side];
  const what = leg ? column(key).says(leg, view) + saysPinned(column(key), leg, view) : "this strike has no such contract in the chain";
  const level = key === "oi" && row.levels[side] ? `; ${LEVELS[row.levels[side]]}` : "";
  return `${row.middle.textContent} ${side}: ${what}${level}`;
}

function saysHead(key, side, view) {
  const what = side ? column(key).headSays(view) : "Strike, in points of the index";
  return `${what}. Click or Enter sorts by it, Esc goes back to strikes.`;
}

function saysStrike({ strike, middle }, { atm_strike: atm, max_pain: pain }) {
  const what = [
    strike === atm && "at the money: the strike nearest to the index, or to the forward while the index stands still",
    strike === pain && "max pain: option buyers would receive least here",
  ].filter(Boolean);
  return `Strike ${middle.textContent}${what.length ? `, ${what.join("; ")}` : ""}`;
}
