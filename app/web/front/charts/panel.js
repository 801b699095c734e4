// The charts: which data each gets, and what of them tells one drawing from the next.

import { find } from "../core/dom.js";
import { CONVENTIONS, smileLines } from "../core/volatility.js";
import { Chart } from "./draw.js";
import { plotPcr, plotSmile } from "./line-charts.js";
import { plotOi } from "./oi-chart.js";

const AROUND = 12;
const SMILE_AROUND = 20;

// shown and redrawn while the panel is open
export function mount(_root, page) {
  const charts = new Charts();
  let open = false;
  const draw = () => open && charts.draw(page);
  page.on("chain", draw);
  return {
    show() {
      open = true;
      draw();
    },
    hide() {
      open = false;
    },
  };
}

class Charts {
  constructor() {
    this.oi = new Chart(find("oi-chart"), find("oi-readout"), plotOi);
    this.pcr = new Chart(find("pcr-chart"), find("pcr-readout"), plotPcr);
    this.smile = new Chart(find("smile-chart"), find("smile-readout"), plotSmile);
    this.legends = [...document.querySelectorAll("[data-iv]")];
  }

  draw({ chain, days, choice, exchange }) {
    if (!chain || chain.summary.updated_at === null) return this.clear();
    this.show(chain, days.extend(exchange, chain.summary), choice.iv);
  }

  show(chain, series, iv) {
    const { exchange } = chain;
    const now = exchange !== this.exchange;
    this.exchange = exchange;
    const { atm_strike: atm, max_pain: pain, underlying_price: index, forward } = chain.summary;
    const rows = (count) => chain.around(count).map((strike) => ({ strike, CE: chain.leg(strike, "CE"), PE: chain.leg(strike, "PE") }));
    const near = rows(AROUND);
    this.oi.show({ rows: near, atm, pain, index }, key(exchange, near, (leg) => [leg.oi, leg.oi_30m], atm, pain, Math.round(index)), { now });
    const wide = rows(SMILE_AROUND);
    const { leg: field } = CONVENTIONS[iv];
    const centre = iv === "forward" ? forward : index;
    const smile = { rows: wide, lines: smileLines(iv, forward), field, centre };
    this.smile.show(smile, key(exchange, wide, (leg) => [leg[field]], iv, Math.round(centre)), { now: now || iv !== this.iv });
    this.iv = iv;
    for (const legend of this.legends) legend.hidden = legend.dataset.iv !== iv;
    const day = series && key(exchange, [], null, series.minutes.length, series.pcr.at(-1), series.index.at(-1));
    this.pcr.show(series, day, { now: now || !this.pcr.data });
  }

  clear() {
    this.exchange = null;
    for (const chart of [this.oi, this.pcr, this.smile]) chart.show(null, "", { now: true });
  }
}

const key = (exchange, rows, of, ...others) => [
  exchange, ...others, ...rows.flatMap(({ strike, CE, PE }) => [strike, ...(CE ? of(CE) : []), "|", ...(PE ? of(PE) : [])]),
].join();
