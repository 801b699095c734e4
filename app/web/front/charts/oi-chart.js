// Open interest by strike: calls and puts side by side, with what was added or closed in 30 minutes.

import { element, scale, ticks } from "./draw.js";
import { quantity, strike as strikeText } from "../core/format.js";

const EDGE = { left: 44, right: 8, top: 6, bottom: 20 };

export function plotOi({ rows, atm, pain, index }, width, height) {
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
  const strikes = rows.map((row) => row.strike);
  nodes.push(...marks({ pain, index }, (value) => markX(strikes, value, x, slot), height));
  return { nodes, at: reading(rows, atm, x, slot) };
}

function reading(rows, atm, x, slot) {
  return (pointer) => {
    const i = pointer === null ? rows.findIndex((row) => row.strike === atm) : Math.floor((pointer - EDGE.left) / slot);
    const row = rows[i];
    return row && { x: x(i) + slot / 2, text: `${strikeText(row.strike)} · CE ${quantity(row.CE?.oi)} · PE ${quantity(row.PE?.oi)}` };
  };
}

// Where a level of the index stands among slots of equal width: strikes may be unevenly spaced,
// so it lies between the slots of its two neighbours. Null beyond them.
export function markX(strikes, value, x, slot) {
  if (value === null || value === undefined || value < strikes[0] || value > strikes.at(-1)) return null;
  const right = strikes.findIndex((strike) => strike >= value);
  const left = Math.max(0, right - 1);
  const share = right === left ? 0 : (value - strikes[left]) / (strikes[right] - strikes[left]);
  return x(left + share) + slot / 2;
}

const before = (leg) => (leg.oi === null ? 0 : leg.oi - (leg.oi_30m ?? 0));
const top = (leg) => (leg ? Math.max(leg.oi ?? 0, before(leg)) : 0);

function bars(leg, side, left, width, y) {
  if (!leg?.oi) return [];
  const now = leg.oi;
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

function marks({ pain, index }, at, height) {
  const line = (value, name) => (at(value) === null
    ? []
    : [element("line", { x1: at(value), x2: at(value), y1: EDGE.top, y2: height - EDGE.bottom, class: name, "data-mark": name })]);
  const nodes = [...line(index, "mark-index"), ...line(pain, "mark")];
  if (at(pain) !== null) nodes.push(element("text", { x: at(pain) + 4, y: EDGE.top + 9 }, "max pain"));
  return nodes;
}
