// A chart as a file: its picture with its name and reading, its figures as CSV.

const BAND_PX = 40;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // the browser has taken it by the next task
  setTimeout(() => URL.revokeObjectURL(link.href));
}

// the canvas under a band that says what it is of
export function savePicture(canvas, theme, title, parts, name) {
  const ratio = devicePixelRatio;
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = canvas.height + BAND_PX * ratio;
  const ctx = picture.getContext("2d");
  ctx.fillStyle = theme.of("panel");
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.scale(ratio, ratio);
  ctx.fillStyle = theme.of("text");
  ctx.font = `600 12px ${theme.font}`;
  ctx.fillText(title, 10, 16);
  ctx.font = `11px ${theme.font}`;
  let left = 10;
  for (const { text, token } of parts) {
    ctx.fillStyle = theme.of(token);
    ctx.fillText(text, left, 33);
    left += ctx.measureText(text).width + 10;
  }
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(canvas, 0, BAND_PX * ratio);
  picture.toBlob((blob) => save(blob, `${name}.png`));
}

const FORMULA = /^[=+\-@\t\r\n]/;

// figures stay figures; a text that a spreadsheet would execute gets an apostrophe
function field(value) {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function saveTable(rows, name) {
  const text = rows.map((row) => row.map(field).join(",")).join("\r\n");
  save(new Blob([`${text}\r\n`], { type: "text/csv" }), `${name}.csv`);
}
