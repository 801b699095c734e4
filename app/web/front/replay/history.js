// Asks the server for stored moments. What it refuses is thrown with its sentence.

import { ask as asked } from "../core/ask.js";

const ask = (path) => asked(path, { away: "The server does not answer; what is shown stays." });
const time = (at) => encodeURIComponent(at).replaceAll("%3A", ":");

// the chain of the newest stored moment at or before `at`
export const asOf = (exchange, at) => ask(`/api/as-of/${exchange}?at=${time(at)}`);
// that moment and those that follow it
export const run = (exchange, from, count) => ask(`/api/as-of/${exchange}?from=${time(from)}&count=${count}`);
export const days = (exchange) => ask(`/api/days/${exchange}`);
export const moments = (exchange, day) => ask(`/api/moments/${exchange}?day=${day}`);
export const expiries = (exchange) => ask(`/api/expiries/${exchange}`);
