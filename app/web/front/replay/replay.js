// The past on the page: which moment is shown, how one gets to the next, and what it is compared with.

import { address, marketTime } from "../core/address.js";
import { Refused, saidBy } from "../core/ask.js";
import { istOf } from "../core/format.js";
import { Chain } from "../core/store.js";
import * as history from "./history.js";
import { Player } from "./player.js";

export class Replay {
  // `changed()` is called when the bar has something else to show
  constructor(page, changed) {
    this.page = page;
    this.changed = changed;
    this.says = "";
    this.speed = 1;
    this.wanted = null;
    this.going = null;
    this.held = new Map();
    this.player = new Player({
      frame: (message) => this.frame(message),
      ended: () => this.say("This is the last stored moment."),
      failed: (error) => this.say(saidBy(error)),
    });
    page.on("exchange", () => this.player.stop());
    page.on("moment", () => this.changed());
    page.on("pin", () => this.changed());
  }

  // Shows the newest moment at or before `at`. While one is on its way only the last that was asked
  // for comes after it. Answers whether it is shown.
  async go(at, { jumps = true, exchange = this.page.exchange } = {}) {
    this.player.stop();
    this.wanted = { at, jumps, exchange };
    this.changed();
    this.going ??= this.pursue().finally(() => { this.going = null; });
    await this.going;
    return this.page.moment?.chain !== undefined;
  }

  async pursue() {
    while (this.wanted) {
      const { at, jumps, exchange } = this.wanted;
      try {
        const message = await history.asOf(exchange, at);
        if (this.wanted === null) return;
        if (this.wanted.at === at && this.wanted.exchange === exchange) this.wanted = null;
        this.show(message, { jumps });
      } catch (error) {
        if (this.wanted?.at === at) this.wanted = null;
        this.say(saidBy(error));
        // an address of nothing: the present is better than an empty page
        if (!this.page.moment?.chain) this.leave({ jumps: false, keeps: true });
      }
    }
  }

  show(message, { jumps }) {
    this.says = "";
    const { moment: told, exchange } = message;
    // states are counted at the live edge alone
    message.summary.sequence = null;
    const chain = this.taken(message);
    if (exchange !== this.page.exchange) this.page.turnTo(exchange, { ...told, chain });
    else this.page.show({ ...told, chain });
    this.write({ jumps });
    this.changed();
  }

  frame(message) {
    try {
      this.show(message, { jumps: false });
    } catch (error) {
      this.player.stop();
      this.say(saidBy(error));
    }
  }

  // one chain an exchange is kept, so that a step changes only the cells that differ
  taken(message) {
    const shown = this.page.moment?.chain;
    if (message.kind === "delta") {
      if (!shown?.patch(message)) throw new Refused("The replay lost its place; play it again.");
      return shown;
    }
    if (shown?.exchange !== message.exchange) return new Chain(message);
    shown.replace(message);
    return shown;
  }

  // `way`: snapshot, minute, hour or day; from the present one step leads to what was stored by then
  async step(way, forward) {
    // from a moment that is still on its way, as the one that an address names
    if (this.page.moment && !this.page.moment.chain) await this.going;
    const { moment } = this.page;
    if (!moment) return forward ? undefined : this.enter(way);
    if (!moment.chain) return undefined;
    const to = moment[way][forward ? 1 : 0];
    if (to) return this.go(to, { jumps: false }).then(() => this.expect(way, forward));
    if (forward && this.isToday(moment.at)) return this.leave();
    return this.say(forward ? "This is the last stored moment." : "This is the first stored moment.");
  }

  async enter(way) {
    const shown = this.page.summary?.last_update ?? marketTime(istOf(this.page.clock.nowMs));
    await this.go(shown);
    const { moment } = this.page;
    // the newest stored snapshot is already before what the live edge shows
    if (!moment?.chain || (way === "snapshot" && moment.at < shown)) return undefined;
    const to = moment[way][0];
    return to ? this.go(to, { jumps: false }) : undefined;
  }

  // who steps on finds the next one in the browser's cache, where its day is over
  expect(way, forward) {
    const { moment, exchange } = this.page;
    const next = moment?.[way]?.[forward ? 1 : 0];
    if (next && !this.isToday(next)) history.asOf(exchange, next).catch(() => {});
  }

  isToday(at) {
    return this.page.live(this.page.exchange)?.summary.last_update?.slice(0, 10) === at.slice(0, 10);
  }

  // back to the present, which has gone on meanwhile
  leave({ jumps = true, keeps = false } = {}) {
    this.halt();
    if (!keeps) this.says = "";
    if (!this.page.moment) return;
    this.page.show(null);
    this.write({ jumps });
    this.changed();
  }

  // what was under way is no longer wanted
  halt() {
    this.player.stop();
    this.wanted = null;
  }

  async toggle() {
    if (this.player.playing) {
      this.player.stop();
      return this.changed();
    }
    if (!this.page.moment) await this.enter("hour");
    const { moment, exchange } = this.page;
    if (!moment?.chain) return undefined;
    this.says = "";
    this.player.start(exchange, moment.at, this.speed);
    return this.changed();
  }

  pace(speed) {
    this.speed = speed;
    this.player.pace(speed);
  }

  // pins what is shown, or takes the pin away
  togglePin() {
    const { chain, pinned } = this.page;
    this.page.pin(pinned || !chain?.summary.last_update ? null : chain.copy());
    this.write({ jumps: true });
  }

  async pinAt(exchange, at) {
    try {
      const message = await history.asOf(exchange, at);
      if (this.page.exchange === exchange) this.page.pin(new Chain(message));
    } catch (error) {
      this.say(saidBy(error));
    }
    this.write({ jumps: false });
  }

  write({ jumps }) {
    const { exchange, moment, pinned } = this.page;
    address({ exchange, at: moment?.at ?? null, pin: pinned?.summary.last_update ?? null }, { jumps });
  }

  say(sentence) {
    this.says = sentence;
    this.changed();
  }

  // lists that change seldom are asked for once a minute
  async listed(name, exchange, ...more) {
    const key = [name, exchange, ...more].join();
    const known = this.held.get(key);
    if (known && performance.now() - known.at < 60_000) return known.list;
    const list = history[name](exchange, ...more);
    this.held.set(key, { at: performance.now(), list });
    list.catch(() => this.held.delete(key));
    return list;
  }
}
