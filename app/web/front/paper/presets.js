// Structures around the money: which strikes they take, what of each is bought and sold.

// [strikes from ATM in widths, side, B or S]
const STRUCTURES = {
  "long straddle": [[0, "CE", "B"], [0, "PE", "B"]],
  "short straddle": [[0, "CE", "S"], [0, "PE", "S"]],
  "long strangle": [[1, "CE", "B"], [-1, "PE", "B"]],
  "short strangle": [[1, "CE", "S"], [-1, "PE", "S"]],
  "bull call spread": [[0, "CE", "B"], [1, "CE", "S"]],
  "bear put spread": [[0, "PE", "B"], [-1, "PE", "S"]],
  "iron condor": [[-2, "PE", "B"], [-1, "PE", "S"], [1, "CE", "S"], [2, "CE", "B"]],
};

export const PRESETS = Object.keys(STRUCTURES);

// legs of one lot each; a sentence where the chain has no such strikes. `width` in strikes.
export function structure(name, chain, width) {
  const { atm_strike: atm } = chain.summary;
  const centre = chain.strikes.indexOf(atm);
  if (centre < 0) return "Which strike is at the money is not known at the moment.";
  const legs = STRUCTURES[name].map(([away, side, act]) => {
    const leg = chain.leg(chain.strikes[centre + away * width], side);
    return leg && { exchange: chain.exchange, strike: leg.strike, side, symbol: leg.symbol, act, lots: 1 };
  });
  return legs.every(Boolean) ? legs : `The chain has no strikes ${width} apart for that.`;
}
