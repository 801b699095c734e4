// What the server put into the page: its settings and limits, the first chain and the clock.

import { unfolded } from "./folded.js";

const embedded = (id) => JSON.parse(document.getElementById(id).textContent);

export const start = embedded("state");
export const first = unfolded(embedded("first"));
export const firstClock = embedded("clock");
export const limits = start.ui.limits;
