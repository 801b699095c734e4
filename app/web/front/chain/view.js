// How the chain is shown: what was chosen, and what its figures are compared with and valued at.
// The same object while nothing of that is new: the table then touches only changed legs.

import { column } from "./cells.js";
import { Valuation } from "./greeks.js";

export class Views {
  // `wantBook()`: bid and ask are shown
  constructor(baselines, wantBook) {
    this.baselines = baselines;
    this.wantBook = wantBook;
    this.view = null;
  }

  of(chain, { choice, layout, compact, against, isPast }) {
    const { summary } = chain;
    const compares = layout.all.some((key) => column(key).compares);
    if (compares) this.baselines.want(chain, choice.span, isPast);
    if (layout.all.some((key) => column(key).book)) this.wantBook();
    const wanted = {
      ...choice,
      lots: choice.lots && summary.lot_size ? summary.lot_size : 0,
      lotSize: summary.lot_size,
      hasForward: summary.forward !== null,
      closeAt: summary.prev_close_at,
      compact,
      against,
      before: compares ? this.baselines.of(chain, choice.span) : null,
    };
    const { view } = this;
    if (!view || Object.keys(wanted).some((key) => wanted[key] !== view[key])) {
      this.view = wanted;
      this.view.then = against && this.thenOf(against, summary);
    }
    this.view.valuation = this.valued(summary, choice.iv);
    return this.view;
  }

  // the same of the moment that is pinned
  thenOf({ summary: then }, summary) {
    const { iv, span, before } = this.view;
    const sameClose = span === "close" && then.last_update.slice(0, 10) === summary.last_update.slice(0, 10);
    return { ...this.view, hasForward: then.forward !== null, valuation: new Valuation(then, iv), before: sameClose ? before : null };
  }

  // one valuation serves until index, forward or the minute have moved
  valued(summary, convention) {
    const made = new Valuation(summary, convention);
    return this.view.valuation?.equals(made) ? this.view.valuation : made;
  }
}
