// The choice of which rows are shown.

import { answer } from "../core/dom.js";
import { keep, preference } from "../core/preferences.js";

const LAKH = 1e5;

export class Filter {
  constructor({ select, least, onChange }) {
    this.select = select;
    this.least = least;
    this.onChange = onChange;
    const kept = preference("rows", "");
    if ([...select.options].some((option) => option.value === kept)) select.value = kept;
    least.value = preference("least", least.value);
    select.addEventListener("change", () => this.chose("rows", select));
    least.addEventListener("input", () => this.chose("least", least));
    this.offer();
  }

  chose(name, node) {
    keep(name, node.value);
    this.offer();
    answer(node, () => this.onChange(this.value));
  }

  offer() {
    this.least.parentElement.hidden = this.select.value !== "held";
  }

  // compared by identity: the same object while nothing else was chosen
  get value() {
    const [name, span = null] = this.select.value.split(" ");
    const least = Math.max(0, Number(this.least.value) || 0) * LAKH;
    if (this.made?.name !== name || this.made.span !== span || this.made.least !== least) {
      this.made = { name, span, least };
    }
    return name === "" ? null : this.made;
  }
}
