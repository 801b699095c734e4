// The chains this page knows: one per exchange, brought up to date by messages from the server.

export class Chain {
  constructor(message) {
    this.exchange = message.exchange;
    this.replace(message);
  }

  replace(message) {
    this.names = message.leg_fields;
    this.summary = message.summary;
    this.legs = new Map();
    this.take(message.legs);
    this.serial = message.sequence;
  }

  // answers false when the message does not build on what is here
  patch(message) {
    if (message.base !== this.serial) return false;
    Object.assign(this.summary, message.summary);
    for (const [strike, side] of message.gone) this.legs.delete(`${strike}${side}`);
    this.take(message.legs);
    for (const [strike, side, ...changes] of message.cells) this.change(`${strike}${side}`, changes);
    this.serial = message.sequence;
    return true;
  }

  take(arrays) {
    for (const values of arrays) {
      const leg = {};
      for (let i = 0; i < values.length; i += 1) leg[this.names[i]] = values[i];
      this.legs.set(`${leg.strike}${leg.side}`, leg);
    }
  }

  // a changed leg is a new object: that is how the table knows what to look at
  change(key, changes) {
    const leg = { ...this.legs.get(key) };
    for (let i = 0; i < changes.length; i += 2) leg[this.names[changes[i]]] = changes[i + 1];
    this.legs.set(key, leg);
  }

  leg(strike, side) {
    return this.legs.get(`${strike}${side}`) ?? null;
  }

  get strikes() {
    return [...new Set([...this.legs.values()].map((leg) => leg.strike))].sort((a, b) => a - b);
  }

  // the strikes within `count` of the one at the money; all without a count
  around(count) {
    const all = this.strikes;
    const atm = this.summary.atm_strike;
    if (!count || atm === null || all.length === 0) return all;
    let centre = 0;
    all.forEach((strike, i) => {
      if (Math.abs(strike - atm) < Math.abs(all[centre] - atm)) centre = i;
    });
    return all.slice(Math.max(0, centre - count), centre + count + 1);
  }
}

// the answer of /api/data in the form of a full message
export function fromApi(payload) {
  const names = ["strike", "side", "latest_oi", "ltp", "iv", "volume", "best_bid", "best_ask", "bid_quantity", "ask_quantity", "theoretical_price", "delta", "symbol"];
  const spans = ["3m", "5m", "10m", "15m", "30m"];
  const row = (side) => (option) => [
    ...names.map((name) => (name === "side" ? side : option[name])),
    ...spans.map((span) => option.pct_changes[span]),
    ...spans.map((span) => option.abs_changes[span]),
  ];
  const { call_options: calls, put_options: puts, ...summary } = payload;
  return {
    kind: "full",
    exchange: payload.exchange,
    sequence: payload.sequence,
    leg_fields: [...names, ...spans.map((s) => `pct_${s}`), ...spans.map((s) => `abs_${s}`)],
    summary,
    legs: [...calls.map(row("CE")), ...puts.map(row("PE"))],
  };
}
