// The first chain comes by column, without what follows from the rest (app/chains/folded.py): here it
// becomes the message that it stands for.

const PERCENT = /^pct_(\d+m)$/;

// step by step as the server does it, to the same digit
function percent(oi, change) {
  if (oi === null || change === null || oi - change <= 0) return null;
  return Math.floor(change / (oi - change) * 100 * 1000 + 0.5) / 1000;
}

function whole(column) {
  return Array.isArray(column) ? column : column.of.map((value) => (value === null ? null : value * column.each));
}

function following(name, { but, stem }, told, count) {
  const [, span] = PERCENT.exec(name) ?? [];
  const change = told[`oi_${span}`];
  const values = Array.from({ length: count }, (_, i) => (span ? percent(told.oi[i], change[i]) : `${stem}${told.strike[i]}${told.side[i]}`));
  for (let i = 0; i < but.length; i += 2) values[but[i]] = but[i + 1];
  return values;
}

/** @param {any} folded  null where there is no chain */
export function unfolded(folded) {
  if (!folded) return null;
  const { count, columns, ...message } = folded;
  const told = {};
  const follows = [];
  message.fields.forEach((name, i) => {
    if (columns[i].but) follows.push([name, columns[i]]);
    else told[name] = whole(columns[i]);
  });
  for (const [name, column] of follows) told[name] = following(name, column, told, count);
  return { ...message, legs: Array.from({ length: count }, (_, i) => message.fields.map((name) => told[name][i])) };
}
