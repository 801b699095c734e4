// The two head lines, the footer and the title of the page.

import * as format from "./format.js";

const facts = new Map([...document.querySelectorAll("[data-fact]")].map((node) => [node.dataset.fact, node]));

function put(name, text, className = "") {
  const node = facts.get(name);
  if (node.textContent !== text) node.textContent = text;
  if (node.className !== className && name !== "underlying_name") node.className = className;
}

const direction = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");

export function showHeadline(summary, nowMs) {
  put("underlying_name", summary.underlying_name);
  put("underlying_price", format.price(summary.underlying_price));
  put("vix", format.ratio(summary.vix));
  put("pcr", format.ratio(summary.pcr));
  put("pcr_volume", format.ratio(summary.pcr_volume));
  put("max_pain", format.strike(summary.max_pain));
  showFuture(summary);
  showFlow(summary);
  put("atm_iv", format.decimal(summary.atm_iv));
  put("straddle", format.price(summary.straddle));
  put("expiry", format.marketDate(summary.expiry));
  put("market_time", format.marketClock(summary.last_update));
  put("market_day", summary.last_update === null ? "" : format.marketDate(summary.last_update), "wide-only");
  put("contracts", format.integer(summary.contracts));
  put("sequence", format.integer(summary.sequence));
  showExpiry(summary, nowMs);
  showSignal(summary);
  document.title = `${format.price(summary.underlying_price)} ${summary.label} · OI Gemini`;
}

function showFuture(summary) {
  const { underlying_future_price: future, underlying_price: index } = summary;
  const node = facts.get("future");
  if (future === null) return put("future", format.DASH);
  const premium = index === null ? "" : ` ${format.signed(future - index)}`;
  put("future", format.price(future) + premium);
  node.parentElement.title = `${summary.underlying_future_symbol ?? "Near future"}: OI ${format.quantity(summary.underlying_future_oi)}, ${format.percent(summary.percent_oichange_fut_3m)} % in 3 minutes`;
}

function showFlow(summary) {
  for (const side of ["ce", "pe"]) {
    const value = summary[`itm_oi_${side}_pct_change`];
    put(`itm_${side}`, value === null ? format.DASH : `${format.percent(value)} %`, direction(Math.abs(value) < 0.05 ? 0 : value));
  }
  put("breadth", `${format.share(summary.itm_ce_breadth)} / ${format.share(summary.itm_pe_breadth)}`);
}

function showExpiry(summary, nowMs) {
  if (summary.expiry === null) return put("to_expiry", format.DASH);
  // counted from the chain's own market time, so that it is right for a replayed day too
  const at = summary.last_update === null ? nowMs : Date.parse(summary.last_update);
  const end = Date.parse(`${summary.expiry}T15:30:00+05:30`);
  put("to_expiry", format.remaining((end - at) / 1000));
}

function showSignal(summary) {
  const confidence = summary.ml_confidence === null ? "" : ` ${Math.round(summary.ml_confidence * 100)} %`;
  put("signal", summary.ml_signal + confidence, summary.ml_confidence === null ? "muted" : "");
  facts.get("signal").parentElement.title = summary.ml_rationale;
}

export function showDayChange(open, now) {
  if (open === null || open === undefined || now === null) return put("day_change", "");
  const pct = ((now - open) / open) * 100;
  const arrow = pct > 0 ? "▲" : pct < 0 ? "▼" : "";
  put("day_change", `${arrow}${Math.abs(pct).toFixed(2)} %`, `small ${direction(pct)}`);
}
