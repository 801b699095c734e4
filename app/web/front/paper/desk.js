// The server's side of paper trading: what it refuses is an Error with its sentence.

import { ask } from "../core/ask.js";

const post = (path, body) => ask(path, { method: "POST", body, away: "The server does not answer; try again: the same order is never filled twice." });

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
