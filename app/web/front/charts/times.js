// Time of day as seconds since midnight, and what of a day may be shown.

import { limits } from "../core/embedded.js";

const MINUTE = 60;

/** @param {string} text HH:MM or HH:MM:SS */
export function secondsOf(text) {
  const [hours, minutes, seconds = 0] = text.split(":").map(Number);
  return hours * 3600 + minutes * MINUTE + seconds;
}

const two = (value) => String(value).padStart(2, "0");
export const clock = (seconds) => `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / MINUTE))}`;
export const clockOf = (seconds) => (seconds % MINUTE ? `${clock(seconds)}:${two(seconds % MINUTE)}` : clock(seconds));

// The day's session, wider where there is data beyond it; a simulated evening, or a day without a
// session, has an axis of its own.
export function axis(times, open, close) {
  const first = times[0];
  const last = times.at(-1);
  if (!open || !close) return [first, last];
  const [opens, closes] = [secondsOf(open), secondsOf(close)];
  return last < opens || first > closes ? [first, last] : [Math.min(opens, first), Math.max(closes, last)];
}

// A pause is a gap in every line, not a slope: a point without figures stands in it.
export function withGaps(times, columns) {
  const breaks = times.map((at, i) => i > 0 && at - times[i - 1] > limits.series_gap_s);
  if (!breaks.includes(true)) return { times, columns };
  const spread = (values, filler) => values.flatMap((value, i) => (breaks[i] ? [filler(i), value] : [value]));
  return {
    times: spread(times, (i) => times[i - 1] + 1),
    columns: columns.map((column) => ({ ...column, values: spread(column.values, () => null) })),
  };
}

// one ascending list of all times, and each column placed in it; where one has no point it is undefined
export function together(...series) {
  const times = [...new Set(series.flatMap(({ times: own }) => own))].sort((a, b) => a - b);
  const place = new Map(times.map((at, i) => [at, i]));
  const columns = series.flatMap(({ times: own, columns: owned }) => owned.map((column) => {
    const values = new Array(times.length).fill(undefined);
    own.forEach((at, i) => { values[place.get(at)] = column.values[i]; });
    return { ...column, values };
  }));
  return { times, columns };
}
