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

// A chart redraws itself whole, at most once a frame, when its data or its size changes.
export class Chart {
  constructor(svg, readout, plot) {
    Object.assign(this, { svg, readout, plot });
    this.cursorX = null;
    new ResizeObserver(() => this.redraw()).observe(svg);
    svg.addEventListener("pointermove", (event) => {
      this.cursorX = event.offsetX;
      this.redraw();
    });
    svg.addEventListener("pointerleave", () => {
      this.cursorX = null;
      this.redraw();
    });
  }

  show(data) {
    this.data = data;
    this.redraw();
  }

  redraw() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      this.draw();
    });
  }

  draw() {
    const width = this.svg.clientWidth;
    const height = this.svg.clientHeight;
    if (!width || !height) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const drawn = this.data ? this.plot(this.data, width, height, this.cursorX) : null;
    if (drawn === null) {
      this.svg.replaceChildren(element("text", { x: width / 2, y: height / 2, class: "none" }, "nothing to draw yet"));
      this.readout.textContent = "";
      return;
    }
    this.svg.replaceChildren(...drawn.nodes);
    this.readout.textContent = drawn.readout ?? "";
  }
}
