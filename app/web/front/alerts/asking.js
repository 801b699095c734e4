// An alert on what the trader points at: `n` on a focused figure, or the right button on a cell.

import { draftAt } from "./drafts.js";

export function askedFor(page, panels, table) {
  const ask = async (place) => (await panels.open("alerts"))?.propose(draftAt(place, page));
  table.addEventListener("contextmenu", (event) => {
    // with Shift the browser's own menu comes
    if (event.shiftKey || !event.target.closest("tbody [data-column]")) return;
    event.preventDefault();
    ask(event.target);
  });
  return () => ask(document.activeElement);
}
