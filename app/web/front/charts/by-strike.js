// Charts by strike: of the chain that is shown.

import { CONVENTIONS, smileLines } from "../core/volatility.js";
import { DASH, decimal, integer, marketClock, marketDate, quantity, signedQuantity, strike as strikeText } from "../core/format.js";
import { nearest, slotOf } from "./drawing.js";
import { secondsOf } from "./times.js";

const DASHED = [5, 3];
const DOTTED = [2, 3];
const SLOTS = [1, 2, 5, 10, 20, 50, 100];
const SMILE_AROUND = 20;
const CLOSE = "close";
const OPEN = "open";
export const LONGER = ["60", "120", OPEN];

const rowsOf = ({ chain }, count) => chain.around(Number(count)).map((strike) => ({ strike, CE: chain.leg(strike, "CE"), PE: chain.leg(strike, "PE") }));

const less = (now, then) => (now === null || then === null || now === undefined || then === undefined ? null : now - then);

// By how much the OI of a leg changed: over minutes, since the close of the day before, or, of what
// the chain itself does not tell, since a bar of the day's map. Null while that is on its way.
function changes(view, over) {
  if (over === CLOSE) return (leg) => less(leg?.oi, leg?.prev_close_oi);
  if (!LONGER.includes(over)) return (leg) => (leg?.oi === null ? null : leg?.[`oi_${over}m`] ?? null);
  const map = view.series("heat", { ...view.ofDay(), around: "50" });
  if (!map) return null;
  const place = new Map(map.strikes.map((strike, i) => [strike, i]));
  const at = view.summary.last_update;
  const bar = map.day === at.slice(0, 10) ? barAt(map, secondsOf(at.slice(11, 19)) - Number(over) * 60) : -1;
  return (leg) => {
    const row = place.get(leg?.strike);
    if (row === undefined) return null;
    const side = leg.side.toLowerCase();
    return less(leg.oi, over === OPEN ? map[`first_${side}`][row] : map[`oi_${side}`][row][bar]);
  };
}

// the last bar that had ended by then; -1 before all
const barAt = ({ minutes, minutes_each: each }, seconds) => minutes.findLastIndex((minute) => secondsOf(minute) + each * 60 <= seconds);

export const spanOf = (over) => ({ [CLOSE]: "since the close before", [OPEN]: "since the day's first" })[over] ?? (over === "60" ? "1 hour" : over === "120" ? "2 hours" : `${over} min`);

// slots of equal width, a strike each, with the levels that stand among them
function bySlot({ summary }, strikes, columns, more = {}) {
  const x = strikes.map((_, i) => i);
  const levels = [
    { at: summary.underlying_price, label: "index", token: "text" },
    { at: summary.max_pain, label: "max pain", token: "dim", dash: DOTTED },
  ];
  const centre = summary.atm_strike ?? summary.underlying_price;
  return {
    group: "strike", xName: "strike", x, shared: strikes, range: [-0.6, x.length - 0.4], steps: SLOTS, zero: true, columns, bands: [],
    writeX: (i) => (Number.isInteger(i) && strikes[i] !== undefined ? strikeText(strikes[i]) : ""), nameX: (i) => strikeText(strikes[i]), axes: [quantity],
    marks: levels.map(({ at, ...mark }) => ({ ...mark, x: slotOf(strikes, at) })).filter(({ x: place }) => place !== null),
    home: centre === null ? x.length >> 1 : nearest(strikes, centre),
    ...more,
  };
}

export function oi(view) {
  const { over, around } = view.chosen;
  const rows = rowsOf(view, around);
  const changed = changes(view, over);
  if (!changed) return null;
  const columns = ["CE", "PE"].flatMap((side, i) => {
    const values = rows.map((row) => view.counted(row[side]?.oi ?? null));
    const since = rows.map((row) => view.counted(changed(row[side])));
    const then = values.map((value, n) => (value === null || since[n] === null ? null : value - since[n]));
    return [
      { label: `${side} OI`, values, then, write: quantity, token: side.toLowerCase(), draw: "bars", place: i ? 1 : -1 },
      { label: `${side} Δ`, values: since, write: signedQuantity, token: side.toLowerCase() },
    ];
  });
  if (!columns[0].values.some(Boolean) && !columns[2].values.some(Boolean)) return { none: "no open interest is known yet" };
  return bySlot(view, rows.map(({ strike }) => strike), columns, { note: `Δ ${spanOf(over)}${view.unit && ` · ${view.unit}`}` });
}

export function change(view) {
  const { over, around } = view.chosen;
  const rows = rowsOf(view, around);
  const changed = changes(view, over);
  if (!changed) return null;
  const columns = ["CE", "PE"].map((side, i) => ({
    label: `${side} ΔOI`, values: rows.map((row) => view.counted(changed(row[side]))), write: signedQuantity, token: side.toLowerCase(), draw: "bars", place: i ? 1 : -1,
  }));
  if (!columns.some(({ values }) => values.some((value) => value !== null))) {
    return { none: `open interest is not known ${over === CLOSE ? "at the close before" : over === OPEN ? "at the day's first snapshot" : `${spanOf(over)} earlier on the day`}` };
  }
  return bySlot(view, rows.map(({ strike }) => strike), columns, { note: `${spanOf(over)}${view.unit && ` · ${view.unit}`}`, axes: [signedQuantity] });
}

const minus = (text) => text.replace("-", "−");
const crores = (value) => (value === null ? DASH : `${minus(decimal(value / 1e7))} Cr`);

export function gamma(view) {
  const found = view.series("gamma", view.moment ? { at: view.moment.at } : {});
  if (!found) return null;
  const near = new Set(view.chain.around(Number(view.chosen.around)));
  const places = found.strikes.map((strike, i) => (near.has(strike) ? i : -1)).filter((i) => i >= 0);
  const of = (values) => places.map((i) => values[i]);
  const net = of(found.net);
  if (!net.some((value) => value !== null)) return { none: "gamma is unknown: no volatility of this chain is known" };
  const strikes = of(found.strikes);
  const drawing = bySlot(view, strikes, [
    { label: "net", values: net, write: crores, token: "text", draw: "bars", place: 0 },
    { label: "CE", values: of(found.ce), write: crores, token: "ce" },
    { label: "PE", values: of(found.pe), write: crores, token: "pe" },
  ], { axes: [(value) => minus(integer(value / 1e7))], note: `crore INR for 1 % of the index · all strikes ${crores(found.net_total)} · flip ${strikeText(found.flip)}` });
  const flip = slotOf(strikes, found.flip);
  const marks = drawing.marks.filter(({ label }) => label !== "max pain");
  return { ...drawing, marks: flip === null ? marks : [...marks, { x: flip, label: "flip", token: "dim", dash: DOTTED }] };
}

// one smile: volatility by strike, of the legs that the convention takes
function curve(convention, forward, strikes, ivOf) {
  return smileLines(convention, forward).map(({ name, side }) => ({ name, side, values: new Map(strikes.map((strike) => [strike, ivOf(strike, side(strike))])) }));
}

const ofChain = (chain, convention, strikes) => curve(convention, chain.summary.forward, strikes, (strike, side) => chain.leg(strike, side)?.[CONVENTIONS[convention].leg] ?? null);

function ofClose(close, convention, strikes) {
  const field = convention === "spot" ? "iv" : "iv_forward";
  const place = new Map(close.strikes.map((strike, i) => [strike, i]));
  return curve(convention, close.forward, strikes.filter((strike) => place.has(strike)), (strike, side) => close[`${field}_${side.toLowerCase()}`][place.get(strike)]);
}

const TOKENS = { ce: "ce", pe: "pe", smile: "text" };
const NAMES = { ce: "CE", pe: "PE", smile: "IV" };

export function smile(view) {
  const { chain, choice: { iv }, pinned } = view;
  const { forward, underlying_price: index, expiry } = chain.summary;
  const strikes = chain.around(SMILE_AROUND);
  const lines = ofChain(chain, iv, strikes);
  if (!lines.some(({ values }) => [...values.values()].filter((value) => value !== null).length > 1)) return { none: "no volatility is known in this convention" };
  const close = view.series("smile", view.ofDay());
  const expired = close?.at && close.expiry !== null && close.expiry <= close.at.slice(0, 10);
  const columns = lines.map(({ name, side, values }) => column(strikes, values, {
    label: NAMES[name], token: TOKENS[name], dash: undefined, side: name === "smile" ? side : null,
  }));
  const beside = (found, label, dash) => found.map(({ name, values }) => column(strikes, values, { label, token: name === "smile" ? "dim" : TOKENS[name], dash }));
  if (close?.at && !expired) columns.push(...beside(ofClose(close, iv, strikes), closeOf(close, expiry), DASHED));
  if (pinned?.summary && pinned !== chain) columns.push(...beside(ofChain(pinned, iv, strikes), `pinned ${marketClock(pinned.summary.last_update).slice(0, 5)}`, DOTTED));
  const centre = iv === "forward" ? forward : index;
  return {
    group: "strike", xName: "strike", x: strikes, shared: strikes, range: [strikes[0], strikes.at(-1)], steps: [50, 100, 200, 250, 500, 1000, 2000, 5000], columns, bands: [],
    writeX: strikeText, nameX: (i) => strikeText(strikes[i]), axes: [decimal],
    marks: centre === null ? [] : [{ x: centre, label: "", token: "dim", dash: DOTTED }],
    home: nearest(strikes, centre ?? chain.summary.atm_strike ?? strikes[0]),
    note: [iv === "forward" ? "on the forward, puts | calls" : "on the index at 10 %", expired ? `the chain of ${marketDate(close.at)} expired that day` : ""].filter(Boolean).join(" · "),
  };
}

const closeOf = ({ at, expiry }, ours) => `close of ${marketDate(at).slice(0, -5)}${expiry === ours ? "" : `, expiry ${marketDate(expiry).slice(0, -5)}`}`;

// a strike that a smile does not have is no gap of it; the side that stands there is told with the figure
function column(strikes, values, { label, token, dash, side = null }) {
  const found = strikes.map((strike) => (values.has(strike) ? values.get(strike) : undefined));
  return { label, values: found, write: decimal, token, dash, draw: "line", nameAt: side && ((i) => side(strikes[i])) };
}
