// What the page says about itself: thresholds, figures to keep on a narrow screen, whether lots are known.

import { heading } from "./cells.js";
import { limits } from "../core/embedded.js";

export function describeKeys(sheet) {
  const said = limits.change_minutes.map((minutes) => `${limits.change_thresholds_pct[minutes]} % over ${minutes}`);
  sheet.querySelector("[data-thresholds]").textContent = `${said.join(", ")} minutes`;
}

// without a lot size for this expiry there is nothing to divide by, and the choice says so
export function offerLots(select, summary, wanted) {
  const option = select.querySelector('[value="lots"]');
  const unknown = Boolean(summary) && summary.updated_at !== null && !summary.lot_size;
  if (option.disabled === unknown) return;
  option.disabled = unknown;
  option.textContent = unknown ? "lots: size unknown for this expiry" : "lots";
  select.value = wanted && !unknown ? "lots" : "";
}

// the figures of a layout that may stay beside OI where there is no room for all
export function offerMetrics(select, layout) {
  const before = select.value;
  const keys = layout.all.filter((key) => key !== "oi");
  select.replaceChildren(...keys.map((key) => new Option(heading(key), key, false, key === "p5")));
  if (keys.includes(before)) select.value = before;
}
