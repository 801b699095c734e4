// Open interest by strike: calls and puts side by side, with what was added or closed in 30 minutes.

import { element, scale, ticks } from "./draw.js";
import { quantity, strike as strikeText } from "./format.js";

const EDGE = { left: 44, right: 8, top: 6, bottom: 20 };

export function plotOi({ rows, atm, pain, index }, width, height, cursorX) {
  const most = Math.max(0, ...rows.flatMap((row) => [top(row.CE), top(row.PE)]));
  if (!rows.length || !most) return null;
  const x = scale(0, rows.length, EDGE.left, width - EDGE.right);
  const y = scale(0, most * 1.04, height - EDGE.bottom, EDGE.top);
  const slot = (width - EDGE.left - EDGE.right) / rows.length;
  const bar = Math.max(1.5, slot * 0.38);
  const nodes = [...grid(y, most, width), ...labels(rows, x, slot, height)];
  rows.forEach((row, i) => {
    const middle = x(i) + slot / 2;
    nodes.push(...bars(row.CE, "ce", middle - bar, bar, y), ...bars(row.PE, "pe", middle, bar, y));
  });
  nodes.push(...marks(rows, { atm, pain, index }, x, slot, height));
  const pointed = cursorX === null ? null : rows[Math.floor((cursorX - EDGE.left) / slot)];
  const shown = pointed ?? rows.find((row) => row.strike === atm);
  const readout = shown && `${strikeText(shown.strike)} · CE ${quantity(shown.CE?.latest_oi)} · PE ${quantity(shown.PE?.latest_oi)}`;
  return { nodes, readout };
}

const before = (leg) => (leg.latest_oi === null ? 0 : leg.latest_oi - (leg.abs_30m ?? 0));
const top = (leg) => (leg ? Math.max(leg.latest_oi ?? 0, before(leg)) : 0);

function bars(leg, side, left, width, y) {
  if (!leg?.latest_oi) return [];
  const now = leg.latest_oi;
  const then = before(leg);
  const base = Math.min(now, then);
  const rect = (low, high, name) => element("rect", { x: left, width, y: y(high), height: Math.max(0, y(low) - y(high)), class: name });
  const nodes = [rect(0, base, `bar-${side}`)];
  if (now > then) nodes.push(rect(base, now, `added-${side}`));
  if (then > now) nodes.push(rect(base, then, `closed-${side}`));
  return nodes;
}

function grid(y, most, width) {
  return ticks(0, most, 4).flatMap((value) => [
    element("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }),
    element("text", { x: EDGE.left - 5, y: y(value) + 3.5, "text-anchor": "end" }, value ? quantity(value) : "0"),
  ]);
}

function labels(rows, x, slot, height) {
  const every = Math.max(1, Math.ceil(56 / slot));
  const centre = Math.floor(rows.length / 2) % every;
  return rows.flatMap((row, i) => (i % every === centre
    ? [element("text", { x: x(i) + slot / 2, y: height - 6, "text-anchor": "middle" }, strikeText(row.strike))]
    : []));
}

function marks(rows, { pain, index }, x, slot, height) {
  const strikes = rows.map((row) => row.strike);
  const step = strikes.length > 1 ? strikes[1] - strikes[0] : 1;
  const at = (value) => x((value - strikes[0]) / step) + slot / 2;
  const inside = (value) => value !== null && value >= strikes[0] && value <= strikes.at(-1);
  const nodes = [];
  if (inside(index)) nodes.push(element("line", { x1: at(index), x2: at(index), y1: EDGE.top, y2: height - EDGE.bottom, class: "cursor" }));
  if (inside(pain)) {
    nodes.push(element("line", { x1: at(pain), x2: at(pain), y1: EDGE.top, y2: height - EDGE.bottom, class: "mark" }));
    nodes.push(element("text", { x: at(pain) + 4, y: EDGE.top + 9 }, "max pain"));
  }
  return nodes;
}
