// The line that says what a figure means and why one is missing: for pointer, touch and keyboard.

import { set } from "./dom.js";

export class Explanation {
  constructor(line) {
    this.line = line;
    this.focused = null;
    this.pointed = null;
  }

  // `tell` answers the sentence anew whenever the figures change; null takes it back
  point(tell) {
    this.pointed = tell;
    this.refresh();
  }

  focus(tell) {
    this.focused = tell;
    this.refresh();
  }

  refresh() {
    set(this.line, "textContent", (this.pointed ?? this.focused)?.() ?? "");
  }

  // how old what is explained is: beside the sentence and no part of it, for it changes each second
  aged(text) {
    set(this.line.dataset, "age", text);
  }
}

// Makes the buttons of a row one stop of the Tab key, with the arrow keys moving among them.
export function roving(row, explanation, tellOf) {
  const stops = [...row.querySelectorAll("button")];
  const only = (stop) => stops.forEach((one) => { one.tabIndex = one === stop ? 0 : -1; });
  only(stops[0]);
  row.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -stops.length, End: stops.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const shown = stops.filter((stop) => stop.offsetParent !== null);
    const i = shown.indexOf(document.activeElement) + step;
    shown[Math.max(0, Math.min(shown.length - 1, i))]?.focus();
  });
  const of = (target) => target.closest?.("button");
  row.addEventListener("focusin", (event) => {
    only(event.target);
    explanation.focus(tellOf(event.target));
  });
  row.addEventListener("focusout", () => explanation.focus(null));
  // a tap focuses nothing in some browsers
  row.addEventListener("click", (event) => of(event.target)?.focus());
  row.addEventListener("pointerover", (event) => of(event.target) && explanation.point(tellOf(of(event.target))));
  row.addEventListener("pointerleave", () => explanation.point(null));
}
