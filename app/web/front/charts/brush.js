// What is painted on a chart beside its lines; all in pixels of the canvas.

const BAR_SHARE = 0.38;
const LEAST_BAR = 1.5;
const LABEL_PX = 10;
const SIGN_PX = 5;

// under the lines: bands of time, cells, bars
export function paintUnder(u, drawing, theme) {
  within(u, (ctx) => {
    for (const band of drawing.bands) paintBand(ctx, u, band, theme);
    if (drawing.cells) paintCells(ctx, u, drawing, theme);
    for (const column of drawing.columns) if (column.draw === "bars") paintBars(ctx, u, drawing.x, column, theme);
  });
}

// over them: where a level stands, or the moment that is looked at
export function paintOver(u, drawing, theme) {
  within(u, (ctx) => {
    let line = 0;
    for (const mark of drawing.marks) {
      paintMark(ctx, u, mark, line, theme);
      line += mark.label ? 1 : 0;
    }
    for (const sign of drawing.signs ?? []) paintSign(ctx, u, sign, theme);
  });
}

// at the foot what points up, at the head what points down: neither lies on a line for long
function paintSign(ctx, u, { x, up }, theme) {
  const size = SIGN_PX * devicePixelRatio;
  const at = u.valToPos(x, "x", true);
  const edge = up ? u.bbox.top + u.bbox.height - 1 : u.bbox.top + 1;
  const tip = edge + (up ? -2 : 2) * size;
  ctx.fillStyle = theme.of(up ? "up" : "down");
  ctx.beginPath();
  ctx.moveTo(at - size, edge);
  ctx.lineTo(at, tip);
  ctx.lineTo(at + size, edge);
  ctx.fill();
}

function within(u, paint) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  paint(ctx);
  ctx.restore();
}

function label(ctx, u, text, x, line, theme) {
  const ratio = devicePixelRatio;
  ctx.font = `${LABEL_PX * ratio}px ${theme.font}`;
  ctx.fillStyle = theme.of("dim");
  const width = ctx.measureText(text).width;
  const inside = Math.min(x + 4 * ratio, u.bbox.left + u.bbox.width - width - 2 * ratio);
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(text, inside, u.bbox.top + (2 + line * (LABEL_PX + 2)) * ratio);
}

function paintBand(ctx, u, { from, to, label: text }, theme) {
  const left = u.valToPos(from, "x", true);
  ctx.fillStyle = theme.of("asleep", 0.16);
  ctx.fillRect(left, u.bbox.top, u.valToPos(to, "x", true) - left, u.bbox.height);
  label(ctx, u, text, left, 0, theme);
}

function paintMark(ctx, u, { x, label: text, token, dash = [] }, line, theme) {
  const at = Math.round(u.valToPos(x, "x", true)) + 0.5;
  ctx.strokeStyle = theme.of(token);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(at, u.bbox.top);
  ctx.lineTo(at, u.bbox.top + u.bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  if (text) label(ctx, u, text, at, line, theme);
}

// The solid end of a bar is what came since, the hollow end what went; without a before it is whole.
function paintBars(ctx, u, x, { values, then, token, place }, theme) {
  const slot = Math.abs(u.valToPos(x[0] + 1, "x", true) - u.valToPos(x[0], "x", true));
  const width = Math.max(LEAST_BAR, slot * (place ? BAR_SHARE : 2 * BAR_SHARE));
  const y = (value) => u.valToPos(value, "l", true);
  const box = (left, low, high) => [left, Math.min(y(low), y(high)), width, Math.abs(y(low) - y(high))];
  ctx.strokeStyle = theme.of(token, 0.8);
  ctx.lineWidth = devicePixelRatio;
  x.forEach((at, i) => {
    const now = values[i];
    if (now === null || now === undefined) return;
    const before = then?.[i] ?? now;
    const left = u.valToPos(at, "x", true) + (place < 0 ? -width : place > 0 ? 0 : -width / 2);
    const base = then ? Math.min(now, before) : 0;
    ctx.fillStyle = theme.of(token, 0.45);
    if (then) ctx.fillRect(...box(left, 0, base));
    ctx.fillStyle = theme.of(token);
    if (now > base || !then) ctx.fillRect(...box(left, base, now));
    if (then && before > now) ctx.strokeRect(...box(left, now, before));
  });
}

// More is stronger; what fell is neutral, for neither is good or bad. Edges are whole pixels that
// neighbours share, so that no seam shows.
function paintCells(ctx, u, { x, cells }, theme) {
  const most = cells.values.reduce((top, row) => row.reduce((one, value) => Math.max(one, Math.abs(value ?? 0)), top), 0);
  if (!most) return;
  const [more, less] = [theme.of(cells.token), theme.of("text")];
  const pixel = (value, scale) => Math.round(u.valToPos(value, scale, true));
  cells.rows.forEach((row, r) => {
    const below = row - (row - (cells.rows[r - 1] ?? 2 * row - (cells.rows[r + 1] ?? row + 1))) / 2;
    const above = row + ((cells.rows[r + 1] ?? 2 * row - (cells.rows[r - 1] ?? row - 1)) - row) / 2;
    const [top, bottom] = [pixel(above, "l"), pixel(below, "l")];
    cells.values[r].forEach((value, i) => {
      if (!value) return;
      const left = pixel(x[i], "x");
      ctx.fillStyle = value > 0 ? more : less;
      ctx.globalAlpha = Math.sqrt(Math.abs(value) / most);
      ctx.fillRect(left, top, pixel(x[i] + cells.width, "x") - left, bottom - top);
    });
  });
}
