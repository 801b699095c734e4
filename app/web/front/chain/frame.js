// What stands around the rows: a <col>, a heading and a total for each column.

import { column, heading as headingOf } from "./cells.js";
import { set } from "../core/dom.js";
import { integer, percent, quantity, ratio, signedQuantity } from "../core/format.js";
import { inLots } from "./cells-oi.js";

const SIDES = { CE: "calls", PE: "puts" };

export class Frame {
  constructor(table, fit) {
    this.table = table;
    this.fit = fit;
    this.group = table.querySelector("colgroup");
    this.headings = table.tHead.rows[1];
    this.totals = table.tFoot.rows[0];
  }

  lay(layout) {
    this.layout = layout;
    const keys = [...layout.keys("CE"), "strike", ...layout.keys("PE")];
    // what the server painted stays
    if ([...this.headings.cells].map((heading) => heading.dataset.column).join() !== keys.join()) this.make(layout);
    for (const heading of this.headings.cells) this.fit.note(heading.dataset.column, heading.textContent);
  }

  make(layout) {
    for (const place of [this.group, this.headings, this.totals]) place.replaceChildren();
    for (const key of layout.keys("CE")) this.add(key, "CE");
    this.add("strike");
    for (const key of layout.keys("PE")) this.add(key, "PE");
  }

  add(key, side) {
    const col = document.createElement("col");
    const heading = document.createElement("th");
    heading.scope = "col";
    const total = document.createElement("td");
    for (const node of [col, heading, total]) {
      node.className = side ? `${side.toLowerCase()} ${key}` : key;
      node.dataset.column = key;
      if (side) node.dataset.side = side;
    }
    col.dataset.key = key;
    heading.textContent = side ? headingOf(key) : "STRIKE";
    this.group.append(col);
    this.headings.append(heading);
    this.totals.append(total);
  }

  // headings say the unit, and what the rows are sorted by
  head(view, sort) {
    for (const heading of this.headings.cells) {
      const { column: key, side } = heading.dataset;
      const sorted = sort && sort.key === key && sort.side === side;
      if (sorted) heading.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
      if (!side) {
        this.fit.note(key, heading.textContent);
        continue;
      }
      const one = column(key);
      set(heading, "textContent", one.head(view));
      set(heading, "title", one.headSays(view));
      // room for the arrow of the one that is sorted by
      this.fit.note(key, sorted ? `${heading.textContent} 0` : heading.textContent);
    }
  }

  sum(chain, view) {
    for (const cell of this.totals.cells) {
      const { column: key, side } = cell.dataset;
      const text = side ? this.total(column(key).total, side, chain, view) : `PCR ${ratio(chain.summary.pcr)}`;
      set(cell, "textContent", text);
      this.fit.note(key, text);
    }
  }

  // "" where a column cannot be summed up
  total(how, side, chain, view) {
    if (!how) return "";
    if (how.fact) {
      const units = chain.summary[`${how.fact}_${side.toLowerCase()}`];
      return view.lots ? integer(inLots(units, view)) : quantity(units);
    }
    const { units, before } = sumOf(how.sum, side, chain);
    if (view.absolute || how.always) return signedQuantity(inLots(units, view));
    return percent(units === null || before <= 0 ? null : (units / before) * 100);
  }

  says(key, side, chain) {
    if (!side) return `Put open interest / call open interest over all ${chain.strikes.length} strikes`;
    const how = column(key).total;
    if (!how) return "";
    const all = `All ${SIDES[side]}`;
    if (how.fact) return `${all}: ${how.name} ${integer(chain.summary[`${how.fact}_${side.toLowerCase()}`])} units`;
    const { units, known, legs } = sumOf(how.sum, side, chain);
    return units === null
      ? `${all}: unknown, as no contract's change is known`
      : `${all}: ${column(key).name}, ${signedQuantity(units)} units, known of ${known} of ${legs} contracts`;
  }

  clear() {
    for (const cell of this.totals.cells) cell.textContent = "";
  }
}

// what is unknown counts for nothing; of nothing known the sum is unknown. `before` is the OI that the
// known changes are of
function sumOf(units, side, chain) {
  const take = typeof units === "string" ? (leg) => leg[units] : units;
  let sum = null;
  let known = 0;
  let before = 0;
  let legs = 0;
  for (const strike of chain.strikes) {
    const leg = chain.leg(strike, side);
    if (!leg) continue;
    legs += 1;
    const value = leg.oi === null ? null : take(leg) ?? null;
    if (value === null) continue;
    known += 1;
    sum = (sum ?? 0) + value;
    before += leg.oi - value;
  }
  return { units: sum, before, known, legs };
}
