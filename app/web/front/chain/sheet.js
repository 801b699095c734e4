// What the page says about itself: the thresholds in the sheet of keys, and whether lots are known.

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
