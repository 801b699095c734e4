// Stands within the page behind what the server painted: gives the columns their widths, the bars their
// lengths and the strike at the money its place, and lets it be seen. Where the trader chose other
// columns or units than the server knows of, the page stays unseen until its script has drawn it.

import { centred } from "./chain/centred.js";
import { Fit } from "./chain/fit.js";
import { Layout } from "./chain/layout.js";
import { find } from "./core/dom.js";
import { preference } from "./core/preferences.js";

const PAINTED = { range: "", unit: "pct", lots: "", iv: "forward", metric: "p5", cols: "", rows: "" };

const table = find("chain");
const scroller = find("scroller");

function isAsChosen() {
  const asked = [...new URLSearchParams(location.search).keys()];
  return asked.every((name) => name === "exchange")
    && Object.entries(PAINTED).every(([name, value]) => preference(name, value) === value);
}

function show() {
  const { strike: _, ...longest } = JSON.parse(table.dataset.longest);
  // seen from here on, so that styles are computed once: nothing is shown before this script has ended
  document.body.removeAttribute("data-unready");
  // its place is as large without it, and is told without laying it out
  table.style.display = "none";
  const fit = new Fit(table, scroller);
  table.style.display = "";
  fit.lay(new Layout(Object.keys(longest)), false);
  for (const [key, texts] of Object.entries(JSON.parse(table.dataset.longest))) texts.forEach((text) => fit.note(key, text));
  fit.apply();
  if (fit.compact) return void document.body.setAttribute("data-unready", "");
  for (const cell of table.querySelectorAll("[data-width]")) cell.style.setProperty("--w", cell.dataset.width);
  const atm = table.querySelector(".atm");
  if (atm) scroller.scrollTop = centred(atm, table, scroller);
}

if (isAsChosen()) show();
