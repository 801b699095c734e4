// Which strikes the table shows now, and in which order.

import { FILTERS, sorted } from "./order.js";

const SIDES = ["CE", "PE"];
const RESORT_MS = 5000;

export class Picking {
  constructor() {
    // { key, side, down }; null is by strike
    this.sort = null;
    this.asked = undefined;
    this.pickedAt = -Infinity;
  }

  // a column that is shown no more sorts nothing
  lay(layout) {
    if (this.sort?.side && !layout.keys(this.sort.side).includes(this.sort.key)) this.sort = null;
  }

  // the next call picks anew, whatever is under the pointer
  forget() {
    this.asked = undefined;
  }

  // `shown` are the strikes that stand there. Rows do not move under a still pointer: while it rests on
  // them (`held`) what is shown stays as it is, as far as it is a choice of rows at all.
  strikes(chain, view, { shown, other, held }) {
    const { count, filter } = view;
    const { sort } = this;
    const asked = [count, filter?.name, filter?.span, filter?.least, sort?.key, sort?.side, sort?.down].join();
    const same = asked === this.asked && !other;
    const present = () => shown.every((strike) => SIDES.some((side) => chain.leg(strike, side)));
    if (same && (count || filter || sort) && (held || this.isFresh(filter)) && present()) return shown;
    this.asked = asked;
    this.pickedAt = performance.now();
    const all = filter ? chain.strikes : chain.around(count);
    const kept = filter ? FILTERS[filter.name](all, chain, filter) : all;
    return sort ? sorted(kept, chain, sort, view) : kept;
  }

  // rows that were put in order a moment ago stay so: who reads them must not run after them
  isFresh(filter) {
    return Boolean(filter || this.sort) && performance.now() - this.pickedAt < RESORT_MS;
  }
}
