// The dashboard: brings link, chain, table, charts and head lines together.

import { Charts } from "./charts.js";
import { Health } from "./health.js";
import { showDayChange, showHeadline } from "./headline.js";
import { bindKeys } from "./keys.js";
import { Link } from "./link.js";
import { nextOption, remembered, toggleTheme } from "./preferences.js";
import { Chain } from "./store.js";
import { ChainTable } from "./table.js";

const find = (id) => document.getElementById(id);
const embedded = (id) => JSON.parse(find(id).textContent);

const start = embedded("state");
const chains = new Map();
const health = new Health();
const tabs = [...document.querySelectorAll("[data-exchange]")];
const table = new ChainTable({
  table: find("chain"), body: find("rows"), totals: find("totals"), scroller: find("scroller"), centreButton: find("centre"),
});
const charts = new Charts(() => render());
let exchange = start.exchange;
let choice = { count: 0, absolute: false, lots: false };
let view = null;
let link = null;
let usable = false;

function render() {
  const chain = chains.get(exchange);
  health.summary = chain?.summary ?? null;
  health.show();
  if (!chain) return;
  showHeadline(chain.summary, health.nowMs);
  const series = charts.series;
  showDayChange(series?.previous_close ?? series?.index?.find((value) => value !== null), chain.summary.underlying_price);
  if (chain.summary.updated_at === null) return;
  table.show(chain, viewOf(chain));
  if (!usable) performance.mark("usable");
  usable = true;
  charts.show(chain);
}

// the same object while nothing was chosen anew: the table then touches only changed legs
function viewOf(chain) {
  const lotSize = chain.summary.lot_size;
  const wanted = { count: choice.count, absolute: choice.absolute, lots: choice.lots ? lotSize : 0, lotSize };
  if (!view || Object.keys(wanted).some((key) => wanted[key] !== view[key])) view = wanted;
  return view;
}

function received(message) {
  health.heard(message.server_ms);
  health.problem = null;
  const chain = chains.get(message.exchange);
  if (message.kind === "delta") {
    if (!chain?.patch(message)) return link.again();
  } else if (chain) {
    chain.replace(message);
  } else {
    chains.set(message.exchange, new Chain(message));
  }
  if (message.exchange === exchange) render();
}

function follow(key) {
  exchange = key;
  link?.close();
  for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.dataset.exchange === key));
  find("csv").href = `/api/chain/${key}.csv`;
  link = new Link(key, start.ui.poll_s * 1000, {
    message: received,
    way: (way) => health.setWay(way),
    problem: (sentence, serverMs) => {
      health.heard(serverMs);
      health.problem = sentence;
    },
    login: () => {
      health.loggedOut = true;
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    },
  });
  render();
}

function choose(key) {
  if (key === exchange) return;
  history.pushState(null, "", `/?exchange=${key}`);
  follow(key);
}

function chose(changes) {
  choice = { ...choice, ...changes };
  render();
}

health.problem = start.problem;
const first = embedded("first");
if (first) {
  health.heard(first.server_ms);
  chains.set(first.exchange, new Chain(first));
}
remembered(find("range"), "range", (value) => chose({ count: Number(value) || 0 }));
remembered(find("unit"), "unit", (value) => chose({ absolute: value === "abs" }));
remembered(find("lots"), "lots", (value) => chose({ lots: value === "lots" }));
remembered(find("metric"), "metric", (value) => { find("chain").dataset.metric = value; });
follow(exchange);

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab.dataset.exchange);
  });
}
addEventListener("popstate", () => {
  const key = new URLSearchParams(location.search).get("exchange");
  follow(tabs.some((tab) => tab.dataset.exchange === key) ? key : tabs[0].dataset.exchange);
});
find("theme").addEventListener("click", toggleTheme);
find("help").addEventListener("click", () => find("keys").showModal());
find("keys").addEventListener("click", (event) => event.target === find("keys") && find("keys").close());
bindKeys({
  ...Object.fromEntries(tabs.map((tab, i) => [String(i + 1), () => choose(tab.dataset.exchange)])),
  t: toggleTheme,
  "?": () => (find("keys").open ? find("keys").close() : find("keys").showModal()),
  c: () => table.centre(),
  r: () => nextOption(find("range")),
  a: () => nextOption(find("unit")),
  l: () => nextOption(find("lots")),
  d: () => find("csv").click(),
});
