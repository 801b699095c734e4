// A drawing on a canvas by uPlot: lines by the library, bars, bands, marks and cells by our own brush.

/*! uPlot: Copyright (c) Leon Sorokin, MIT licence, https://github.com/leeoniya/uPlot/blob/master/LICENSE */
import uPlot from "uplot";
import { paintOver, paintUnder } from "./brush.js";
import { extent, nearest } from "./drawing.js";

const ROOM = 0.08;
const AXIS_PX = [52, 50];
const X_AXIS_PX = 22;
const TOP_PX = 8;
// half of the longest figure that may stand under the right edge
const SIDE_PX = 18;
const LEAST_POINTS = 2;
const AWAY = { left: -10, top: -10 };

export class Plot {
  /**
   * @param {HTMLElement} host
   * @param {import("./theme.js").Theme} theme
   * @param {(index: number | null, row: number | null) => void} moved
   */
  constructor(host, theme, moved) {
    this.host = host;
    this.theme = theme;
    this.moved = moved;
    /** @type {import("./drawing.js").Drawing | null} */
    this.drawing = null;
    this.u = null;
    this.made = "";
    this.zoomed = null;
    this.size = { width: 0, height: 0 };
  }

  resize(width, height) {
    this.size = { width, height };
    this.u?.setSize(this.size);
  }

  // the same frame takes new figures; another kind of drawing, or another theme, needs a new one
  show(drawing) {
    const made = [this.theme.version, frameOf(drawing)].join();
    const data = [drawing.x, ...drawing.columns.filter(({ draw }) => draw).map(({ values }) => values)];
    if (drawing.cells) data.push(drawing.x.map(() => null));
    const place = this.place;
    const moves = this.drawing && this.made === made;
    if (!moves) this.zoomed = null;
    this.drawing = drawing;
    if (moves && this.u) {
      this.u.batch(() => {
        this.u.setData(data, false);
        this.fit();
      });
    } else {
      this.u?.destroy();
      this.made = made;
      this.u = new uPlot(this.options(drawing), data, this.host);
      this.fit();
    }
    if (place !== null) this.point(Math.min(place, drawing.x.length - 1));
  }

  clear() {
    this.u?.destroy();
    this.u = null;
    this.drawing = null;
    this.made = "";
    this.zoomed = null;
  }

  get canvas() {
    return this.u?.ctx.canvas ?? null;
  }

  fit() {
    const [min, max] = this.zoomed ?? this.drawing.range;
    this.u.setScale("x", { min, max });
  }

  zoom(from, to) {
    const inside = this.drawing.x.filter((value) => value >= from && value <= to);
    if (inside.length < LEAST_POINTS) return;
    this.zoomed = [from, to];
    this.fit();
  }

  // answers whether there was anything to take back
  reset() {
    if (!this.zoomed) return false;
    this.zoomed = null;
    this.fit();
    return true;
  }

  // nearer to, or farther from, the point under the cursor
  step(factor) {
    const [min, max] = this.zoomed ?? this.drawing.range;
    const at = this.drawing.x[this.place ?? this.drawing.home] ?? (min + max) / 2;
    const [first, last] = this.drawing.range;
    const from = Math.max(first, at - (at - min) * factor);
    const to = Math.min(last, at + (max - at) * factor);
    if (from <= first && to >= last) this.reset();
    else this.zoom(from, to);
  }

  // the point under the cursor
  get place() {
    return this.u?.cursor.idx ?? null;
  }

  get row() {
    const { cells } = this.drawing ?? {};
    const { top = -1 } = this.u?.cursor ?? {};
    return cells && top >= 0 ? nearest(cells.rows, this.u.posToVal(top, "l")) : null;
  }

  // moves the cursor; null takes it away
  point(index, row = this.row) {
    if (!this.u) return;
    if (index === null || !this.drawing.x.length) return this.u.setCursor(AWAY, false);
    const { cells, x } = this.drawing;
    const top = cells ? this.u.valToPos(cells.rows[row ?? cells.home], "l") : 0;
    this.u.setCursor({ left: this.u.valToPos(x[index], "x"), top }, false);
  }

  /** @returns {any} */
  options(drawing) {
    const { theme } = this;
    const text = { stroke: theme.of("faint"), font: `10.5px ${theme.font}`, ticks: { show: false } };
    const grid = { stroke: theme.of("line"), width: 1 };
    const range = (axis) => () => this.range(axis);
    const cells = drawing.cells ? [{ scale: "l", paths: () => null, points: { show: false } }] : [];
    return {
      ...this.size,
      padding: [TOP_PX, drawing.axes.length > 1 ? 0 : SIDE_PX, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, auto: false }, l: { range: range(0) }, r: { range: range(1) } },
      series: [{}, ...drawing.columns.filter(({ draw }) => draw).map((column) => this.series(column)), ...cells],
      axes: [
        { ...text, grid, size: X_AXIS_PX, gap: 4, space: 46, incrs: drawing.steps, values: (_, splits) => splits.map((value) => this.drawing.writeX(value)) },
        ...drawing.axes.map((_, i) => ({
          ...text, scale: i ? "r" : "l", side: i ? 1 : 3, size: AXIS_PX[i], gap: 4, space: 30, grid: i ? { show: false } : grid,
          values: (__, splits) => splits.map((value) => this.drawing.axes[i](value)),
        })),
      ],
      cursor: {
        y: Boolean(drawing.cells),
        drag: { x: true, y: false, setScale: false, dist: 5 },
        points: { size: 6, width: 0 },
        bind: { dblclick: () => () => this.reset() },
      },
      hooks: {
        drawAxes: [(u) => paintUnder(u, this.drawing, theme)],
        draw: [(u) => paintOver(u, this.drawing, theme)],
        setCursor: [() => this.moved(this.place, this.row)],
        setSelect: [(u) => this.selected(u)],
      },
    };
  }

  series({ draw, token = "text", axis = 0, dash }) {
    const { theme } = this;
    const bare = draw === "bars";
    return {
      scale: axis ? "r" : "l",
      stroke: theme.of(token),
      width: axis ? 1.2 : 1.6,
      dash,
      fill: draw === "area" ? theme.of(token, 0.14) : undefined,
      paths: bare ? () => null : draw === "steps" ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: false },
    };
  }

  range(axis) {
    const { drawing } = this;
    if (drawing.cells) return rowsRange(drawing.cells.rows);
    const { min, max } = this.u?.scales.x ?? {};
    const found = extent(drawing, axis, min ?? drawing.range[0], max ?? drawing.range[1]);
    if (!found) return [0, 1];
    const [least, most] = found;
    const room = (most - least || Math.abs(most) * 0.01 || 1) * ROOM;
    const floor = drawing.zero && axis === 0 && least === 0 ? 0 : least - room;
    return [floor, most + room];
  }

  selected(u) {
    const { left, width } = u.select;
    if (!(width > 0)) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
  }
}

// what of a drawing is built in, and is not figures
function frameOf({ group, axes, columns, cells, steps }) {
  return JSON.stringify([group, axes.length, Boolean(cells), steps[0], columns.filter(({ draw }) => draw).map(({ label, token, draw, axis, dash }) => [label, token, draw, axis, dash])]);
}

// half a row beyond the first and the last
function rowsRange(rows) {
  const room = rows.length > 1 ? (rows.at(-1) - rows[0]) / (rows.length - 1) / 2 : 1;
  return rows.length ? [rows[0] - room, rows.at(-1) + room] : [0, 1];
}
