// Charts of a day: how each takes its figures from what the server and the live chain say.

import { decimal, price, quantity, ratio, signed, strike as strikeText } from "../core/format.js";
import { nearest } from "./drawing.js";
import { axis, clock, clockOf, secondsOf, together, withGaps } from "./times.js";
import { withTold } from "./told.js";

const MINUTE = 60;
const DASHED = [5, 3];
const DOTTED = [2, 3];
const STEPS = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800];
const known = (values) => values.some((value) => value !== null && value !== undefined);

const index = (values, axisOf = 1) => ({ label: "index", values, write: price, token: "faint", draw: "line", axis: axisOf });

// Columns over times as a drawing of the day that `series` is of. With a past moment nothing after
// it is there: a point tells of the `span` seconds from its time on.
function ofDay(view, series, { times, columns }, { axes, span = 0, ...more }) {
  const { until } = view;
  const count = until === null ? times.length : times.filter((at) => at + span <= until).length;
  const cut = columns.map((column) => ({ ...column, values: column.values.slice(0, count) }));
  if (!cut.some(({ draw, values }) => draw && known(values))) return { none: "nothing is stored of this day yet" };
  // the columns of a map stand each for itself
  const spaced = more.cells ? { times: times.slice(0, count), columns: cut } : withGaps(times.slice(0, count), cut);
  const [opens, closes] = axis(times, series.open, series.close);
  const range = /** @type {[number, number]} */ ([opens, Math.max(closes, times.at(-1) + (more.cells?.width ?? 0))]);
  const [from, to] = (series.auction ?? []).map(secondsOf);
  const drawing = {
    group: "time", xName: "time", x: spaced.times, shared: spaced.times, columns: spaced.columns, range, axes, steps: STEPS,
    writeX: clock, nameX: (i) => clockOf(spaced.times[i]),
    bands: from === undefined || from >= range[1] ? [] : [{ from, to: Math.min(to, range[1]), label: "auction" }],
    marks: until === null ? [] : [{ x: until, label: "", token: "past-mark" }],
    home: spaced.times.length - 1,
    ...more,
  };
  return withTold(view, drawing, span);
}

// the live chain's seconds of the day, where it is of the day that the series is of
function present({ moment, summary }, day) {
  const at = summary?.last_update ?? null;
  return moment || at === null || at.slice(0, 10) !== day ? null : secondsOf(at.slice(11, 19));
}

// what is not over yet comes from the live chain: its point takes the place of one at the same time
function withPresent(times, values, at, now) {
  if (at === null || at < (times.at(-1) ?? 0)) return { times, values };
  const count = times.at(-1) === at ? times.length - 1 : times.length;
  return {
    times: [...times.slice(0, count), at],
    values: Object.fromEntries(Object.entries(values).map(([name, own]) => [name, [...own.slice(0, count), now[name] ?? null]])),
  };
}

const less = (a, b) => (a === null || b === null || a === undefined || b === undefined ? null : a - b);

// the day by minute with the minute that is under way
function minutesOf(view, day) {
  const { pcr, pcr_volume: volume, index: level, premium, atm, straddle } = day;
  const at = present(view, day.day);
  const { summary: s } = view;
  return withPresent(day.minutes.map(secondsOf), { pcr, volume, level, premium, atm, straddle }, at === null ? null : at - (at % MINUTE), at === null ? {} : {
    pcr: s.pcr, volume: s.pcr_volume, level: s.underlying_price, premium: less(s.underlying_future_price, s.underlying_price), atm: s.atm_strike, straddle: s.straddle,
  });
}

export function pcr(view) {
  const day = view.day();
  if (!day) return null;
  const { times, values } = minutesOf(view, day);
  const columns = [
    { label: "PCR", values: values.pcr, write: ratio, token: "text", draw: "line" },
    { label: "of volume", values: values.volume, write: ratio, token: "dim", draw: "line", dash: DASHED },
    index(values.level),
  ];
  return ofDay(view, day, { times, columns }, { axes: [(v) => v.toFixed(2), strikeText], span: MINUTE });
}

export function premium(view) {
  const [day, levels] = [view.day(), view.series("levels", view.ofDay())];
  if (!day || !levels) return null;
  const { times, values } = minutesOf(view, day);
  const ends = levels.minutes.map(secondsOf);
  const both = together(
    { times, columns: [{ label: "premium of the future", values: values.premium, write: signed, token: "text", draw: "line" }] },
    { times: ends, columns: [{ label: "ATM IV %", values: levels.atm_iv, write: decimal, token: "dim", draw: "line", dash: DASHED, axis: 1 }] },
  );
  return ofDay(view, day, /** @type {any} */ (both), { axes: [strikeText, (v) => v.toFixed(1)], span: MINUTE });
}

export function pain(view) {
  const [day, levels] = [view.day(), view.series("levels", view.ofDay())];
  if (!day || !levels) return null;
  const { times, values } = minutesOf(view, day);
  const ends = levels.minutes.map(secondsOf);
  const both = together(
    { times: ends, columns: [
      { label: "max pain", values: levels.max_pain, write: strikeText, token: "text", draw: "steps" },
      { label: "forward", values: levels.forward, write: price, token: "dim", draw: "line", dash: DOTTED },
    ] },
    { times, columns: [index(values.level, 0)] },
  );
  return ofDay(view, day, /** @type {any} */ (both), { axes: [strikeText], span: MINUTE });
}

export function straddle(view) {
  const { put, call } = view.chosen;
  if (!put && !call) return rolling(view);
  const atm = view.summary?.atm_strike ?? null;
  const low = Number(put) || atm;
  const high = Number(call) || atm;
  if (low === null) return { none: "the strike at the money is unknown" };
  const series = view.series("straddle", { ...view.ofDay(), strikes: [low, high].join() });
  if (!series) return null;
  const legs = [view.chain?.leg(series.put_strike, "PE"), view.chain?.leg(series.call_strike, "CE")].map((leg) => leg?.ltp ?? null);
  const { price: sum, put: puts, call: calls, index: level } = series;
  const { times, values } = withPresent(series.times.map(secondsOf), { sum, puts, calls, level }, present(view, series.day), {
    sum: legs.includes(null) ? null : legs[0] + legs[1], puts: legs[0], calls: legs[1], level: view.summary?.underlying_price,
  });
  const columns = [
    { label: series.put_strike === series.call_strike ? "straddle" : "strangle", values: values.sum, write: price, token: "text", draw: "line" },
    { label: `${strikeText(series.put_strike)} PE`, values: values.puts, write: price, token: "pe", draw: "line" },
    { label: `${strikeText(series.call_strike)} CE`, values: values.calls, write: price, token: "ce", draw: "line" },
    index(values.level),
  ];
  return ofDay(view, series, { times, columns }, { axes: [strikeText, strikeText] });
}

// the straddle of whichever strike was at the money
function rolling(view) {
  const day = view.day();
  if (!day) return null;
  const { times, values } = minutesOf(view, day);
  const columns = [
    { label: "straddle", values: values.straddle, write: price, token: "text", draw: "line" },
    { label: "of", values: values.atm, write: strikeText },
    index(values.level),
  ];
  return ofDay(view, day, { times, columns }, { axes: [strikeText, strikeText], span: MINUTE });
}

export function contract(view) {
  const { side } = view.chosen;
  const strike = Number(view.chosen.strike) || (view.summary?.atm_strike ?? null);
  if (strike === null) return { none: "the strike at the money is unknown" };
  const series = view.series("contract", { ...view.ofDay(), strike, side });
  if (!series) return null;
  const leg = view.chain?.leg(strike, side);
  const { oi, price: paid, iv } = series;
  const { times, values } = withPresent(series.times.map(secondsOf), { oi, paid, iv }, present(view, series.day), {
    oi: leg?.oi, paid: leg?.ltp, iv: leg?.iv,
  });
  const columns = [
    { label: `${strikeText(strike)} ${side} OI ${view.unit}`.trim(), values: values.oi.map(view.counted), write: quantity, token: side.toLowerCase(), draw: "area" },
    { label: "LTP", values: values.paid, write: price, token: "text", draw: "line", axis: 1 },
    { label: "IV spot 10 %", values: values.iv, write: decimal },
  ];
  return ofDay(view, series, { times, columns }, { axes: [quantity, strikeText] });
}

export function heat(view) {
  const [side, change] = view.chosen.of.split("-");
  const series = view.series("heat", { ...view.ofDay(), around: view.chosen.around });
  if (!series) return null;
  const width = series.minutes_each * MINUTE;
  const all = series.minutes.map(secondsOf);
  const times = view.until === null ? all : all.filter((at) => at + width <= view.until);
  if (!times.length) return { none: "nothing is stored of this day yet" };
  const first = series[`first_${side}`];
  const values = series[`oi_${side}`].map((row, r) => times.map((_, i) => view.counted(change ? less(row[i], first[r]) : row[i])));
  const cells = {
    rows: series.strikes, values, width, token: side, writeRow: strikeText, home: nearest(series.strikes, view.summary?.atm_strike ?? series.atm ?? 0),
    write: (value) => `${side.toUpperCase()} ${change ? "ΔOI" : "OI"} ${quantity(value)} ${view.unit}`.trim(),
  };
  const drawing = ofDay(view, series, { times, columns: [{ label: "", values: times.map(() => 0), write: () => "", draw: "line" }] }, { axes: [strikeText], cells });
  return { ...drawing, columns: [] };
}

export function days(view) {
  const series = view.series("days", { ...view.ofDay(), days: view.chosen.days });
  if (!series) return null;
  const { summary, date } = view;
  // what the day became after the moment is not known at the moment
  const past = series.days.filter((day) => date === null || day < date).length;
  const now = date === null ? [] : [{ day: date, pcr: summary?.pcr ?? null, ce: summary?.total_oi_ce ?? null, pe: summary?.total_oi_pe ?? null, level: summary?.underlying_price ?? null }];
  const column = (values, name) => [...values.slice(0, past), ...now.map((one) => one[name])];
  const named = [...series.days.slice(0, past), ...now.map(({ day }) => day)];
  if (!named.length) return { none: "no trading day is stored yet" };
  const x = named.map((_, i) => i);
  const before = column(series.pcr, "pcr");
  return {
    group: null, xName: "day", x, shared: x, range: [-0.6, x.length - 0.4], steps: [1, 2, 5, 10, 20, 50], zero: true,
    writeX: (i) => (named[i] ? dayOf(named[i]) : ""), nameX: (i) => named[i], bands: [], marks: [], home: x.length - 1,
    axes: [quantity, (v) => v.toFixed(2)],
    columns: [
      { label: "CE OI", values: column(series.oi_ce, "ce"), write: quantity, token: "ce", draw: "bars", place: -1 },
      { label: "PE OI", values: column(series.oi_pe, "pe"), write: quantity, token: "pe", draw: "bars", place: 1 },
      { label: "PCR", values: before, write: ratio, token: "text", draw: "line", axis: 1 },
      { label: "index", values: column(series.index, "level"), write: price },
    ],
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dayOf = (iso) => `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`;
