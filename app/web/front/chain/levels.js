// Support and resistance by open interest: the strikes below the index at which most puts are
// held, and those above it at which most calls are. Writers of these contracts lose beyond them.

const HOW_MANY = 2;

// { S: [strike, second], R: [strike, second] }; fewer where fewer hold any
export function levels(chain) {
  const { underlying_price: index, atm_strike: atm } = chain.summary;
  const level = index ?? atm;
  if (level === null) return { S: [], R: [] };
  return { S: most(chain, "PE", (strike) => strike <= level), R: most(chain, "CE", (strike) => strike >= level) };
}

function most(chain, side, counts) {
  const held = chain.strikes.filter(counts).map((strike) => [strike, chain.leg(strike, side)?.oi ?? 0]);
  return held.filter(([, oi]) => oi > 0).sort((a, b) => b[1] - a[1]).slice(0, HOW_MANY).map(([strike]) => strike);
}
