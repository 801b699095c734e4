// The dashboard: brings link, chain, table, charts and head lines together.

import { Charts } from "./charts.js";
import { Clock } from "./clock.js";
import { first, firstClock, start } from "./embedded.js";
import { Explanation } from "./explain.js";
import { Health } from "./health.js";
import { Headline, showTitle } from "./headline.js";
import { bindKeys } from "./keys.js";
import { Link } from "./link.js";
import { marketOf } from "./market.js";
import { nextOption, remembered, toggleTheme } from "./preferences.js";
import { DaySeries } from "./series.js";
import { describeKeys, offerLots } from "./sheet.js";
import { Chain } from "./store.js";
import { ChainTable } from "./table.js";

const LOOK_MS = 500;
const find = (id) => document.getElementById(id);

const chains = new Map();
const awaited = new Set();
const feeds = new Map();
const clock = new Clock();
const health = new Health();
const tabs = [...document.querySelectorAll("[data-exchange]")];
const explanation = new Explanation(find("explanation"));
const headline = new Headline(explanation);
const table = new ChainTable({ table: find("chain"), scroller: find("scroller"), centreButton: find("centre"), explanation });
const charts = new Charts();
const series = new DaySeries((key) => key === exchange && render());
let exchange = start.exchange;
let choice = { count: 0, absolute: false, lots: false, iv: "forward" };
let view = null;
let usable = false;

const labelOf = (key) => tabs.find((tab) => tab.dataset.exchange === key).textContent;
const shown = () => chains.get(exchange)?.summary ?? null;

// is it the present, and of what kind of market? asked at each message and twice a second
function look() {
  clock.noticeSleep();
  const summary = shown();
  const market = marketOf(summary, clock.phase);
  health.show({ summary, market, feed: feeds.get(exchange), ageMs: clock.age(exchange), awaited: awaited.has(exchange), label: labelOf(exchange) });
  showTitle(labelOf(exchange), summary, health.prefix, market.words);
}

function render() {
  const summary = shown();
  look();
  headline.show(summary, { day: series.of(exchange), phase: clock.phase, strikes: chains.get(exchange)?.strikes.length, iv: choice.iv });
  offerLots(find("lots"), summary, choice.lots);
  if (!summary || summary.updated_at === null) return showNothing();
  const chain = chains.get(exchange);
  table.show(chain, viewOf(chain));
  if (!usable) performance.mark("usable");
  usable = true;
  series.want(exchange);
  charts.show(chain, series.extend(exchange, summary), choice.iv);
}

function showNothing() {
  table.clear();
  charts.clear();
}

// the same object while nothing was chosen anew: the table then touches only changed legs
function viewOf(chain) {
  const { lot_size: lotSize, forward } = chain.summary;
  const wanted = {
    ...choice, lots: choice.lots && lotSize ? lotSize : 0, lotSize, hasForward: forward !== null, compact: table.compact,
  };
  if (!view || Object.keys(wanted).some((key) => wanted[key] !== view[key])) view = wanted;
  return view;
}

function received(message) {
  const chain = chains.get(message.exchange);
  if (message.kind === "delta") {
    if (!chain?.patch(message)) return link.again();
  } else if (chain) {
    chain.replace(message);
  } else {
    chains.set(message.exchange, new Chain(message));
  }
  awaited.delete(message.exchange);
  clock.took(message.exchange);
  if (message.exchange === exchange) render();
}

const link = new Link(start.ui.poll_s * 1000, {
  held: (key) => chains.get(key)?.sequence ?? null,
  data: received,
  clock: ({ ages, feeds: words, ...told }) => {
    toldOf(words);
    // of another tab the age is that of a state which is not here
    clock.heard({ ...told, ages: exchange in ages ? { [exchange]: ages[exchange] } : {} });
    if (exchange in ages) awaited.delete(exchange);
    look();
  },
  way: (way) => health.setWay(way),
  problem: (sentence) => { health.problem = sentence; },
  login: () => {
    health.loggedOut = true;
    look();
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  },
});

// a poll knows nothing of feeds
function toldOf(words = {}) {
  for (const [key, word] of Object.entries(words)) feeds.set(key, word);
}

function follow(key) {
  if (key !== exchange) health.problem = null;
  exchange = key;
  for (const tab of tabs) {
    if (tab.dataset.exchange === key) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  find("csv").href = `/api/chain/${key}.csv`;
  link.follow(key);
  render();
}

function choose(key) {
  if (key === exchange) return;
  history.pushState(null, "", `/?exchange=${key}`);
  turnTo(key);
}

// what is here of another tab is as old as its last visit, until the server has answered
function turnTo(key) {
  awaited.add(key);
  follow(key);
}

function chose(changes) {
  choice = { ...choice, ...changes };
  if (usable) render();
}

health.problem = start.problem;
clock.heard(firstClock);
toldOf(firstClock.feeds);
if (first) chains.set(first.exchange, new Chain(first));
remembered(find("range"), "range", (value) => chose({ count: Number(value) || 0 }));
remembered(find("unit"), "unit", (value) => chose({ absolute: value === "abs" }));
remembered(find("lots"), "lots", (value) => chose({ lots: value === "lots" }));
remembered(find("iv"), "iv", (value) => chose({ iv: value }));
remembered(find("metric"), "metric", (value) => table.prefer(value));
table.onCompact = () => usable && render();
follow(exchange);
document.body.removeAttribute("data-unready");
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", () => !document.hidden && render());

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab.dataset.exchange);
  });
}
addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("exchange");
  turnTo(tabs.some((tab) => tab.dataset.exchange === key) ? key : tabs[0].dataset.exchange);
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
