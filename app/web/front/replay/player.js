// Plays stored moments one after the other, at a multiple of the market's pace; they are fetched in
// runs, so that no request stands between two of them.

import { limits } from "../core/embedded.js";
import { run } from "./history.js";

const FIRST_RUN = 10;
const LATER_RUNS = 30;
const ENOUGH = 12;
// nights and gaps are not waited for
const LONGEST_MS = 1500;
const SHORTEST_MS = 16;

export class Player {
  // handlers: frame(message), ended(), failed(error)
  constructor(handlers) {
    this.handlers = handlers;
    this.speed = 1;
    this.playing = false;
    this.exchange = null;
    // what is fetched and not shown yet
    this.queue = [];
  }

  start(exchange, at, speed) {
    this.stop();
    Object.assign(this, { exchange, at, speed, playing: true, queue: [], last: at, whole: false, fetching: null, turn: {} });
    this.fill();
  }

  stop() {
    this.playing = false;
    this.turn = null;
    clearTimeout(this.timer);
  }

  // what is waited for is waited for anew, at the other pace
  pace(speed) {
    this.speed = speed;
    if (this.playing && this.queue.length) this.wait();
  }

  async fill() {
    if (this.fetching || this.whole) return;
    const { turn } = this;
    const count = this.queue.length === 0 ? FIRST_RUN : Math.min(LATER_RUNS, limits.most_frames);
    try {
      this.fetching = run(this.exchange, this.last, count);
      const { frames } = await this.fetching;
      if (turn !== this.turn) return;
      // the first is the one that a run was asked from
      const later = frames.slice(1);
      this.whole = frames.length < count;
      this.last = frames.at(-1).moment.at;
      const rested = this.queue.length === 0;
      this.queue.push(...later);
      if (rested) this.wait();
    } catch (error) {
      if (turn !== this.turn) return;
      this.stop();
      this.handlers.failed(error);
    } finally {
      if (turn === this.turn) this.fetching = null;
    }
  }

  wait() {
    clearTimeout(this.timer);
    if (this.queue.length === 0) {
      if (!this.whole) return;
      this.stop();
      return void this.handlers.ended();
    }
    const market = Date.parse(this.queue[0].moment.at) - Date.parse(this.at);
    this.timer = setTimeout(() => this.show(), Math.min(LONGEST_MS * (this.speed > 1 ? 1 : Infinity), Math.max(SHORTEST_MS, market / this.speed)));
  }

  show() {
    const frame = this.queue.shift();
    this.at = frame.moment.at;
    this.handlers.frame(frame);
    // whoever hears of a frame may end the play
    if (!this.playing) return;
    if (this.queue.length < ENOUGH) this.fill();
    this.wait();
  }
}
