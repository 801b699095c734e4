// Stands in for the socket of a page: `feed(n)` gives it n updates of its own chain, a few a frame.
class SelfFed extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 1;

  constructor() {
    super();
    window.feed = (count) => this.feed(count);
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }

  send() {}

  close() {}

  async feed(count) {
    const first = (this.first ??= await this.whole());
    this.sequence ??= first.sequence;
    this.legs ??= first.legs.map((leg) => Object.fromEntries(leg.map((value, i) => [first.fields[i], value])));
    for (let n = 0; n < count; n += 1) {
      this.say(this.delta(first, n));
      if (n % 5 !== 0) continue;
      this.say(this.clock(first.exchange));
      await new Promise(requestAnimationFrame);
    }
  }

  // the page has it in another form
  async whole() {
    const { exchange } = JSON.parse(document.getElementById('first').textContent);
    return (await fetch(`/api/state/${exchange}?book=0`)).json();
  }

  say(message) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }

  // three of five contracts trade, one of twenty changes its open interest
  delta({ exchange, fields }, n) {
    const place = (name) => fields.indexOf(name);
    const cells = this.legs.filter((_, i) => (i + n) % 5 < 3).map((leg, i) => {
      leg.ltp = Math.round((leg.ltp ?? 100) * (1 + Math.sin(i + n) / 200) * 20) / 20;
      leg.volume = (leg.volume ?? 0) + 650;
      if ((i + n) % 20 === 0) leg.oi = (leg.oi ?? 0) + 75;
      return [leg.strike, leg.side, place('ltp'), leg.ltp, place('volume'), leg.volume, place('oi'), leg.oi];
    });
    const base = this.sequence;
    this.sequence += 1;
    return { kind: 'delta', exchange, base, sequence: this.sequence, summary: { sequence: this.sequence }, cells, legs: [], gone: [] };
  }

  clock(exchange) {
    return { kind: 'clock', server_ms: Date.now(), ages: { [exchange]: 100 }, phase: { options: 'open', index: 'open' }, problem: null, feeds: {} };
  }
}
window.WebSocket = SelfFed;
