// What the page shows, and who hears of it: the one state that all its parts share.
//
// Events: "chain" (what is shown has new figures, or another chain is shown), "exchange" (another
// tab), "pin" (what is compared with), "live" (key: any followed chain has new figures), "choice",
// "moment", "clock" (ages and phase were heard), "link" (the way, or a problem), "notice" (news that
// are no chain), "build" (which page the server gives out), "lacking" (a sentence on what the server
// does without, null if on nothing), "reveal" ({ strike, side, key }: a
// contract of the shown chain is to be brought into sight), "back" (the server answers again).

import { Breaches } from "./chain/breaches.js";
import { toLogin } from "./core/ask.js";
import { Clock } from "./core/clock.js";
import { DaySeries } from "./core/day-series.js";
import { forgetChain, keepChain, keptChain } from "./core/kept.js";
import { Link } from "./core/link.js";
import { Chain } from "./core/store.js";

export class Page {
  constructor({ start, first, firstClock, explanation }) {
    this.start = start;
    this.explanation = explanation;
    this.exchange = start.exchange;
    this.choice = { count: 0, absolute: false, lots: false, iv: "forward", span: "close", filter: null };
    // null while the present is shown, else { at (market time), chain, … }
    this.moment = null;
    // a chain of another moment that the shown one is compared with
    this.pinned = null;
    this.clock = new Clock();
    this.way = "push";
    this.problem = start.problem;
    this.wasAway = this.isAway;
    this.loggedOut = false;
    // a page that nobody sees follows nothing
    this.resting = false;
    // what the server does without, though what it shows is right
    this.lacking = null;
    // why no signal is told of what is shown, whatever was said last; null while it may be
    this.silence = null;
    // whether bid and ask are shown: they differ each second, and come to who shows them alone
    this.book = false;
    this.feeds = new Map();
    this.chains = new Map();
    this.awaited = new Set();
    this.interest = new Map();
    this.hearers = new Map();
    this.breaches = new Breaches(this);
    this.days = new DaySeries((key) => key === this.exchange && this.tell("chain"));
    this.link = new Link(start.ui.poll_s * 1000, this.handlers());
    this.hearClock(firstClock);
    if (first) this.chains.set(first.exchange, new Chain(first));
    if (!first || first.summary.updated_at === null) this.recall();
  }

  // where the server has no chain to give: the one that was shown last, with its age
  recall() {
    const { exchange, clock } = this;
    const kept = keptChain({ ...this.owner, exchange, nowMs: clock.nowMs });
    if (!kept) return;
    this.chains.set(exchange, new Chain(kept.message));
    clock.heard({ ages: { [exchange]: kept.ageMs } });
    this.awaited.add(exchange);
  }

  // leaves the shown chain to the next visit
  keep() {
    const chain = this.live(this.exchange);
    const ageMs = this.clock.age(this.exchange);
    if (this.loggedOut || !chain || chain.summary.updated_at === null || ageMs === null) return;
    keepChain({ ...this.owner, chain, takenMs: this.clock.nowMs - ageMs });
  }

  // nothing stays behind for whoever comes next
  leave() {
    this.loggedOut = true;
    forgetChain();
  }

  get owner() {
    return { user: this.start.user ?? null, build: this.start.ui.version ?? null };
  }

  // `act(detail)` is called at each event of that name; answers a function that ends it
  on(event, act) {
    const acts = this.hearers.get(event) ?? new Set();
    this.hearers.set(event, acts.add(act));
    return () => acts.delete(act);
  }

  tell(event, detail) {
    for (const act of this.hearers.get(event) ?? []) act(detail);
  }

  // the chain that is shown: of the present, or of a past moment; null while nothing is here
  get chain() {
    return this.moment ? this.moment.chain : this.live(this.exchange);
  }

  get summary() {
    return this.chain?.summary ?? null;
  }

  // the chain of the present as far as it is here
  live(key) {
    return this.chains.get(key) ?? null;
  }

  get followed() {
    return this.resting ? [] : [...new Set([this.exchange, ...this.interest.keys()])];
  }

  // what is here of another tab is as old as its last visit, until the server has answered
  turnTo(key, moment = null) {
    if (key === this.exchange) return;
    if (!this.interest.has(key)) this.awaited.add(key);
    this.problem = null;
    this.exchange = key;
    this.moment = moment;
    this.pinned = null;
    this.follow();
    this.tell("exchange", key);
    this.tell("chain");
  }

  follow() {
    this.link.follow(this.exchange, this.followed);
  }

  // whoever shows bid and ask of the present asks for them; they come as long as the page is there
  wantBook() {
    if (this.book) return;
    this.book = true;
    this.follow();
  }

  // news that are no chain still come
  rest() {
    this.resting = true;
    this.follow();
  }

  // what is here is as old as the moment in which the page began to rest
  wake() {
    this.resting = false;
    for (const key of this.followed) if (this.chains.has(key)) this.awaited.add(key);
    this.follow();
    this.tell("chain");
  }

  // counted: a chain is followed beside the shown one until the last who watches it has done
  watch(key) {
    const count = this.interest.get(key) ?? 0;
    this.interest.set(key, count + 1);
    if (count === 0) this.follow();
  }

  unwatch(key) {
    const count = this.interest.get(key) ?? 0;
    if (count > 1) return void this.interest.set(key, count - 1);
    if (this.interest.delete(key)) this.follow();
  }

  choose(changes) {
    this.choice = { ...this.choice, ...changes };
    this.tell("choice", changes);
    this.tell("chain");
  }

  // a past moment, { at, chain, … }; null for the present
  show(moment) {
    this.moment = moment;
    this.tell("moment", moment);
    this.tell("chain");
  }

  // a chain to compare with; null takes it away
  pin(chain) {
    this.pinned = chain;
    this.tell("pin", chain);
    this.tell("chain");
  }

  handlers() {
    return {
      held: (key) => this.held(key),
      book: () => this.book,
      data: (message) => this.take(message),
      clock: (message) => this.hearClock(message),
      notice: (message) => this.tell("notice", message),
      way: (way) => {
        this.way = way;
        this.tell("link");
        this.noticeBack();
      },
      problem: (sentence) => {
        this.problem = sentence;
        this.tell("link");
        this.noticeBack();
      },
      login: () => {
        this.leave();
        this.tell("link");
        toLogin();
      },
    };
  }

  // whether the server, or what it reads from, is out of reach
  get isAway() {
    return this.problem !== null || this.way === "none";
  }

  // what could not be had meanwhile can be asked for now
  noticeBack() {
    const isBack = this.wasAway && !this.isAway;
    this.wasAway = this.isAway;
    if (isBack) this.tell("back");
  }

  // what is here of a chain has to be sent whole again where it lacks what is shown
  held(key) {
    const chain = this.chains.get(key);
    return !chain || (this.book && !chain.hasBook) ? null : chain.sequence;
  }

  take(message) {
    const key = message.exchange;
    const chain = this.chains.get(key);
    if (message.kind === "delta") {
      if (!chain?.patch(message)) return this.link.again(key);
    } else if (chain) {
      chain.replace(message);
    } else {
      this.chains.set(key, new Chain(message));
    }
    this.awaited.delete(key);
    this.clock.took(key);
    this.tell("live", key);
    if (key === this.exchange && !this.moment) this.tell("chain");
  }

  hearClock({ ages, feeds = {}, build = null, lacking = null, ...told }) {
    // a page hears of those feeds alone that it follows
    for (const [key, word] of Object.entries(feeds)) this.feeds.set(key, word);
    // of what is not followed the age is that of a state which is not here
    const known = this.followed.filter((key) => key in ages);
    this.clock.heard({ ...told, ages: Object.fromEntries(known.map((key) => [key, ages[key]])) });
    for (const key of known) this.awaited.delete(key);
    this.tell("clock");
    if (lacking !== this.lacking) this.tell("lacking", (this.lacking = lacking));
    if (build !== null) this.tell("build", build);
  }
}
