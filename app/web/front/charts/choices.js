// Which charts stand where, and what was chosen of each; kept in this browser.

import { keep, preference } from "../core/preferences.js";
import { CHARTS, FIRST } from "./catalogue.js";

function kept(name, otherwise) {
  try {
    return JSON.parse(preference(name, "")) ?? otherwise;
  } catch {
    // nothing is kept, or what is kept is no longer understood
    return otherwise;
  }
}

export class Choices {
  constructor() {
    const picked = kept("charts", FIRST);
    const usable = Array.isArray(picked) && picked.length === FIRST.length && new Set(picked).size === FIRST.length && picked.every((key) => Object.hasOwn(CHARTS, key));
    /** @type {string[]} */
    this.picked = usable ? picked : [...FIRST];
    this.chosen = kept("chart-choices", {});
  }

  // a chart stands once: one that is elsewhere changes places with this one
  pick(place, key) {
    const elsewhere = this.picked.indexOf(key);
    if (elsewhere >= 0) this.picked[elsewhere] = this.picked[place];
    this.picked[place] = key;
    keep("charts", JSON.stringify(this.picked));
  }

  of(key, exchange) {
    return Object.fromEntries(CHARTS[key].options.map((option) => [option.name, this.chosen[nameOf(key, option, exchange)] ?? option.initial]));
  }

  choose(key, exchange, name, value) {
    const option = CHARTS[key].options.find((one) => one.name === name);
    this.chosen[nameOf(key, option, exchange)] = value;
    keep("chart-choices", JSON.stringify(this.chosen));
  }
}

/** @type {(key: string, option: import("./catalogue.js").Option, exchange: string) => string} */
const nameOf = (key, { name, own }, exchange) => (own ? `${key}.${exchange}.${name}` : `${key}.${name}`);
