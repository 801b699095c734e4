// What need not be drawn before the hand that asked for it sees an answer.

const PATIENCE_MS = 200;
// older browsers have no idle time of their own
const soon = (act) => (globalThis.requestIdleCallback ? requestIdleCallback(act, { timeout: PATIENCE_MS }) : setTimeout(act));

export class Later {
  // `draw(names)` does what was put off; it is called when the page has nothing else to do
  constructor(draw) {
    this.draw = draw;
    this.names = new Set();
  }

  add(name) {
    if (!this.names.size) soon(() => this.finish());
    this.names.add(name);
  }

  forget() {
    this.names.clear();
  }

  // at once: all, or those that cannot wait
  /** @param {(name: any) => boolean} [isPressing] */
  finish(isPressing = () => true) {
    const names = [...this.names].filter(isPressing);
    for (const name of names) this.names.delete(name);
    if (names.length) this.draw(names);
  }
}
