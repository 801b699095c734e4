// The chain that was shown last, kept in this browser for the next visit: shown with its age where the
// server has none to give. One chain, of one user and one build; it goes when the user signs out.

const NAME = "last-chain";
const MOST_CHARACTERS = 400_000;

// `takenMs`: when the database took it, by the server's clock; of an unknown moment nothing is kept
export function keepChain({ chain, takenMs, user, build }) {
  if (!Number.isFinite(takenMs)) return;
  const legs = [...chain.legs.values()].map((leg) => chain.names.map((name) => leg[name]));
  const message = { kind: "full", exchange: chain.exchange, sequence: null, fields: chain.names, summary: chain.summary, legs };
  const text = JSON.stringify({ user, build, takenMs, message });
  try {
    if (text.length <= MOST_CHARACTERS) localStorage.setItem(NAME, text);
  } catch {
    // full or forbidden: the next visit begins with what the server has
  }
}

// a full message with its age by the server's clock; null for another chain, user or build
export function keptChain({ exchange, user, build, nowMs }) {
  try {
    const { takenMs, message, ...of } = JSON.parse(localStorage.getItem(NAME));
    const ageMs = nowMs - takenMs;
    // a server whose clock went back says nothing about what was before
    const known = ageMs >= 0 && of.user === user && of.build === build && message.exchange === exchange;
    return known ? { message, ageMs } : null;
  } catch {
    return null;
  }
}

export function forgetChain() {
  try {
    localStorage.removeItem(NAME);
  } catch {
    // where nothing can be removed nothing was kept
  }
}
