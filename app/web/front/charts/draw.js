// Small means for charts in SVG: elements, scales, axes, a cursor.

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

export const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

// round values between low and high, about `count` of them
export function ticks(low, high, count) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough);
  const values = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step / 1e6; v += step) values.push(Number(v.toPrecision(12)));
  return values;
}

export const path = (points) => {
  let pen = "M";
  let out = "";
  for (const [x, y] of points) {
    if (y === null) {
      pen = "M";
      continue;
    }
    out += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return out;
};

const PAUSE_MS = 3000;

// A chart draws itself when it is seen, its data differ from what is drawn, and it has rested; at
// once for another chain or size. The cursor moves without a drawing.
export class Chart {
  // `plot(data, width, height)` answers null or nodes, and `at(x)` (null: no pointer) → x and text
  constructor(svg, readout, plot) {
    this.svg = svg;
    this.readout = readout;
    this.plot = plot;
    this.pointer = null;
    this.seen = false;
    this.drawnAt = -Infinity;
    this.cursor = element("line", { class: "cursor" });
    new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen) this.later(0);
    }).observe(svg);
    new ResizeObserver(() => {
      this.drawn = null;
      this.later(0);
    }).observe(svg);
    svg.addEventListener("pointermove", (event) => this.point(event.offsetX));
    svg.addEventListener("pointerleave", () => this.point(null));
  }

  // `key` stands for all that is drawn of the data
  show(data, key, { now = false } = {}) {
    this.data = data;
    this.key = key;
    this.later(now ? 0 : this.drawnAt + PAUSE_MS - performance.now());
  }

  later(pauseMs) {
    if (!this.seen || this.drawn === this.key || (this.timer && pauseMs > 0)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.draw();
    }, Math.max(0, pauseMs));
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width || !height || !this.seen || document.hidden) return;
    this.drawn = this.key;
    this.drawnAt = performance.now();
    this.height = height;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.plotted = this.data ? this.plot(this.data, width, height) : null;
    const none = () => [element("text", { x: width / 2, y: height / 2, class: "none" }, "nothing to draw yet")];
    this.svg.replaceChildren(...(this.plotted?.nodes ?? none()), this.cursor);
    this.point(this.pointer);
  }

  point(pointer) {
    this.pointer = pointer;
    const shown = this.plotted?.at(pointer);
    const visible = pointer !== null && shown;
    this.cursor.setAttribute("visibility", visible ? "visible" : "hidden");
    if (visible) {
      const { x } = shown;
      for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 6, y2: this.height - 20 })) this.cursor.setAttribute(name, value);
    }
    const text = shown?.text ?? "";
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }
}
