// From a contract's open interest in the table to its chart: a click, or Enter on the cell.

/** @param {HTMLTableElement} table  @param {(strike: number, side: string) => void} open */
export function bindContracts(table, open) {
  const contract = (event) => {
    const cell = event.target.closest('tbody td[data-column="oi"]');
    if (cell) open(Number(cell.parentElement.dataset.strike), cell.dataset.side);
    return cell;
  };
  table.addEventListener("click", contract);
  table.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && contract(event)) event.preventDefault();
  });
}
