// The bar at the foot: where in the stored history the page stands, and the ways from there.

import { saidBy } from "../core/ask.js";
import { find, set } from "../core/dom.js";
import { integer, marketClock, marketDate, marketMoment } from "../core/format.js";
import { remembered } from "../core/preferences.js";
import { marketTime } from "../core/address.js";
import { Replay } from "./replay.js";
import { showClock } from "./standing.js";

const HOUR_MS = 3_600_000;

export class Bar {
  constructor(page, root) {
    this.page = page;
    this.root = root;
    this.replay = new Replay(page, () => this.later());
    this.play = find("asof-play");
    this.live = find("asof-live");
    this.pin = find("asof-pin");
    this.says = find("asof-says");
    this.slider = find("asof-slider");
    this.auction = find("asof-auction");
    this.pinned = find("asof-pinned");
    this.date = find("asof-date");
    this.days = find("asof-days");
    this.speed = find("asof-speed");
    this.expiry = find("asof-expiry");
    this.day = null;
    this.listen();
    page.on("exchange", () => this.later());
    page.on("back", () => this.replay.say(""));
    page.on("chain", () => !this.page.moment && this.later());
    this.later();
  }

  // many changes, one writing of the bar
  later() {
    this.due ??= requestAnimationFrame(() => {
      this.due = null;
      this.write();
    });
  }

  listen() {
    const { replay } = this;
    for (const button of this.root.querySelectorAll("[data-way]")) {
      button.addEventListener("click", () => replay.step(button.dataset.way, button.dataset.to === "on"));
    }
    this.play.addEventListener("click", () => replay.toggle());
    this.live.addEventListener("click", () => replay.leave());
    this.pin.addEventListener("click", () => replay.togglePin());
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.slide(event));
    this.date.addEventListener("change", () => this.choose(this.date.value));
    this.expiry.addEventListener("change", () => this.turn(JSON.parse(this.expiry.value)));
    this.root.addEventListener("keydown", (event) => {
      // a button of its own takes the key itself
      if (event.key !== " " || event.target.matches("button, select, input:not([type=range])")) return;
      event.preventDefault();
      replay.toggle();
    });
    remembered(this.speed, "speed", (value) => replay.pace(Number(value)));
  }

  // the snapshot that was the newest then
  seek(ms) {
    const { instants = [], day } = this.day ?? {};
    const then = instants.findLast((instant) => instant <= ms) ?? instants[0];
    if (then !== undefined) this.replay.go(marketAt(day, then), { jumps: !this.page.moment });
  }

  slide(event) {
    const ways = {
      ArrowLeft: ["snapshot", false], ArrowDown: ["snapshot", false], ArrowRight: ["snapshot", true], ArrowUp: ["snapshot", true],
      PageUp: ["hour", false], PageDown: ["hour", true],
    };
    const { instants = [] } = this.day ?? {};
    const end = { Home: instants[0], End: instants.at(-1) }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!ways[event.key] && end === undefined)) return;
    event.preventDefault();
    if (end === undefined) this.replay.step(...ways[event.key]);
    else this.seek(end);
  }

  // the same time of another stored day
  async choose(day) {
    if (!day) return;
    const { days } = await this.listed("days");
    const nearest = days.reduce((best, one) => (gap(one.day, day) < gap(best.day, day) ? one : best), days[0]);
    if (!nearest) return;
    const clock = marketClock(this.page.summary?.last_update ?? nearest.last);
    const wanted = `${nearest.day}T${clock}`;
    const at = wanted < nearest.first.slice(0, 19) ? nearest.first : wanted > nearest.last ? nearest.last : wanted;
    await this.replay.go(marketTime(at));
    if (nearest.day !== day) this.replay.say(`Nothing is stored of ${marketDate(day)}; the nearest stored day is shown.`);
  }

  // a contract's chain: where it is followed still, or its last stored moment
  turn({ exchange, last, current }) {
    if (!current) return this.replay.go(marketTime(last), { exchange });
    if (exchange === this.page.exchange) return this.replay.leave();
    this.page.turnTo(exchange);
    return this.replay.write({ jumps: true });
  }

  async listed(name, ...more) {
    try {
      return await this.replay.listed(name, this.page.exchange, ...more);
    } catch (error) {
      this.replay.says = saidBy(error);
      set(this.says, "textContent", this.replay.says);
      return { days: [], expiries: [] };
    }
  }

  write() {
    const { page, replay } = this;
    const { moment, pinned } = page;
    const at = moment?.at ?? page.summary?.last_update ?? null;
    showClock(at);
    set(this.play, "textContent", replay.player.playing ? "▮▮" : "▶");
    set(this.play, "title", replay.player.playing ? "Pause (space in the bar)" : "Play (space in the bar)");
    this.play.setAttribute("aria-label", replay.player.playing ? "Pause" : "Play");
    this.live.setAttribute("aria-pressed", String(!moment));
    this.pin.setAttribute("aria-pressed", String(Boolean(pinned)));
    set(this.says, "textContent", replay.says || comparison(page));
    if (at) this.place(at);
    this.offer();
  }

  // the slider spans the session of the day that is shown
  async place(at) {
    const day = at.slice(0, 10);
    const { exchange } = this.page;
    if (this.day?.day !== day || this.day.exchange !== exchange || !this.page.moment) {
      const found = await this.listed("moments", day);
      if (found.instants) this.take(found);
    }
    const { opens = 0, closes = 1 } = this.day ?? {};
    const ms = msOf(at);
    set(this.slider, "value", String(Math.min(closes, Math.max(opens, ms))));
    this.slider.setAttribute("aria-valuetext", marketMoment(at));
  }

  take(day) {
    this.day = day;
    set(this.slider, "min", String(day.opens));
    set(this.slider, "max", String(day.closes));
    this.slider.title = `${hours(day.opens)}–${hours(day.closes)}, ${integer(day.instants.length)} stored moments${day.auction ? `; the index's auction ${hours(day.auction[0])}–${hours(day.auction[1])}` : ""}`;
    this.mark(this.auction, day.auction);
  }

  mark(node, span) {
    const { opens, closes } = this.day;
    const share = (ms) => `${(100 * (Math.min(closes, Math.max(opens, ms)) - opens)) / (closes - opens)}%`;
    node.hidden = !span;
    if (!span) return;
    node.style.left = share(span[0]);
    node.style.right = `calc(100% - ${share(span[1])})`;
  }

  // what there is to choose from
  async offer() {
    const { exchange } = this.page;
    const [{ days }, { expiries }] = await Promise.all([this.listed("days"), this.listed("expiries")]);
    if (exchange !== this.page.exchange) return;
    if (days !== this.offeredDays) this.offerDays(days);
    const shown = this.page.summary?.expiry ?? null;
    const key = [exchange, shown, expiries.map((one) => one.expiry)].join();
    if (key !== this.offered) this.offerExpiries(expiries, shown);
    this.offered = key;
    const pinnedAt = this.page.pinned?.summary.last_update;
    if (this.day) this.mark(this.pinned, pinnedAt?.slice(0, 10) === this.day.day ? [msOf(pinnedAt), msOf(pinnedAt)] : null);
  }

  offerDays(days) {
    this.offeredDays = days;
    this.days.replaceChildren(...days.map(({ day }) => new Option("", day)));
    this.date.min = days[0]?.day ?? "";
    this.date.max = days.at(-1)?.day ?? "";
  }

  offerExpiries(expiries, shown) {
    const options = expiries.map((one) => new Option(
      marketDate(one.expiry) + (one.is_current ? "" : untilWhen(one)),
      JSON.stringify({ exchange: one.exchange, last: one.last, current: one.is_current }),
      false,
      one.expiry === shown,
    ));
    if (!expiries.some((one) => one.expiry === shown)) {
      const none = new Option(shown ? marketDate(shown) : "–", "", false, true);
      none.disabled = true;
      options.unshift(none);
    }
    this.expiry.replaceChildren(...options);
  }
}

// of a chain that is followed no more: whether its contracts have died, or until when it is stored
const untilWhen = ({ expiry, last }) => (last.slice(0, 10) >= expiry ? ", over" : `, to ${marketDate(last).slice(0, -5)}`);
const comparison = ({ pinned }) => {
  const then = pinned?.summary.last_update;
  return then ? `against ${marketMoment(then)}` : "";
};
const gap = (one, other) => Math.abs(Date.parse(one) - Date.parse(other));
const msOf = (iso) => Date.parse(`1970-01-01T${iso.slice(11, 19)}Z`);
const marketAt = (day, ms) => `${day}T${new Date(ms).toISOString().slice(11, 23)}`;
const hours = (ms) => `${Math.floor(ms / HOUR_MS)}:${String(Math.round((ms % HOUR_MS) / 60_000)).padStart(2, "0")}`;
