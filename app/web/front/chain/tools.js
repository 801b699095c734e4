// What stands above the chain: which columns and rows are shown, and their export. Dialog and file
// are loaded when they are first asked for.

import { DEFAULT, KEYS } from "./cells.js";
import { Filter } from "./filter.js";
import { chosenLayout, keepLayout, Layout } from "./layout.js";
import { offerMetrics } from "./sheet.js";
import { find } from "../core/dom.js";
import { remembered } from "../core/preferences.js";

// the columns to begin with, and whether the trader has chosen them
export function firstLayout() {
  const given = chosenLayout(KEYS);
  return { layout: given ?? new Layout(DEFAULT), all: given !== null };
}

export class Tools {
  // `chose(changes)` hears of choices, `redraw()` of other columns
  constructor({ table, chose, redraw }) {
    this.table = table;
    this.redraw = redraw;
    this.chooser = null;
    find("columns-open").addEventListener("click", () => this.openColumns());
    find("export").addEventListener("click", () => this.exportShown());
    remembered(find("span"), "span", (value) => chose({ span: value }));
    offerMetrics(find("metric"), table.layout);
    remembered(find("metric"), "metric", (value) => table.prefer(value));
    this.filter = new Filter({ select: find("filter"), least: find("least"), onChange: (value) => chose({ filter: value }) });
    chose({ filter: this.filter.value });
  }

  // null is the layout that the page has by itself
  lay(layout) {
    keepLayout(layout);
    this.table.lay(layout ?? new Layout(DEFAULT), layout !== null);
    offerMetrics(find("metric"), this.table.layout);
    this.table.prefer(find("metric").value);
    this.redraw();
  }

  async openColumns() {
    const { Chooser } = await import("./chooser.js");
    this.chooser ??= new Chooser({ dialog: find("columns"), layout: this.table.layout, onChoose: (layout) => this.lay(layout) });
    this.chooser.open();
  }

  async exportShown() {
    const { chain, view, layout, strikes } = this.table;
    if (!chain) return;
    const { csvOf, download, fileName } = await import("./export.js");
    download(fileName(chain), csvOf({ chain, view, layout, strikes }));
  }
}
