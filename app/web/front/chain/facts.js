// The facts of the head lines: how each is written, and what it means or why it is missing. Beside
// the summary they are told of the day, the convention of IV, and whether the index stands still.

import { limits } from "../core/embedded.js";
import * as format from "../core/format.js";
import { signalOf } from "../core/signal.js";
import { CONVENTIONS, NO_FORWARD } from "../core/volatility.js";
import { YEAR_MS } from "./greeks.js";

const direction = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");
// more open interest is neither good nor bad: it has colours of its own
const flow = (value) => (value > 0 ? "added" : value < 0 ? "closed" : "");
const minutes = limits.itm_change_minutes;
// counted from the chain's own market time, so that it is right for a replayed day too
const leftMs = (s) => Date.parse(s.expires_at) - Date.parse(s.last_update);

// how many legs' OI is known, where it is not all of them
export const counted = ({ contracts, oi_known: known }) => (known === null || known === undefined || known === contracts
  ? "" : `OI of ${format.integer(known)} of ${format.integer(contracts)} legs known`);

const saysBefore = (name, write, { before }) => (before?.at && before[name] !== null
  ? `; ${write(before[name])} at the close of ${format.marketWeekday(before.at)}` : "");
const countedStrikes = ({ strikes }) => (strikes === undefined ? "" : `, ${strikes} strikes`);

const whole = (summary) => counted(summary) || "full chain";
const lacking = (what, summary) => `${what} is unknown: ${counted(summary) || "no open interest on one side"}`;

const itmChange = (summary, side) => summary[`itm_${side}_oi_change`];

const itm = (side, word) => ({
  text: (summary) => (itmChange(summary, side) === null ? format.DASH : `${format.percent(itmChange(summary, side))} %`),
  tone: (summary) => flow(Math.abs(itmChange(summary, side)) < 0.05 ? 0 : itmChange(summary, side)),
  says: (summary) => (itmChange(summary, side) === null
    ? `Unknown: OI of the ${limits.itm_strikes} ${word} in the money now or ${minutes} minutes before is missing`
    : `Open interest of the ${limits.itm_strikes} ${word} in the money, all together, against ${minutes} minutes before`),
});

export const FACTS = {
  underlying_price: {
    text: (s) => format.price(s.underlying_price),
    says: (s, { day, isAuction }) => `${s.underlying_name}${s.underlying_at ? ` of ${format.marketClock(s.underlying_at)}` : ""}${isAuction
      ? ", standing still in its closing auction while options trade: the strike at the money is that nearest to the index which the forward implies" : ""}; ${saysDay(day)}`,
  },
  future: {
    text: ({ underlying_future_price: future, underlying_price: index }) => (future === null
      ? format.DASH
      : format.price(future) + (index === null ? "" : ` ${format.signed(future - index)}`)),
    says: (s) => (s.underlying_future_price === null
      ? "The feed brings no future"
      : `${s.underlying_future_symbol ?? "Near future"} and its premium over the index; OI ${format.quantity(s.underlying_future_oi)}, ${format.percent(s.percent_oichange_fut_3m)} % in 3 minutes`),
  },
  forward: {
    text: ({ forward, underlying_price: index }) => (forward === null
      ? format.DASH
      : format.price(forward) + (index === null ? "" : ` ${format.signed(forward - index)}`)),
    says: (s) => (s.forward === null
      ? "The forward is unknown: no strike has a price on both sides, or whoever wrote this chain told none"
      : "What calls and puts together say the index will be worth at this expiry (put–call parity), and its distance to the index"),
  },
  vix: {
    text: (s) => format.ratio(s.vix),
    says: (s) => (s.vix === null ? "The feed brings no India VIX" : "India VIX"),
  },
  pcr: {
    text: (s) => format.ratio(s.pcr),
    says: (s, about) => (s.pcr === null
      ? lacking("PCR", s)
      : `Put open interest / call open interest, ${whole(s)}${countedStrikes(about)}${saysBefore("pcr", format.ratio, about)}`),
  },
  pcr_volume: {
    text: (s) => format.ratio(s.pcr_volume),
    says: (s, about) => (s.pcr_volume === null
      ? "Volume PCR is unknown: no volume on one side"
      : `Put volume / call volume, full chain${saysBefore("pcr_volume", format.ratio, about)}`),
  },
  max_pain: {
    text: (s) => format.strike(s.max_pain),
    says: (s, about) => (s.max_pain === null
      ? lacking("Max pain", s)
      : `The strike at which option buyers would receive least if it expired now, ${whole(s)}${countedStrikes(about)}${saysBefore("max_pain", format.strike, about)}`),
  },
  levels: {
    text: (_, { levels }) => `${format.strike(levels.S[0])} / ${format.strike(levels.R[0])}`,
    says: (_, { levels }) => [
      levels.S.length ? `Support, most put OI below the index: ${levels.S.map(format.strike).join(", then ")}` : "Support unknown: no put below the index holds any OI",
      levels.R.length ? `resistance, most call OI above it: ${levels.R.map(format.strike).join(", then ")}` : "resistance unknown: no call above it holds any OI",
    ].join("; "),
  },
  baseline: {
    text: (s) => (s.prev_close_at ? format.marketWeekday(s.prev_close_at).replace(/ \d{4}$/, "") : format.DASH),
    says: (s) => (s.prev_close_at
      ? `Changes of the day count from the close of ${format.marketWeekday(s.prev_close_at)}, ${format.marketClock(s.prev_close_at)}; those over minutes from the newest snapshot that is old enough`
      : "Changes of the day are unknown: no earlier day is stored"),
  },
  itm_ce: itm("ce", "calls"),
  itm_pe: itm("pe", "puts"),
  breadth: {
    text: (s) => `${format.share(s.itm_ce_breadth)} / ${format.share(s.itm_pe_breadth)}`,
    says: () => `Share of the ${limits.itm_strikes} strikes in the money and ATM whose 3-minute OI change is positive; calls / puts`,
  },
  atm_iv: {
    text: (s, { iv }) => format.decimal(s[CONVENTIONS[iv].atm]),
    says: (s, { iv }) => saysAtmIv(s, iv),
  },
  straddle: {
    text: (s) => format.price(s.straddle),
    says: saysStraddle,
  },
  to_expiry: {
    text: (s) => {
      if (!s.expires_at || !s.last_update) return format.DASH;
      return format.remaining(leftMs(s) / 1000);
    },
    says: (s) => (s.expires_at ? `Expires ${format.marketWeekday(s.expires_at)}, ${format.marketClock(s.expires_at).slice(0, 5)}` : "The expiry is unknown"),
  },
  signal: {
    text: (s, { silence }) => signalOf(s, silence).text,
    tone: (s, { silence }) => (signalOf(s, silence).word === null ? "muted" : ""),
    says: (s, { silence }) => signalOf(s, silence).why,
  },
};

function saysAtmIv(summary, iv) {
  const { atm, on } = CONVENTIONS[iv];
  if (summary[atm] !== null) return `Implied volatility at the money, %, ${on}: call and put on average${saysMove(summary, CONVENTIONS[iv])}`;
  const why = iv === "forward" && summary.forward === null ? NO_FORWARD : "no trade explains it";
  return `Implied volatility at the money is unknown: ${why}`;
}

// what the straddle counts on: a buyer of both gains beyond these levels at expiry
function saysStraddle({ straddle, atm_strike: atm, underlying_price: index }) {
  if (straddle === null) return "One of the two at the money has not traded";
  const share = index > 0 ? `, ${format.ratio((straddle / index) * 100)} % of the index` : "";
  return `ATM call + ATM put${share}; even at expiry at ${format.price(atm - straddle)} and ${format.price(atm + straddle)}`;
}

// one standard deviation of the index up to expiry, as options have it
function saysMove(summary, volatility) {
  const level = summary[volatility.level];
  const move = (level * summary[volatility.atm] * Math.sqrt(leftMs(summary) / YEAR_MS)) / 100;
  if (!(move > 0)) return "";
  return `; one standard deviation to expiry is ±${format.price(move)}, ${format.price(level - move)} to ${format.price(level + move)}`;
}

// the minute in which the index moved last, as far as the day is known
function lastMoved(day) {
  const { minutes = [], index = [] } = day ?? {};
  for (let i = index.length - 1; i > 0; i -= 1) if (index[i] !== index[i - 1]) return minutes[i];
  return null;
}

// what it was at the close before, beside what it is
export const BEFORE = { pcr: format.ratio, pcr_volume: format.ratio, max_pain: format.strike };
// how far the index is behind the chain by the exchange's own times, in seconds; null where it is
// not, or nobody tells
function behind({ underlying_at: at, last_update: now }) {
  const seconds = at && now ? (Date.parse(now) - Date.parse(at)) / 1000 : 0;
  return seconds > limits.slow_after_s ? seconds : null;
}

// what stands beside an index that is older than the chain under it
export function saysIndexAge(summary, { day, isAuction }) {
  const late = behind(summary);
  if (isAuction) return ["auction", late === null ? lastMoved(day) : format.marketClock(summary.underlying_at)].filter(Boolean).join(", last ");
  return late === null ? "" : `of ${format.marketClock(summary.underlying_at)}, ${format.duration(late)} before the chain`;
}

export function dayChange({ underlying_price: now }, day) {
  const before = day?.previous_close ?? null;
  if (before === null || now === null) return { text: format.DASH, tone: "muted" };
  const pct = ((now - before) / before) * 100;
  const arrow = pct > 0 ? "▲" : pct < 0 ? "▼" : "";
  return { text: `${arrow}${Math.abs(pct).toFixed(2)} %`, tone: direction(pct) };
}

function saysDay(day) {
  if (!day) return "the day's change is being looked up";
  if (day.previous_close === null) return "change of the day unknown: no earlier day is stored";
  const of = day.previous_close_day ?? null;
  return `change since the close of ${of === null ? "the trading day before" : format.marketWeekday(of)}, ${format.price(day.previous_close)}`;
}
