// What is shown as a file that spreadsheets open: its columns, rows, order and unit. Figures are
// plain numbers, unknown is empty, and no text is one that a spreadsheet would execute.

import { column } from "./cells.js";
import { inLots } from "./cells-oi.js";

const MARK = "\uFEFF";
const FORMULA = /^[=+\-@\t\r\n]/;

function field(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(Math.round(value * 1e6) / 1e6);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function figure(key, leg, view) {
  if (!leg) return null;
  const one = column(key);
  if (one.raw) return one.raw(leg, view);
  const value = one.value(leg, view) ?? null;
  const isQuantity = one.units || (view.absolute && one.kind === "shift");
  return isQuantity ? inLots(value, view) : value;
}

export function csvOf({ chain, view, layout, strikes }) {
  const named = (side) => layout.keys(side).map((key) => `${side} ${column(key).head(view)}`);
  const { summary } = chain;
  const about = [summary.underlying_name, summary.expiry, summary.last_update, view.lots ? `lots of ${view.lots}` : "units", summary.source ?? ""];
  const lines = [about, [...named("CE"), "Strike", ...named("PE")]];
  for (const strike of strikes) {
    const side = (one) => layout.keys(one).map((key) => figure(key, chain.leg(strike, one), view));
    lines.push([...side("CE"), strike, ...side("PE")]);
  }
  return MARK + lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export const fileName = ({ exchange, summary }) => `${exchange}_${summary.last_update.slice(0, 19).replaceAll(":", "")}_shown.csv`;
