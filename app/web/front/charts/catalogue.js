// The charts there are, what may be chosen of each, and which stand in the column at first.

import { limits } from "../core/embedded.js";
import { strike as strikeText } from "../core/format.js";
import { LONGER, change, gamma, oi, smile, spanOf } from "./by-strike.js";
import { contract, days, heat, pain, pcr, premium, straddle } from "./by-time.js";

/**
 * @typedef {object} Option
 * @property {string} name
 * @property {string} label
 * @property {string} initial
 * @property {(view: any) => string[][]} choices  values and their words
 * @property {boolean} [own]  kept for each exchange by itself
 */

/**
 * @typedef {object} Definition
 * @property {string} title
 * @property {string} says
 * @property {(view: any) => any} plot  null while figures are on their way
 * @property {Option[]} options
 */

const AROUND = { name: "around", label: "Strikes", initial: "12", choices: () => [["12", "± 12"], ["25", "± 25"], ["50", "± 50"], ["0", "all"]] };
const OVER = {
  name: "over", label: "Change over", initial: "30",
  choices: () => [...limits.change_minutes.map(String), ...LONGER, "close"].map((over) => [over, spanOf(over)]),
};
const TOLD = { name: "signals", label: "Signals", initial: "on", choices: () => [["on", "signals"], ["off", "no signals"]] };
const strikes = (name, label) => ({
  name, label, initial: "", own: true,
  choices: ({ chain }) => [["", "ATM"], ...(chain?.strikes ?? []).map((strike) => [String(strike), strikeText(strike)])],
});

/** @type {Record<string, Definition>} */
export const CHARTS = {
  oi: { title: "OI by strike", says: "Open interest of calls and puts by strike; the solid end of a bar was added in the chosen time, the hollow end was closed", plot: oi, options: [OVER, AROUND] },
  change: { title: "OI change", says: "Change of open interest by strike over the chosen time", plot: change, options: [OVER, AROUND] },
  pcr: { title: "PCR and index", says: "Put open interest over call open interest, the same of volume, and the index, by minute", plot: pcr, options: [TOLD] },
  smile: { title: "IV smile", says: "Implied volatility by strike, now and at the close before", plot: smile, options: [] },
  straddle: { title: "Straddle", says: "Price through the day of the straddle at the money, or of any put and call", plot: straddle, options: [strikes("put", "Put"), strikes("call", "Call"), TOLD] },
  contract: {
    title: "Contract", says: "Open interest and price of one contract through the day", plot: contract,
    options: [strikes("strike", "Strike"), { name: "side", label: "Side", initial: "CE", own: true, choices: () => [["CE", "CE"], ["PE", "PE"]] }, TOLD],
  },
  pain: { title: "Max pain", says: "Max pain, the forward and the index through the day", plot: pain, options: [TOLD] },
  premium: { title: "Premium, ATM IV", says: "Premium of the future over the index, and implied volatility at the money of the forward, through the day", plot: premium, options: [TOLD] },
  gamma: { title: "Net gamma", says: "What dealers who bought the calls and sold the puts sell for a rise of the index by 1 %, in INR by strike; summed from the lowest strike it changes its sign at the flip", plot: gamma, options: [AROUND] },
  heat: {
    title: "OI map", says: "Open interest by strike and time; darker is more, and of changes the neutral colour is what was closed", plot: heat,
    options: [
      { name: "of", label: "Map of", initial: "ce", choices: () => [["ce", "CE OI"], ["pe", "PE OI"], ["ce-change", "CE ΔOI"], ["pe-change", "PE ΔOI"]] },
      { ...AROUND, choices: () => [["12", "± 12"], ["25", "± 25"], ["50", "± 50"]] },
    ],
  },
  days: {
    title: "Days", says: "Open interest of calls and puts and PCR at the end of each trading day", plot: days,
    options: [{ name: "days", label: "Days", initial: "60", choices: () => [["20", "20 days"], ["60", "60 days"], ["120", "120 days"]] }],
  },
};

export const FIRST = ["oi", "pcr", "smile"];
