// PCR with the index over the day, and the smile of implied volatility.

import { element, path, scale, ticks } from "./draw.js";
import { decimal, price, ratio, strike as strikeText } from "../core/format.js";

const EDGE = { left: 38, right: 50, top: 8, bottom: 20 };
const SMILE_RIGHT = 24;
const GAP = 10;

const known = (values) => values.filter((value) => value !== null && value !== undefined);
const padded = (values, share) => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || Math.abs(high) * 0.01 || 1) * share;
  return [low - room, high + room];
};
const minuteOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const clock = (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;

// The day's session, wider where there is data beyond it; a simulated evening, or a day without a
// session, has an axis of its own.
export function axis(minutes, open, close) {
  const first = minutes[0];
  const last = minutes.at(-1);
  if (!open || !close) return [first, last];
  const [opens, closes] = [minuteOf(open), minuteOf(close)];
  return last < opens || first > closes ? [first, last] : [Math.min(opens, first), Math.max(closes, last)];
}

// a pause in the feed is a gap in the line, not a slope
function unbroken(minutes, values) {
  return minutes.flatMap((minute, i) => (i > 0 && minute - minutes[i - 1] > GAP
    ? [[minute, null], [minute, values[i]]]
    : [[minute, values[i]]]));
}

export function plotPcr({ minutes, pcr, index, open, close }, width, height) {
  if (known(pcr).length < 2) return null;
  const at = minutes.map(minuteOf);
  const [from, to] = axis(at, open, close);
  const x = scale(from, to, EDGE.left, width - EDGE.right);
  const [low, high] = padded(known(pcr), 0.12);
  const y = scale(low, high, height - EDGE.bottom, EDGE.top);
  const digits = high - low < 0.04 ? 3 : 2;
  const nodes = sideGrid(y, low, high, width, (value) => value.toFixed(digits));
  const every = [10, 30, 60, 120, 240].find((step) => x(step) - x(0) > 44) ?? 480;
  for (let minute = Math.ceil(from / every) * every; minute <= to; minute += every) {
    nodes.push(element("text", { x: x(minute), y: height - 6, "text-anchor": "middle" }, clock(minute)));
  }
  const line = (values, down, name) => element("path", {
    d: path(unbroken(at, values).map(([m, v]) => [x(m), v === null || v === undefined ? null : down(v)])), class: `line ${name}`,
  });
  if (known(index).length > 1) {
    const [least, most] = padded(known(index), 0.12);
    const right = scale(least, most, height - EDGE.bottom, EDGE.top);
    for (const value of ticks(least, most, 4)) {
      nodes.push(element("text", { x: width - EDGE.right + 5, y: right(value) + 3.5 }, strikeText(value)));
    }
    nodes.push(line(index, right, "line-index"));
  }
  nodes.push(line(pcr, y, "line-pcr"));
  const spots = at.map(x);
  const reading = (pointer) => {
    const i = nearest(spots, pointer);
    return { x: spots[i], text: `${minutes[i]} · ${ratio(pcr[i])} · ${price(index[i])}` };
  };
  return { nodes, at: reading };
}

export function plotSmile({ rows, lines, field, centre }, width, height) {
  const iv = (row, { side }) => row[side(row.strike)]?.[field] ?? null;
  const values = known(lines.flatMap((line) => rows.map((row) => iv(row, line))));
  if (values.length < 4) return null;
  const x = scale(rows[0].strike, rows.at(-1).strike, EDGE.left, width - SMILE_RIGHT);
  const [low, high] = padded(values, 0.08);
  const y = scale(low, high, height - EDGE.bottom, EDGE.top);
  const nodes = sideGrid(y, low, high, width + EDGE.right - SMILE_RIGHT, (value) => String(value));
  for (const value of ticks(rows[0].strike, rows.at(-1).strike, 4)) {
    nodes.push(element("text", { x: x(value), y: height - 6, "text-anchor": "middle" }, strikeText(value)));
  }
  for (const line of lines) {
    const points = rows.map((row) => [x(row.strike), iv(row, line) === null ? null : y(iv(row, line))]);
    nodes.push(element("path", { d: path(points), class: `line line-${line.name}` }));
  }
  if (centre !== null) nodes.push(element("line", { x1: x(centre), x2: x(centre), y1: EDGE.top, y2: height - EDGE.bottom, class: "mark" }));
  const spots = rows.map((row) => x(row.strike));
  const reading = (pointer) => {
    const row = rows[nearest(spots, pointer ?? (centre === null ? null : x(centre)))];
    return { x: x(row.strike), text: [strikeText(row.strike), ...lines.map((line) => `${line.side(row.strike)} ${decimal(iv(row, line))}`)].join(" · ") };
  };
  return { nodes, at: reading };
}

function sideGrid(y, low, high, width, write) {
  return ticks(low, high, 4).flatMap((value) => [
    element("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value), class: "grid" }),
    element("text", { x: EDGE.left - 5, y: y(value) + 3.5, "text-anchor": "end" }, write(value)),
  ]);
}

function nearest(spots, wanted) {
  if (wanted === null) return spots.length - 1;
  let best = 0;
  spots.forEach((spot, i) => {
    if (Math.abs(spot - wanted) < Math.abs(spots[best] - wanted)) best = i;
  });
  return best;
}
