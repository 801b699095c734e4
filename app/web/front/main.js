// The dashboard: puts the page's parts together and binds them to keys and address.

import { Headline, showTitle } from "./chain/headline.js";
import { describeKeys, offerLots } from "./chain/sheet.js";
import { ChainTable } from "./chain/table.js";
import { find } from "./core/dom.js";
import { first, firstClock, start } from "./core/embedded.js";
import { Explanation } from "./core/explain.js";
import { Health } from "./core/health.js";
import { bindKeys } from "./core/keys.js";
import { marketOf } from "./core/market.js";
import { nextOption, remembered, toggleTheme } from "./core/preferences.js";
import { Page } from "./page.js";
import { Panels } from "./panels.js";

const LOOK_MS = 500;

const explanation = new Explanation(find("explanation"));
const page = new Page({ start, first, firstClock, explanation });
const tabs = [...document.querySelectorAll("[data-exchange]")];
const health = new Health();
const headline = new Headline(explanation);
const table = new ChainTable({ table: find("chain"), scroller: find("scroller"), centreButton: find("centre"), explanation });
const panels = new Panels(find("side"), page);
let view = null;
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
  look();
  headline.show(summary, { day: page.days.of(exchange), phase: page.clock.phase, strikes: chain?.strikes.length, iv: page.choice.iv });
  offerLots(find("lots"), summary, page.choice.lots);
  if (!summary || summary.updated_at === null) return table.clear();
  table.show(chain, viewOf(chain));
  if (!usable) performance.mark("usable");
  usable = true;
  page.days.want(exchange);
}

// the same object while nothing was chosen anew: the table then touches only changed legs
function viewOf(chain) {
  const { lot_size: lotSize, forward } = chain.summary;
  const wanted = {
    ...page.choice, lots: page.choice.lots && lotSize ? lotSize : 0, lotSize, hasForward: forward !== null, compact: table.compact,
  };
  if (!view || Object.keys(wanted).some((key) => wanted[key] !== view[key])) view = wanted;
  return view;
}

function markTab(key) {
  for (const tab of tabs) {
    if (tab.dataset.exchange === key) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  find("csv").href = `/api/chain/${key}.csv`;
}

function choose(key) {
  if (key === page.exchange) return;
  history.pushState(null, "", `/?exchange=${key}`);
  page.turnTo(key);
}

// what was chosen before anything is shown needs no drawing
function chose(changes) {
  if (usable) page.choose(changes);
  else page.choice = { ...page.choice, ...changes };
}

page.on("exchange", markTab);
page.on("chain", render);
page.on("clock", look);
page.on("link", () => {
  health.heardOf(page.way);
  if (page.loggedOut) look();
});
remembered(find("range"), "range", (value) => chose({ count: Number(value) || 0 }));
remembered(find("unit"), "unit", (value) => chose({ absolute: value === "abs" }));
remembered(find("lots"), "lots", (value) => chose({ lots: value === "lots" }));
remembered(find("iv"), "iv", (value) => chose({ iv: value }));
remembered(find("metric"), "metric", (value) => table.prefer(value));
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
}
addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("exchange");
  page.turnTo(tabs.some((tab) => tab.dataset.exchange === key) ? key : tabs[0].dataset.exchange);
});
describeKeys(find("keys"));
find("theme").addEventListener("click", toggleTheme);
find("help").addEventListener("click", () => find("keys").showModal());
find("keys").addEventListener("click", (event) => event.target === find("keys") && find("keys").close());
bindKeys({
  ...Object.fromEntries(tabs.map((tab, i) => [String(i + 1), () => choose(tab.dataset.exchange)])),
  t: toggleTheme,
  c: () => table.centre(),
  r: () => nextOption(find("range")),
  a: () => nextOption(find("unit")),
  l: () => nextOption(find("lots")),
  i: () => nextOption(find("iv")),
  d: () => find("csv").click(),
}, find("keys"));
