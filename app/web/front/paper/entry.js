// From a price in the chain to the ticket: a click or Enter on it, or b and s on any figure of a
// contract.

const PRICES = { ltp: "B", ask: "B", bid: "S" };
const KEYS = { b: "B", s: "S" };

export function offerTrades(table, page, panels) {
  const ask = async (cell, act) => {
    const { side } = cell.dataset;
    const strike = Number(cell.parentElement.dataset.strike);
    const symbol = page.chain?.leg(strike, side)?.symbol;
    const panel = await panels.open("paper");
    panel?.ask({ exchange: page.exchange, strike, side, symbol, act });
  };
  const contractCell = (target) => target.closest("tbody td[data-side]");
  table.addEventListener("click", (event) => {
    const cell = contractCell(event.target);
    const act = cell && PRICES[cell.dataset.column];
    if (act) ask(cell, act);
  });
  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = contractCell(event.target);
    const act = cell && (event.key === "Enter" ? PRICES[cell.dataset.column] : KEYS[event.key]);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    ask(cell, act);
  });
}
