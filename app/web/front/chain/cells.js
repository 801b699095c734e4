// The columns that a side of the chain may show, one entry each: add one here and it can be chosen,
// sorted by, explained and exported. An entry has
//   key, name        in the address and in the list of columns
//   head, headSays   its heading and what that means
//   text, says       what a cell shows, and what it means or why it is unknown
//   value            what it is sorted by and exported as (`raw`, where that is no number; `units`: a
//                    quantity that is told in lots too)
//   differs          how the difference to a pinned moment is written; `flows`: of a quantity, whose
//                    more is neither good nor bad
//   tint             further classes; `kind`, a class that several columns share
//   moved, directed  when a change is marked, and whether it has a direction
//   total            what the foot sums up
//   compares         it needs prices of an earlier moment (view.before)
//   book             it needs bid or ask, which come to who shows them alone
//   valued           it follows index, forward and time too (view.valuation)

import { limits } from "../core/embedded.js";
import { change, day, dayQuantity, oi, oiTime, quantity, volume } from "./cells-oi.js";
import { book, build, greeks, iv, ltp, ltpChange, ltpPercent, model } from "./cells-price.js";

const changes = limits.change_minutes.map(change);

export const POOL = [
  oi, ...changes, ...limits.change_minutes.map(quantity), day, dayQuantity, build, oiTime, volume, iv,
  ltp, ltpChange, ltpPercent, ...book, ...greeks, ...model,
];
export const KEYS = POOL.map((one) => one.key);
// of the calls, from left to right
export const DEFAULT = [oi, ...changes, volume, iv, ltp].map((one) => one.key);

const byKey = new Map(POOL.map((one) => [one.key, one]));
export const column = (key) => byKey.get(key);
// its heading where no chain is shown
export const heading = (key) => column(key).head({ lots: 0, span: "close", before: null });
