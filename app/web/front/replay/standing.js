// Where the page stands in time, as its bar writes it.

import { find, set } from "../core/dom.js";
import { marketClock, marketDate } from "../core/format.js";

// market time, or null
export function showClock(at) {
  set(find("asof-clock"), "textContent", at ? marketClock(at) : "–");
  set(find("asof-day"), "textContent", at ? marketDate(at) : "");
  const date = find("asof-date");
  if (document.activeElement !== date) set(date, "value", at?.slice(0, 10) ?? "");
}
