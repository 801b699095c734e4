// Follows one exchange: by WebSocket, and by asking every few seconds while that does not work.

import { fromApi } from "./store.js";

const SILENCE_MS = 12_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export class Link {
  // handlers: message(message), problem(sentence|null), way("push"|"poll"|"none"), login()
  constructor(exchange, pollMs, handlers) {
    this.exchange = exchange;
    this.pollMs = pollMs;
    this.handlers = handlers;
    this.pauseMs = FIRST_PAUSE_MS;
    this.polledAt = -Infinity;
    this.ended = false;
    this.open();
  }

  close() {
    this.ended = true;
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    clearTimeout(this.poll);
    this.socket?.close();
  }

  open() {
    clearTimeout(this.retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live/${this.exchange}`);
    this.socket = socket;
    this.watch();
    socket.addEventListener("message", (event) => {
      if (this.ended || socket !== this.socket) return;
      this.watch();
      this.received(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (!this.ended && socket === this.socket) this.lost();
    });
  }

  // a link that says nothing for too long is as good as none
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENCE_MS);
  }

  received(message) {
    this.pauseMs = FIRST_PAUSE_MS;
    clearTimeout(this.poll);
    this.poll = null;
    this.handlers.way("push");
    if (message.kind === "pulse") this.handlers.problem(message.problem, message.server_ms);
    else this.handlers.message(message);
  }

  lost() {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.silence);
    socket?.close();
    this.handlers.way(performance.now() - this.polledAt < 2 * this.pollMs ? "poll" : "none");
    this.retry = setTimeout(() => this.open(), this.pauseMs);
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    if (!this.poll) this.ask();
  }

  async ask() {
    clearTimeout(this.poll);
    this.poll = setTimeout(() => this.ask(), this.pollMs);
    try {
      // the browser revalidates by entity tag: an unchanged chain travels as a 304
      const answer = await fetch(`/api/data/${this.exchange}`, { cache: "no-cache", headers: { Accept: "application/json" } });
      if (this.ended || !this.poll) return;
      if (answer.status === 401) return this.handlers.login();
      const body = await answer.json();
      if (!answer.ok) return this.handlers.problem(body.error);
      this.polledAt = performance.now();
      this.handlers.way("poll");
      this.handlers.message(fromApi(body));
    } catch {
      if (!this.ended) this.handlers.way("none");
    }
  }

  again() {
    this.socket?.close();
  }
}
