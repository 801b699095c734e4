// Follows what is shown, and what else the page wants, over one WebSocket; asks every few seconds
// while that does not work.

const SILENCE_MS = 12_000;
const ANSWER_MS = 3000;
const REQUEST_MS = 10_000;
const STEADY_MS = 5000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const SESSION_OVER = 4401;

export class Link {
  // handlers: data(message), clock(message), notice(message), problem(sentence|null),
  // way("push"|"poll"|"none"), login(), held(exchange) → the sequence that is here, or null,
  // book() → whether bid and ask are wanted
  constructor(pollMs, handlers) {
    this.pollMs = pollMs;
    this.handlers = handlers;
    this.pauseMs = FIRST_PAUSE_MS;
    this.polledAt = -Infinity;
    this.tags = new Map();
    this.heardAt = new Map();
    this.resuming = new Set();
    this.followed = [];
    this.ended = false;
    addEventListener("online", () => this.socket === null && this.open());
    addEventListener("pagehide", () => this.end());
    // a page that comes back from the browser's memory has to follow anew
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  end() {
    this.ended = true;
    for (const timer of [this.retry, this.silence, this.poll, this.answer]) clearTimeout(timer);
    this.socket?.close();
  }

  // the exchange that is shown from now on, and all that are followed
  follow(exchange, followed) {
    this.exchange = exchange;
    this.followed = followed;
    if (this.socket === undefined) return this.open();
    if (this.socket === null) return this.ask();
    if (this.socket.readyState === WebSocket.OPEN) this.say();
  }

  // asks, once, for a whole chain when what came does not build on what is here
  again(exchange) {
    if (!this.resuming.has(exchange)) this.say(exchange);
    this.resuming.add(exchange);
  }

  say(anew = null) {
    const held = (key) => (key === anew || this.resuming.has(key) ? null : this.handlers.held(key));
    const follow = Object.fromEntries(this.followed.map((key) => [key, held(key)]));
    this.socket?.send(JSON.stringify({ follow, book: this.handlers.book() }));
    clearTimeout(this.answer);
    if (this.followed.length === 0) return;
    this.answer = setTimeout(() => {
      this.resuming.clear();
      this.ask();
    }, ANSWER_MS);
  }

  open() {
    clearTimeout(this.retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    this.socket = socket;
    this.openedAt = performance.now();
    this.resuming.clear();
    this.watch();
    const ours = (act) => (event) => !this.ended && socket === this.socket && act(event);
    socket.addEventListener("open", ours(() => this.say()));
    socket.addEventListener("message", ours((event) => this.received(JSON.parse(event.data))));
    socket.addEventListener("close", ours((event) => (event.code === SESSION_OVER ? this.handlers.login() : this.lost())));
  }

  // a link that says nothing for too long is as good as none
  watch(ms = SILENCE_MS) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), ms);
  }

  // the machine has slept, and nobody knows what has become of the link
  woke() {
    if (this.ended) return;
    if (this.socket === null) return this.open();
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.say();
    this.watch(ANSWER_MS);
  }

  received(message) {
    this.watch();
    if (message.kind === "end") return;
    this.quiet();
    this.handlers.way("push");
    if (message.kind === "clock") {
      this.handlers.problem(message.problem);
      this.handlers.clock(message);
      if (this.exchange in message.ages && !this.resuming.has(this.exchange)) clearTimeout(this.answer);
      return;
    }
    if (message.kind === "notice") return this.handlers.notice(message);
    if (message.kind === "full") this.resuming.delete(message.exchange);
    this.heardAt.set(message.exchange, performance.now());
    this.handlers.data(message);
  }

  quiet() {
    clearTimeout(this.poll);
    this.poll = null;
  }

  lost() {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.silence);
    clearTimeout(this.answer);
    socket?.close();
    if (performance.now() - this.openedAt > STEADY_MS) this.pauseMs = FIRST_PAUSE_MS;
    this.handlers.way(performance.now() - this.polledAt < 2 * this.pollMs ? "poll" : "none");
    // spread, so that all pages do not come back in one moment
    this.retry = setTimeout(() => this.open(), this.pauseMs * (0.5 + Math.random() / 2));
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    if (!this.poll) this.ask();
  }

  ask() {
    this.quiet();
    this.poll = setTimeout(() => this.ask(), this.pollMs);
    return Promise.all(this.followed.map((exchange) => this.fetch(exchange)));
  }

  async fetch(exchange) {
    const askedAt = performance.now();
    try {
      const answer = await fetch(`/api/state/${exchange}${this.handlers.book() ? "" : "?book=0"}`, {
        cache: "no-store", headers: this.tagged(exchange), signal: AbortSignal.timeout(REQUEST_MS),
      });
      const message = answer.status === 304 ? null : await answer.json();
      const overtaken = this.heardAt.get(exchange) > askedAt;
      if (this.ended || !this.followed.includes(exchange) || overtaken) return;
      this.answered(exchange, answer, message);
    } catch {
      if (!this.ended) this.polling("none");
    }
  }

  // an open socket says itself how it fares
  polling(way) {
    if (this.socket?.readyState !== WebSocket.OPEN) this.handlers.way(way);
  }

  tagged(exchange) {
    const tag = this.handlers.held(exchange) === null ? undefined : this.tags.get(exchange);
    return { Accept: "application/json", ...(tag && { "If-None-Match": tag }) };
  }

  answered(exchange, answer, message) {
    if (answer.status === 401) return this.handlers.login();
    if (answer.status !== 304 && !answer.ok) {
      this.polling("poll");
      return this.handlers.problem(message.error);
    }
    this.polledAt = performance.now();
    this.polling("poll");
    this.handlers.problem(null);
    if (message) {
      this.tags.set(message.exchange, answer.headers.get("ETag"));
      this.handlers.data(message);
    }
    const told = (name) => (answer.headers.has(name) ? Number.parseInt(answer.headers.get(name), 10) : NaN);
    const market = JSON.parse(answer.headers.get("OI-Market") ?? "{}");
    this.handlers.clock({ ...market, server_ms: told("OI-Server-Ms"), ages: { [exchange]: told("OI-Age-Ms") }, build: answer.headers.get("OI-Build") });
  }
}
