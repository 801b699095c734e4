// One stop of the Tab key for the whole table; the arrow keys move from cell to cell.

const PAGE = 10;
const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-PAGE, 0], PageDown: [PAGE, 0],
};
const CELL = "[data-column]";

export class Grid {
  // `tellOf(cell)` answers a function that says what the cell means; `reach(line)` gives a line its cells
  constructor(table, explanation, { tellOf, reach }) {
    this.table = table;
    this.explanation = explanation;
    this.tellOf = tellOf;
    this.reach = reach;
    this.cell = null;
    table.addEventListener("keydown", (event) => this.key(event));
    table.addEventListener("focusin", (event) => this.enter(event.target.closest(CELL)));
    table.addEventListener("focusout", () => explanation.focus(null));
    table.addEventListener("click", (event) => this.go(event.target.closest(CELL)));
    table.addEventListener("pointerover", (event) => this.point(event.target.closest(CELL)));
    table.addEventListener("pointerleave", () => explanation.point(null));
  }

  point(cell) {
    this.explanation.point(cell && this.tellOf(cell));
  }

  get focused() {
    return this.table.contains(document.activeElement);
  }

  // The cell that the Tab key reaches; another one when its row has gone, or is of another chain.
  // Answers whether it is another one.
  stop(otherwise, other) {
    if (this.cell?.isConnected && !other) return false;
    this.make(otherwise);
    return true;
  }

  // to take the focus asks for a layout
  take() {
    this.cell?.focus({ preventScroll: true });
  }

  make(cell) {
    if (cell === this.cell) return;
    this.cell?.removeAttribute("tabindex");
    this.cell?.removeAttribute("aria-describedby");
    this.cell = cell;
    if (!cell) return;
    cell.tabIndex = 0;
    cell.setAttribute("aria-describedby", this.explanation.line.id);
  }

  go(cell) {
    if (!cell) return;
    this.make(cell);
    cell.focus();
  }

  enter(cell) {
    if (!cell) return;
    this.make(cell);
    this.explanation.focus(this.tellOf(cell));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.cell) return;
    const target = this.target(event.key);
    if (!target) return;
    event.preventDefault();
    this.explanation.point(null);
    this.go(target);
  }

  target(key) {
    const row = this.cell.parentElement;
    const visible = (cells) => [...cells].filter((cell) => cell.offsetWidth > 0 && cell.matches(CELL));
    if (key === "Home") return visible(row.cells)[0];
    if (key === "End") return visible(row.cells).at(-1);
    const step = STEPS[key];
    if (!step) return null;
    const [down, right] = step;
    if (right) {
      const cells = visible(row.cells);
      return cells[cells.indexOf(this.cell) + right];
    }
    const rows = [...this.table.rows].filter((one) => one.dataset.strike || one.cells[0].matches(CELL));
    const i = Math.max(0, Math.min(rows.length - 1, rows.indexOf(row) + down));
    this.reach(rows[i]);
    return rows[i].cells[this.cell.cellIndex];
  }
}
