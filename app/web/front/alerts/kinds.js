// The kinds of alerts: what each asks for, and how a rule is read in one line.

import { limits } from "../core/embedded.js";
import { decimal, integer, marketDate, ratio, price as twoDecimals, strike as strikeText } from "../core/format.js";

const CROSSING = [["above", "rises to"], ["below", "falls to"]];
const FEED_WORDS = ["login needed", "mute", "silent", "reconnecting", "waiting", "live", "auction", "closed"];

// `asks` names the parameters in their order; `unit` stands behind the level
export const KINDS = {
  price: { label: "Price", asks: ["strike", "side", "expiry", "direction", "level"], whole: "index", unit: "", of: (r) => (r.side ? "price" : "index") },
  oi_change: { label: "OI change", asks: ["strike", "side", "within", "expiry", "direction", "level", "unit", "minutes"], whole: "any strike", unit: "" },
  pcr: { label: "PCR", asks: ["direction", "level"], unit: "", of: () => "PCR" },
  iv: { label: "IV", asks: ["strike", "side", "expiry", "direction", "level"], whole: "ATM", unit: "%", of: (r) => (r.side ? "IV" : "ATM IV") },
  straddle: { label: "ATM straddle", asks: ["direction", "level"], unit: "", of: () => "ATM straddle" },
  max_pain: { label: "Max pain moves", asks: ["level"], unit: "points" },
  age: { label: "Data get old", asks: ["level"], unit: "seconds" },
  feed: { label: "Feed is at", asks: ["word"], unit: "" },
};

// by parameter: its choices, for those that have some
export function choicesOf(kind, name) {
  switch (name) {
    case "direction":
      return kind === "oi_change" ? [["either", "changes by"], ["up", "grows by"], ["down", "falls by"]] : CROSSING;
    case "unit": return [["percent", "%"], ["units", "units"]];
    case "minutes": return limits.change_minutes.map((minutes) => [minutes, `in ${minutes} min`]);
    case "side": return [["", kind === "oi_change" ? "CE and PE" : "–"], ["CE", "CE"], ["PE", "PE"]];
    case "word": return FEED_WORDS.map((word) => [word, word]);
    default: return null;
  }
}

const level = (kind, value) => ({ pcr: ratio, iv: decimal, max_pain: integer, age: integer }[kind] ?? twoDecimals)(value);

const contract = ({ strike, side, expiry }) => [
  strike === undefined ? "" : strikeText(strike), side ?? "", expiry ? `(${marketDate(expiry)})` : "",
].filter(Boolean).join(" ");

// "NIFTY 26,000 CE price rises to 120.00"
export function described({ kind, params }, label) {
  const of = contract(params);
  const words = (name) => choicesOf(kind, name).find(([value]) => value === params[name])[1];
  const parts = {
    oi_change: () => [
      "OI", params.strike === undefined ? `of any ${params.side ?? "strike"}` : "",
      params.within === undefined ? "" : `within ${params.within} of ATM`, words("direction"),
      params.unit === "percent" ? `${decimal(params.level)} %` : `${integer(params.level)} units`, words("minutes"),
    ],
    max_pain: () => ["max pain moves by", level(kind, params.level), "points"],
    age: () => ["data are", level(kind, params.level), "s old"],
    feed: () => ["feed is at:", params.word],
  }[kind] ?? (() => [KINDS[kind].of(params), words("direction"), level(kind, params.level), KINDS[kind].unit]);
  const named = kind === "oi_change" && params.strike === undefined ? "" : of;
  return [label, named, ...parts()].filter(Boolean).join(" ");
}
