// Where a table has to be scrolled to, so that a line stands in the middle of what is seen of it.

export function centred(line, table, scroller) {
  const head = table.tHead.offsetHeight;
  const room = scroller.clientHeight - head - table.tFoot.offsetHeight;
  return line.offsetTop - head - (room - line.offsetHeight) / 2;
}
