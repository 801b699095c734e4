// The server's side of paper trading: what it refuses is an Error with its sentence.

const UNREACHED = "The server does not answer; try again: the same order is never filled twice.";

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(UNREACHED);
  }
  if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `The server answered ${answer.status}.`);
  return body;
}

const post = (path, body) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const account = () => ask("/api/paper");
export const place = (key, legs, rests) => post("/api/paper/orders", { key, legs, rests });
export const cancel = (id) => post("/api/paper/cancel", { order_id: id });
export const close = (key, what) => post("/api/paper/close", { key, ...what });
export const payoffOfLegs = (legs) => ask(`/api/paper/payoff?legs=${encodeURIComponent(
  legs.map(({ exchange, symbol, side, lots }) => [exchange, symbol, side, lots].join(":")).join(),
)}`);
export const payoffOfHeld = (underlying) => ask(`/api/paper/payoff?underlying=${encodeURIComponent(underlying)}`);

// what a refusal, or any other failure, says
export const sentence = (error) => (error instanceof Error ? error.message : String(error));

// one a decision of the trader: what is sent again with it is done once
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
