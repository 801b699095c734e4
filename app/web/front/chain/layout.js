// Which columns stand on each side, and in which order: chosen by the trader, kept by the browser
// and carried by the address. Written as keys from left to right, "calls_puts"; without "_" the
// puts mirror the calls.

import { keep, preference } from "../core/preferences.js";

const NAME = "cols";

export class Layout {
  constructor(calls, puts = null) {
    this.calls = calls;
    this.puts = puts ?? [...calls].reverse();
    this.mirrors = puts === null;
  }

  static of(text, known) {
    const [calls, puts = null] = text.split("_").map((part) => {
      const keys = part.split(/[,.]/).filter((key) => known.includes(key));
      return [...new Set(keys)];
    });
    return calls.length && (puts === null || puts.length) ? new Layout(calls, puts) : null;
  }

  get text() {
    return this.mirrors ? this.calls.join(".") : `${this.calls.join(".")}_${this.puts.join(".")}`;
  }

  keys(side) {
    return side === "CE" ? this.calls : this.puts;
  }

  get all() {
    return [...new Set([...this.calls, ...this.puts])];
  }

  shows(...keys) {
    return keys.some((key) => this.calls.includes(key) || this.puts.includes(key));
  }

  // `side` with other keys; the other side follows while it mirrors
  with(side, keys) {
    if (this.mirrors) return new Layout(side === "CE" ? keys : [...keys].reverse());
    return side === "CE" ? new Layout(keys, this.puts) : new Layout(this.calls, keys);
  }

  mirrored(mirrors) {
    return mirrors ? new Layout(this.calls) : new Layout(this.calls, this.puts);
  }
}

// of the address, else of this browser; null where none was chosen
export function chosenLayout(known) {
  const text = new URLSearchParams(location.search).get(NAME) ?? preference(NAME, "");
  return text ? Layout.of(text, known) : null;
}

// null is the layout that the page has by itself
export function keepLayout(layout) {
  keep(NAME, layout === null ? "" : layout.text);
  const asked = new URLSearchParams(location.search);
  if (layout === null) asked.delete(NAME);
  else asked.set(NAME, layout.text);
  history.replaceState(history.state, "", asked.size ? `/?${asked}` : "/");
}
