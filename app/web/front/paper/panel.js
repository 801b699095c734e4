// Paper trading: a ticket, what is held, what it pays off, what was done. No order leaves the server.

import { limits } from "../core/embedded.js";
import { marketMoment, signed } from "../core/format.js";
import * as desk from "./desk.js";
import { History } from "./history.js";
import { make } from "./make.js";
import { PayoffChart } from "./payoff.js";
import { Positions } from "./positions.js";
import { Ticket } from "./ticket.js";

const LOOK_AGAIN_MS = 15_000;
const REST_MS = 250;

export function mount(root, page, tab) {
  return new PaperPanel(root, page, tab);
}

class PaperPanel {
  constructor(root, page, tab) {
    this.root = root;
    this.page = page;
    this.tab = tab;
    this.open = false;
    this.watched = new Set();
    this.said = make("p", { class: "said", role: "status" });
    this.aside = make("p", { class: "hint", textContent: "The chain beside shows a past moment; all that stands here is of the present.", hidden: page.moment === null });
    const say = (sentence) => this.say(sentence);
    this.chart = new PayoffChart();
    this.positions = new Positions({ page, say, close: (key, what) => this.close(key, what) });
    this.ticket = new Ticket({ page, limits, say, changed: () => this.changed(), place: (...order) => this.place(...order) });
    this.history = new History((id) => this.cancel(id));
    root.append(
      make("p", { class: "hint", textContent: "On paper: no order is sent to anybody." }), this.said, this.aside,
      this.ticket.root, this.positions.root, this.chart.root, this.history.root);
    page.on("live", () => this.later());
    page.on("moment", () => this.turned());
    page.on("exchange", () => this.turned());
    page.on("exchange", () => this.changed());
    page.on("notice", ({ topic }) => topic === "paper" && this.look());
    page.on("back", () => this.look());
    document.addEventListener("visibilitychange", () => this.look());
  }

  show() {
    if (this.open) return;
    this.open = true;
    this.page.wantBook();
    this.look();
    this.watch();
    this.timer = setInterval(() => this.look(), LOOK_AGAIN_MS);
  }

  hide() {
    this.open = false;
    clearInterval(this.timer);
    this.watch();
  }

  // a contract that was pointed at in the chain; on narrow screens the panel stands below it
  ask(wanted) {
    if (matchMedia("(width < 1080px)").matches) this.root.scrollIntoView();
    if (this.page.moment) return this.say("This is a past moment: go back to the present to trade.");
    this.ticket.add(wanted);
  }

  // to another moment, or back
  turned() {
    this.aside.hidden = this.page.moment === null;
    this.later();
  }

  // what is said by whoever asks stands until the next who does
  say(sentence) {
    this.isMissed = false;
    this.said.textContent = sentence;
  }

  // `quiet`: what was just said is worth more than that it could not be read
  async look({ quiet = false } = {}) {
    if (!this.open || document.hidden) return;
    try {
      this.take(await desk.account());
      if (this.isMissed) this.say("");
      this.isMissed = false;
    } catch (refusal) {
      if (quiet) return;
      this.say(desk.sentence(refusal));
      this.isMissed = true;
    }
  }

  take(account) {
    this.positions.show(account);
    this.history.show(account);
    this.tab?.badge(account.positions.length ? String(account.positions.length) : "");
    this.watch();
    this.outlook();
  }

  async place(...asked) {
    const { order } = await desk.place(...asked);
    if (order.status === "resting") this.say(`Rests until its limits are touched, at most until ${marketMoment(order.ends)}.`);
    else this.say(`Filled: ${order.fills.map(({ symbol, reason }) => `${symbol} ${reason}`).join("; ")}.`);
    await this.look({ quiet: true });
  }

  async cancel(id) {
    try {
      await desk.cancel(id);
      this.say("Cancelled.");
    } catch (refusal) {
      this.say(desk.sentence(refusal));
    }
    await this.look({ quiet: true });
  }

  async close(key, what) {
    const { order, refused } = await desk.close(key, what);
    const realised = order.fills.reduce((sum, fill) => sum + fill.realised, 0);
    const left = Object.values(refused);
    this.say(`Closed ${order.fills.length}, realised ${signed(realised)} INR.${left.length ? ` Still open: ${left.join(" ")}` : ""}`);
    await this.look({ quiet: true });
  }

  // several changes at once are one question
  changed() {
    if (!this.ticket) return;
    this.watch();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.outlook(), REST_MS);
  }

  // of the ticket while there is one, else of what is held on the underlying that is shown
  async outlook() {
    if (!this.open) return;
    const { legs } = this.ticket;
    const underlying = this.page.live(this.page.exchange)?.summary.underlying_symbol;
    const held = this.positions.account?.risk.some((one) => one.underlying === underlying);
    const asked = this.question = {};
    const put = (found, what) => this.question === asked && this.chart.show(found, what);
    (legs.length ? this.ticket : this.positions).root.after(this.chart.root);
    if (legs.length === 0 && !held) return put(null, "");
    try {
      if (legs.length === 0) put(await desk.payoffOfHeld(underlying), `positions on ${underlying}`);
      else put(await desk.payoffOfLegs(legs.map(({ act, ...leg }) => ({ ...leg, side: act }))), "the ticket");
    } catch (refusal) {
      put(null, "");
      if (this.question === asked && legs.length) this.say(desk.sentence(refusal));
    }
  }

  // chains of other tabs that something here stands on
  watch() {
    const wanted = new Set(this.open ? [...this.positions.keys, ...this.ticket.legs.map(({ exchange }) => exchange)] : []);
    for (const key of wanted) if (!this.watched.has(key)) this.page.watch(key);
    for (const key of this.watched) if (!wanted.has(key)) this.page.unwatch(key);
    this.watched = wanted;
  }

  // figures change at most once a frame, and not while nobody looks
  later() {
    if (!this.open || this.due || document.hidden) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      this.ticket.refresh();
      this.positions.refresh();
    });
  }
}
