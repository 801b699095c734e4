// The dashboard: puts the page's parts together and binds them to keys and address.

import { askedFor } from "./alerts/asking.js";
import { Baselines } from "./chain/baselines.js";
import { Headline, showTitle } from "./chain/headline.js";
import { describeKeys, offerLots } from "./chain/sheet.js";
import { ChainTable } from "./chain/table.js";
import { staysOnPrice } from "./chain/staying.js";
import { firstLayout, Tools } from "./chain/tools.js";
import { Views } from "./chain/view.js";
import { bindContracts } from "./charts/contract-click.js";
import { address, addressed } from "./core/address.js";
import { Burning } from "./core/burning.js";
import { answer, find, styled } from "./core/dom.js";
import { first, firstClock, start } from "./core/embedded.js";
import { Explanation } from "./core/explain.js";
import { Health } from "./core/health.js";
import { duration, marketClock } from "./core/format.js";
import { bindKeys } from "./core/keys.js";
import { marketOf, pastMarket, phaseOf } from "./core/market.js";
import { keptElsewhere, nextOption, nextTheme, preference, remembered, rememberedBox, showTheme } from "./core/preferences.js";
import { Renewal } from "./core/renewal.js";
import { forgetUnfinished } from "./core/unfinished.js";
import { Warm } from "./core/warm.js";
import { Page } from "./page.js";
import { Panels } from "./panels.js";
import { Gate } from "./replay/gate.js";
import { offerTrades } from "./paper/entry.js";

const LOOK_MS = 500;
const REST_AFTER_MS = 60_000;
// by key: how far one goes in the stored past, and whether forward
const STEPS = {
  ",": ["snapshot", false], ".": ["snapshot", true], "<": ["minute", false], ">": ["minute", true],
  "[": ["hour", false], "]": ["hour", true], "{": ["day", false], "}": ["day", true],
};

const explanation = new Explanation(find("explanation"));
const page = new Page({ start, first, firstClock, explanation });
const tabs = [...document.querySelectorAll("[data-exchange]")];
const keys = tabs.map((tab) => tab.dataset.exchange);
const past = new Gate(page, find("as-of"));
const health = new Health();
const headline = new Headline(explanation);
const table = new ChainTable({ table: find("chain"), scroller: find("scroller"), centreButton: find("centre"), explanation, ...firstLayout() });
const baselines = new Baselines((key) => key === page.exchange && page.tell("chain"));
const views = new Views(baselines, () => page.wantBook());
const renewal = new Renewal(start.ui.version, find("outdated"), find("told"));
const burning = new Burning(start.burning, page.lacking, find("burning"), find("told"));
const panels = new Panels(find("side"), page);
const warm = new Warm(page);
page.breaches.hearers.add((unseen) => panels.badge("breaches", unseen ? String(unseen) : ""));
let usable = false;

const tabOf = (key) => tabs.find((tab) => tab.dataset.exchange === key);
const labelOf = (key) => tabOf(key).textContent;

// is it the present, and of what kind of market? asked at each message and twice a second
function look() {
  // a price that stands still has no place in a tab's name
  if (page.resting) return void (document.title = `resting · ${labelOf(page.exchange)} · OI Gemini`);
  const { clock, summary, exchange, moment } = page;
  if (clock.noticeSleep()) page.link.woke();
  const market = moment ? pastMarket(moment.at, page.pinned) : marketOf(summary, clock.phase);
  health.show(page, { market, feed: page.feeds.get(exchange), ageMs: clock.age(exchange), awaited: page.awaited.has(exchange), label: labelOf(exchange) });
  page.silence = health.silence;
  showTitle(labelOf(exchange), summary, health.prefix, market.words);
  const ageMs = clock.age(exchange);
  explanation.aged(moment ? `as of ${marketClock(moment.at)}` : ageMs === null ? "age unknown" : `${duration(ageMs / 1000)} old`);
}

// a state that ends by itself, without news, ends the signal too
function lookAgain() {
  const before = page.silence;
  look();
  if (page.silence !== before) page.tell("chain");
}

function show() {
  const { summary, chain, exchange, moment } = page;
  const isHere = Boolean(summary) && summary.updated_at !== null;
  look();
  // a past moment brings with it what its head line is compared with
  const day = moment ?? page.days.of(exchange, summary?.last_update);
  const phase = moment ? moment.phase ?? {} : phaseOf(summary, { day, phase: page.clock.phase });
  headline.show(chain, { day, phase, before: isHere ? baselines.of(chain, "close") : null, iv: page.choice.iv, silence: page.silence });
  offerLots(find("lots"), summary, page.choice.lots);
  if (!isHere) return table.clear();
  table.show(chain, viewOf(chain));
  if (!usable) performance.mark("usable");
  usable = true;
  if (!moment) page.days.want(exchange, summary.last_update);
  baselines.want(chain, "close", moment !== null);
}

const viewOf = (chain) => views.of(chain, {
  choice: page.choice, layout: table.layout, compact: table.compact, against: page.pinned, isPast: page.moment !== null,
});

function markTab(key) {
  for (const tab of tabs) {
    if (tab.dataset.exchange === key) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

// what is downloaded is what is shown
function linkCsv() {
  const { exchange, moment } = page;
  find("csv").href = `/api/chain/${exchange}.csv${moment ? `?at=${encodeURIComponent(moment.at)}` : ""}`;
}

// of tabs that are pressed in one frame the last one is turned to
let chosen = page.exchange;

function choose(key) {
  chosen = key;
  if (key !== page.exchange) answer(tabOf(key), () => key === chosen && turn(key));
}

// what stands under a tab changes in the same moment as its mark
function turn(key) {
  if (key === page.exchange) return;
  // who looks at the past looks at the same moment of another chain
  const at = page.moment?.at;
  if (at) return void past.use((replay) => replay.go(at, { exchange: key }));
  page.turnTo(key);
  address({ exchange: key, at: null, pin: null }, { jumps: true });
}

// what the address says is shown, from the beginning and on the way back
function visit() {
  const { exchange, at, pin } = addressed(keys);
  const key = exchange ?? keys[0];
  past.replay?.halt();
  const moment = at ? { at, chain: null } : null;
  if (key !== page.exchange) page.turnTo(key, moment);
  // from one moment to another what is shown stays until the other is here
  else if (!at || !page.moment) page.show(moment);
  if (!pin) page.pin(null);
  past.follow({ at, pin });
}

// what was chosen before anything is shown needs no drawing
function chose(changes) {
  if (usable) page.choose(changes);
  else page.choice = { ...page.choice, ...changes };
}

let restTimer;

// a page that nobody sees rests after a while, and leaves what it shows to the next visit at once
function seenOrNot() {
  clearTimeout(restTimer);
  if (document.hidden) {
    page.keep();
    restTimer = setTimeout(() => page.rest(), REST_AFTER_MS);
  } else if (page.resting) {
    page.wake();
  } else {
    page.tell("chain");
  }
}

page.on("exchange", markTab);
page.on("build", (build) => renewal.heard(build));
page.on("notice", (news) => burning.heard(news));
page.on("lacking", (sentence) => burning.lacks(sentence));
page.on("moment", linkCsv);
page.on("exchange", linkCsv);
page.on("chain", show);
page.on("clock", lookAgain);
page.on("reveal", ({ strike, side, key }) => table.reveal(strike, side, key));
page.on("link", () => {
  health.heardOf(page.way);
  if (page.loggedOut) look();
});
remembered(find("range"), "range", (value) => chose({ count: Number(value) || 0 }));
remembered(find("unit"), "unit", (value) => chose({ absolute: value === "abs" }));
remembered(find("lots"), "lots", (value) => chose({ lots: value === "lots" }));
remembered(find("iv"), "iv", (value) => chose({ iv: value }));
const tools = new Tools({ table, chose, redraw: () => usable && page.tell("chain") });
table.onCompact = () => usable && show();
markTab(page.exchange);
const begun = addressed(keys);
// what a shared address names is shown, and nothing of the present before it
if (begun.at) page.moment = { at: begun.at, chain: null };
linkCsv();
page.follow();
page.tell("chain");
past.follow(begun);
document.body.removeAttribute("data-unready");
panels.openRemembered();
panels.mountWhenIdle("alerts");
// without it what opens over the page is plain, and works
styled(find("keys").dataset.style).catch(() => {});
setInterval(lookAgain, LOOK_MS);
document.addEventListener("visibilitychange", seenOrNot);
addEventListener("pagehide", () => page.keep());
if (document.hidden) seenOrNot();

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab.dataset.exchange);
  });
  for (const name of ["pointerenter", "focus"]) tab.addEventListener(name, () => warm.follow(tab.dataset.exchange));
}
addEventListener("popstate", visit);
bindContracts(find("chain"), async (strike, side) => (await panels.open("charts"))?.contract(strike, side));
offerTrades(find("chain"), page, panels);
staysOnPrice(find("chain"), () => page.wantBook());
describeKeys(find("keys"));
find("sign-out").addEventListener("submit", () => {
  page.leave();
  forgetUnfinished();
});
find("theme").addEventListener("click", () => nextTheme(find("theme")));
keptElsewhere("theme", showTheme);
find("help").addEventListener("click", () => find("keys").showModal());
find("keys").addEventListener("click", (event) => event.target === find("keys") && find("keys").close());
rememberedBox(find("single-keys"), "single-keys");
bindKeys({
  ...Object.fromEntries(tabs.map((tab, i) => [String(i + 1), () => choose(tab.dataset.exchange)])),
  t: () => nextTheme(find("theme")),
  c: () => table.centre(),
  r: () => nextOption(find("range")),
  a: () => nextOption(find("unit")),
  l: () => nextOption(find("lots")),
  i: () => nextOption(find("iv")),
  f: () => nextOption(find("filter")),
  o: () => tools.openColumns(),
  e: () => tools.exportShown(),
  d: () => find("csv").click(),
  ...Object.fromEntries(Object.entries(STEPS).map(([key, step]) => [key, () => past.use((replay) => replay.step(...step))])),
  h: () => past.use((_, bar) => bar.slider.focus()),
  p: () => past.use((replay) => replay.togglePin()),
  Home: () => past.replay?.leave(),
  n: askedFor(page, panels, find("chain")),
}, find("keys"), () => preference("single-keys", "on") === "on");
