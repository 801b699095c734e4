// The dashboard: puts the page's parts together and binds them to keys and address.

import { Baselines } from "./chain/baselines.js";
import { DEFAULT, KEYS } from "./chain/cells.js";
import { Filter } from "./chain/filter.js";
import { Headline, showTitle } from "./chain/headline.js";
import { chosenLayout, keepLayout, Layout } from "./chain/layout.js";
import { describeKeys, offerLots, offerMetrics } from "./chain/sheet.js";
import { ChainTable } from "./chain/table.js";
import { Views } from "./chain/view.js";
import { find } from "./core/dom.js";
import { first, firstClock, start } from "./core/embedded.js";
import { Explanation } from "./core/explain.js";
import { Health } from "./core/health.js";
import { bindKeys } from "./core/keys.js";
import { marketOf } from "./core/market.js";
import { nextOption, nextTheme, preference, remembered, rememberedBox } from "./core/preferences.js";
import { Page } from "./page.js";
import { Panels } from "./panels.js";

const LOOK_MS = 500;
// a tab that is pointed at is followed for so long, so that it is here when it is chosen
const WARM_MS = 15_000;

const explanation = new Explanation(find("explanation"));
const page = new Page({ start, first, firstClock, explanation });
const tabs = [...document.querySelectorAll("[data-exchange]")];
const health = new Health();
const headline = new Headline(explanation);
const given = chosenLayout(KEYS);
const table = new ChainTable({
  table: find("chain"), scroller: find("scroller"), centreButton: find("centre"), explanation, layout: given ?? new Layout(DEFAULT), all: given !== null,
});
const baselines = new Baselines((key) => key === page.exchange && page.tell("chain"));
const views = new Views(baselines);
const panels = new Panels(find("side"), page);
page.breaches.hearers.add((unseen) => panels.badge("breaches", unseen ? String(unseen) : ""));
const warm = new Map();
let usable = false;

const labelOf = (key) => tabs.find((tab) => tab.dataset.exchange === key).textContent;

// is it the present, and of what kind of market? asked at each message and twice a second
function look() {
  const { clock, summary, exchange } = page;
  clock.noticeSleep();
  const market = marketOf(summary, clock.phase);
  health.show(page, { market, feed: page.feeds.get(exchange), ageMs: clock.age(exchange), awaited: page.awaited.has(exchange), label: labelOf(exchange) });
  showTitle(labelOf(exchange), summary, health.prefix, market.words);
}

function render() {
  const { summary, chain, exchange } = page;
  const isHere = Boolean(summary) && summary.updated_at !== null;
  look();
  headline.show(chain, {
    day: page.days.of(exchange), phase: page.clock.phase, before: isHere ? baselines.of(chain, "close") : null, iv: page.choice.iv,
  });
  offerLots(find("lots"), summary, page.choice.lots);
  if (!isHere) return table.clear();
  table.show(chain, viewOf(chain));
  if (!usable) performance.mark("usable");
  usable = true;
  page.days.want(exchange);
  baselines.want(chain, "close", page.moment !== null);
}

const viewOf = (chain) => views.of(chain, {
  choice: page.choice, layout: table.layout, compact: table.compact, isPast: page.moment !== null,
});

function markTab(key) {
  for (const tab of tabs) {
    if (tab.dataset.exchange === key) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  find("csv").href = `/api/chain/${key}.csv`;
}

function choose(key) {
  if (key === page.exchange) return;
  // whatever else stands in the address stays
  const asked = new URLSearchParams(location.search);
  asked.set("exchange", key);
  history.pushState(null, "", `/?${asked}`);
  page.turnTo(key);
}

// who points at a tab will want it: its chain comes over the same socket
function warmUp(key) {
  if (key === page.exchange || page.loggedOut) return;
  if (!warm.has(key)) page.watch(key);
  clearTimeout(warm.get(key));
  warm.set(key, setTimeout(() => {
    warm.delete(key);
    page.unwatch(key);
  }, WARM_MS));
}

// null is the layout that the page has by itself
function lay(layout) {
  keepLayout(layout);
  table.lay(layout ?? new Layout(DEFAULT), layout !== null);
  offerMetrics(find("metric"), table.layout);
  table.prefer(find("metric").value);
  if (usable) page.tell("chain");
}

async function openColumns() {
  const { Chooser } = await import("./chain/chooser.js");
  chooser ??= new Chooser({ dialog: find("columns"), layout: table.layout, onChoose: lay });
  chooser.open();
}
let chooser = null;

async function exportShown() {
  const { chain, view, layout, strikes } = table;
  if (!chain) return;
  const { csvOf, download, fileName } = await import("./chain/export.js");
  download(fileName(chain), csvOf({ chain, view, layout, strikes }));
}

// what was chosen before anything is shown needs no drawing
function chose(changes) {
  if (usable) page.choose(changes);
  else page.choice = { ...page.choice, ...changes };
}

page.on("exchange", markTab);
page.on("chain", render);
page.on("clock", look);
page.on("reveal", ({ strike, side, key }) => table.reveal(strike, side, key));
page.on("link", () => {
  health.heardOf(page.way);
  if (page.loggedOut) look();
});
remembered(find("range"), "range", (value) => chose({ count: Number(value) || 0 }));
remembered(find("unit"), "unit", (value) => chose({ absolute: value === "abs" }));
remembered(find("lots"), "lots", (value) => chose({ lots: value === "lots" }));
remembered(find("iv"), "iv", (value) => chose({ iv: value }));
remembered(find("span"), "span", (value) => chose({ span: value }));
offerMetrics(find("metric"), table.layout);
remembered(find("metric"), "metric", (value) => table.prefer(value));
const filter = new Filter({ select: find("filter"), least: find("least"), onChange: (value) => chose({ filter: value }) });
chose({ filter: filter.value });
table.onCompact = () => usable && render();
markTab(page.exchange);
page.follow();
page.tell("chain");
document.body.removeAttribute("data-unready");
panels.openRemembered();
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", () => !document.hidden && page.tell("chain"));

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab.dataset.exchange);
  });
  for (const name of ["pointerenter", "focus"]) tab.addEventListener(name, () => warmUp(tab.dataset.exchange));
}
addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("exchange");
  page.turnTo(tabs.some((tab) => tab.dataset.exchange === key) ? key : tabs[0].dataset.exchange);
});
describeKeys(find("keys"));
find("theme").addEventListener("click", nextTheme);
find("columns-open").addEventListener("click", openColumns);
find("export").addEventListener("click", exportShown);
find("help").addEventListener("click", () => find("keys").showModal());
find("keys").addEventListener("click", (event) => event.target === find("keys") && find("keys").close());
rememberedBox(find("single-keys"), "single-keys");
bindKeys({
  ...Object.fromEntries(tabs.map((tab, i) => [String(i + 1), () => choose(tab.dataset.exchange)])),
  t: nextTheme,
  c: () => table.centre(),
  r: () => nextOption(find("range")),
  a: () => nextOption(find("unit")),
  l: () => nextOption(find("lots")),
  i: () => nextOption(find("iv")),
  f: () => nextOption(find("filter")),
  o: openColumns,
  e: exportShown,
  d: () => find("csv").click(),
}, find("keys"), () => preference("single-keys", "on") === "on");
