// Asks the server for stored moments. What it refuses is thrown with its sentence.

const REQUEST_MS = 10_000;

export class Refused extends Error {}

// the sentence of what was refused; any other error is one of ours
export function saidBy(error) {
  if (!(error instanceof Refused)) throw error;
  return error.message;
}

async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(REQUEST_MS) });
  } catch {
    throw new Refused("The server does not answer; what is shown stays.");
  }
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const message = await answer.json().catch(() => null);
  if (!answer.ok || message === null) throw new Refused(message?.error ?? "The server is out of order; what is shown stays.");
  return message;
}

const time = (at) => encodeURIComponent(at).replaceAll("%3A", ":");

// the chain of the newest stored moment at or before `at`
export const asOf = (exchange, at) => ask(`/api/as-of/${exchange}?at=${time(at)}`);
// that moment and those that follow it
export const run = (exchange, from, count) => ask(`/api/as-of/${exchange}?from=${time(from)}&count=${count}`);
export const days = (exchange) => ask(`/api/days/${exchange}`);
export const moments = (exchange, day) => ask(`/api/moments/${exchange}?day=${day}`);
export const expiries = (exchange) => ask(`/api/expiries/${exchange}`);
