// What the charts are drawn of at one moment: the chain that is shown, and the series beside it.

import { secondsOf } from "./times.js";

// `chosen` are a chart's own choices; `trouble` collects why a series is not here
export class View {
  constructor(page, series, chosen) {
    this.page = page;
    this.source = series;
    this.chosen = chosen;
    this.exchange = page.exchange;
    this.chain = page.chain;
    this.summary = page.summary;
    this.moment = page.moment;
    this.choice = page.choice;
    this.pinned = page.pinned ?? null;
    const at = this.moment?.at ?? null;
    this.date = at === null ? null : at.slice(0, 10);
    this.until = at === null ? null : secondsOf(at.slice(11, 19));
    this.lot = this.choice.lots ? this.summary?.lot_size ?? 0 : 0;
    this.unit = this.lot ? "lots" : "";
    this.counted = (units) => (units === null || units === undefined || !this.lot ? units ?? null : units / this.lot);
    this.trouble = null;
  }

  ofDay() {
    return this.date === null ? {} : { day: this.date };
  }

  series(name, words) {
    const { data, problem } = this.source.want(this.exchange, name, words);
    if (!data) this.trouble = problem ?? "";
    return data;
  }

  // what a chart can do without
  beside(name, words) {
    return this.source.want(this.exchange, name, words).data;
  }

  // the day by minute; that of the present is here already, for the head line
  day() {
    return this.date === null ? this.page.days.of(this.exchange) : this.series("day", this.ofDay());
  }
}
