// The two conventions of implied volatility on this page, and where each stands in what is sent.

import { limits } from "./embedded.js";

export const CONVENTIONS = {
  forward: {
    leg: "iv_forward",
    atm: "atm_iv_forward",
    level: "forward",
    rate: 0,
    on: "on the forward that put–call parity of the chain implies",
  },
  spot: {
    leg: "iv",
    atm: "atm_iv",
    level: "underlying_price",
    rate: limits.assumed_rate,
    on: "on the index at a rate of 10 % a year",
  },
};

export const NO_FORWARD = "the chain came without a forward; with key i the IV is that of the index and 10 %";

// the lines of a smile: which side's volatility stands at a strike
export function smileLines(convention, forward) {
  if (convention === "spot") {
    return [{ name: "ce", side: () => "CE" }, { name: "pe", side: () => "PE" }];
  }
  // out of the money contracts alone: these trade, and the two sides agree where they meet
  return forward === null ? [] : [{ name: "smile", side: (strike) => (strike < forward ? "PE" : "CE") }];
}
