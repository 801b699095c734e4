// What a chart shows, said without a word of how it is drawn.

import { DASH } from "../core/format.js";

/**
 * One figure through the chart; unknown is null, undefined is "not taken here".
 * @typedef {object} Column
 * @property {string} label
 * @property {(number | null | undefined)[]} values
 * @property {(value: number | null) => string} write
 * @property {string} [token]  the colour's name
 * @property {"line" | "steps" | "bars" | "area"} [draw]  nothing: told, not drawn
 * @property {0 | 1} [axis]  left or right
 * @property {number[]} [dash]
 * @property {-1 | 0 | 1} [place]  of bars: left of, at or right of the middle
 * @property {(number | null)[]} [then]  of bars: what they were before
 * @property {(index: number) => string} [nameAt]  takes the label's place in a reading
 */

/**
 * @typedef {object} Drawing
 * @property {"time" | "strike" | null} group  charts of a group share their cursor
 * @property {string} xName
 * @property {number[]} x  ascending
 * @property {number[]} shared  what the cursor stands at for the group, by point
 * @property {(value: number) => string} writeX  of a tick
 * @property {(index: number) => string} nameX  of a point
 * @property {number[]} steps  between ticks
 * @property {[number, number]} range
 * @property {Column[]} columns
 * @property {((value: number) => string)[]} axes
 * @property {boolean} [zero]  the left axis begins at zero
 * @property {{ x: number, label: string, token: string, dash?: number[] }[]} marks
 * @property {{ from: number, to: number, label: string }[]} bands
 * @property {{ x: number, up: boolean }[]} [signs]  what was told to go up or down, and where
 * @property {number} home  the point that is told while there is no cursor
 * @property {Cells} [cells]
 * @property {string} [note]
 */

/**
 * A map of figures: rows upwards, a column a point of x.
 * @typedef {object} Cells
 * @property {number[]} rows
 * @property {(number | null)[][]} values  by row
 * @property {number} width  of a column, in units of x
 * @property {number} home  the row that is told while there is no cursor
 * @property {string} token  of what is more, and of all that is signed upwards
 * @property {(value: number | null) => string} write
 * @property {(value: number) => string} writeRow
 */

// where a level stands among slots of equal width: strikes may be unevenly spaced, so it lies
// between the slots of its two neighbours; null beyond them
export function slotOf(strikes, value) {
  if (value === null || value === undefined || value < strikes[0] || value > strikes.at(-1)) return null;
  const right = strikes.findIndex((strike) => strike >= value);
  const left = Math.max(0, right - 1);
  const share = right === left ? 0 : (value - strikes[left]) / (strikes[right] - strikes[left]);
  return left + share;
}

// the place of the value nearest to `wanted` in an ascending list
export function nearest(values, wanted) {
  let low = 0;
  let high = values.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle;
  }
  return high > low && values[high] - wanted < wanted - values[low] ? high : low;
}

// least and most of what is drawn on an axis between two values of x; null where nothing is known
/** @param {Pick<Drawing, "x" | "columns" | "zero">} drawing */
export function extent({ x, columns, zero }, axis, from, to) {
  let least = zero && axis === 0 ? 0 : Infinity;
  let most = zero && axis === 0 ? 0 : -Infinity;
  let found = false;
  for (const { draw, axis: own = 0, values, then } of columns) {
    if (!draw || own !== axis) continue;
    for (const series of then ? [values, then] : [values]) {
      for (let i = 0; i < x.length; i += 1) {
        const value = series[i];
        if (value === null || value === undefined || x[i] < from || x[i] > to) continue;
        found = true;
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
  }
  return found ? [least, most] : null;
}

// what the cursor at a point reads: texts with their colours, the place first
/** @param {Drawing} drawing */
export function reading(drawing, index, row = null) {
  const parts = [{ text: drawing.nameX(index), token: "text" }];
  const { cells } = drawing;
  if (cells) {
    const at = row ?? cells.home;
    parts.push({ text: `${cells.writeRow(cells.rows[at])} ${cells.write(cells.values[at][index] ?? null)}`, token: cells.token });
  }
  for (const { label, values, write, nameAt, token = "dim" } of drawing.columns) {
    const value = values[index];
    if (value === undefined) continue;
    parts.push({ text: `${nameAt?.(index) ?? label} ${value === null ? DASH : write(value)}`.trim(), token });
  }
  return parts;
}

// heading and rows as they go into a file
/** @param {Drawing} drawing */
export function table({ group, xName, x, shared, nameX, columns, cells }) {
  // a strike is a figure
  const nameOf = group === "strike" ? (i) => shared[i] : nameX;
  if (cells) {
    return [["strike", ...x.map((_, i) => nameX(i))], ...cells.rows.map((row, r) => [row, ...cells.values[r]])];
  }
  return [[xName, ...columns.map(({ label }) => label)], ...x.map((_, i) => [nameOf(i), ...columns.map(({ values }) => values[i] ?? null)])];
}
