// What the page asks of the server beside its link: an answer, or an Error with a sentence for people.

// longer than the server itself waits for its database, so that it can say what is the matter
const PATIENCE_MS = 15_000;
const AWAY = "The server does not answer; try again.";

export class Refused extends Error {}

// the sentence of what was refused; any other error is one of ours
export function saidBy(error) {
  if (!(error instanceof Refused)) throw error;
  return error.message;
}

/**
 * @param {string} path
 * @param {{ method?: string, body?: object, cache?: RequestCache, away?: string }} [more] `away`: what
 *   is said where no answer comes
 * @returns {Promise<any>}
 */
export async function ask(path, { method = "GET", body = undefined, cache = "default", away = AWAY } = {}) {
  const answer = await fetch(path, {
    method,
    cache,
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => {
    throw new Refused(away);
  });
  if (answer.status === 401) toLogin();
  if (answer.status === 204) return null;
  // an answer that was cut off is none
  const told = await answer.json().catch(() => null);
  if (answer.ok && told !== null) return told;
  throw new Refused(told?.error ?? (answer.ok ? away : `The server answered ${answer.status}; try again.`));
}

// whoever signs in there comes back to what is shown here
export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
