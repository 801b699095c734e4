// The right column: which data each chart gets, and when.

import { Chart } from "./draw.js";
import { plotPcr, plotSmile } from "./line-charts.js";
import { plotOi } from "./oi-chart.js";

const AROUND = 12;
const SMILE_AROUND = 20;
const SERIES_MS = 60_000;
const find = (id) => document.getElementById(id);

export class Charts {
  constructor(onSeries) {
    this.onSeries = onSeries;
    this.oi = new Chart(find("oi-chart"), find("oi-readout"), plotOi);
    this.pcr = new Chart(find("pcr-chart"), find("pcr-readout"), plotPcr);
    this.smile = new Chart(find("smile-chart"), find("smile-readout"), plotSmile);
    setInterval(() => this.chain && this.fetchSeries(this.chain.exchange), SERIES_MS);
  }

  show(chain) {
    const other = chain.exchange !== this.chain?.exchange;
    this.chain = chain;
    if (other) {
      this.series = null;
      this.pcr.show(null);
      this.fetchSeries(chain.exchange);
    }
    const { atm_strike: atm, max_pain: pain, underlying_price: index } = chain.summary;
    const rows = (count) => chain.around(count).map((strike) => ({ strike, CE: chain.leg(strike, "CE"), PE: chain.leg(strike, "PE") }));
    this.oi.show({ rows: rows(AROUND), atm, pain, index });
    this.smile.show({ rows: rows(SMILE_AROUND), index });
    this.extend();
  }

  async fetchSeries(exchange) {
    try {
      const answer = await fetch(`/api/pcr/${exchange}`);
      if (!answer.ok) return;
      const series = await answer.json();
      if (exchange !== this.chain.exchange) return;
      this.series = series;
      this.extend();
      this.onSeries(series);
    } catch {
      // the health line already says that the server is away; the next minute tries again
    }
  }

  // the minute that is not over yet comes from the live chain
  extend() {
    if (!this.series) return;
    const { pcr, underlying_price: index, last_update: at } = this.chain.summary;
    const { minutes } = this.series;
    if (at !== null && this.series.day === at.slice(0, 10)) {
      const minute = at.slice(11, 16);
      const i = minutes.at(-1) === minute ? minutes.length - 1 : minutes.length;
      minutes[i] = minute;
      this.series.pcr[i] = pcr;
      this.series.index[i] = index;
    }
    this.pcr.show(this.series);
  }
}
