// The chains this page knows: one per exchange, brought up to date by messages from the server.

export class Chain {
  constructor(message) {
    this.exchange = message.exchange;
    this.replace(message);
  }

  replace(message) {
    this.names = message.fields;
    this.summary = message.summary;
    this.legs = new Map();
    this.sorted = null;
    // what the last message changed: [leg before, leg now] each
    this.changed = [];
    this.take(message.legs);
    this.sequence = message.sequence;
  }

  // answers false when the message does not build on what is here
  patch(message) {
    if (message.base !== this.sequence) return false;
    this.changed = [];
    Object.assign(this.summary, message.summary);
    for (const [strike, side] of message.gone) this.legs.delete(`${strike}${side}`);
    if (message.gone.length || message.legs.length) this.sorted = null;
    this.take(message.legs);
    for (const [strike, side, ...changes] of message.cells) this.change(`${strike}${side}`, changes);
    this.sequence = message.sequence;
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
    const before = this.legs.get(key);
    const leg = { ...before };
    for (let i = 0; i < changes.length; i += 2) leg[this.names[changes[i]]] = changes[i + 1];
    this.legs.set(key, leg);
    this.changed.push([before, leg]);
  }

  // as it is now; what comes later does not touch it
  copy() {
    const kept = Object.create(Chain.prototype);
    return Object.assign(kept, this, { summary: { ...this.summary }, legs: new Map(this.legs), sorted: null });
  }

  // whether bid and ask came with it
  get hasBook() {
    return this.names.includes("best_bid");
  }

  leg(strike, side) {
    return this.legs.get(`${strike}${side}`) ?? null;
  }

  get strikes() {
    this.sorted ??= [...new Set([...this.legs.values()].map((leg) => leg.strike))].sort((a, b) => a - b);
    return this.sorted;
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
