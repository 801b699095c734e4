// The two head lines, the rest of the footer and the title of the page.

import { roving } from "../core/explain.js";
import { BEFORE, counted, dayChange, FACTS, saysIndexAge } from "./facts.js";
import { levels } from "./levels.js";
import * as format from "../core/format.js";
import { set } from "../core/dom.js";

const places = (name) => [...document.querySelectorAll(`[data-fact="${name}"]`)];
const place = (name) => places(name)[0];

export class Headline {
  constructor(explanation) {
    this.places = Object.keys(FACTS).map((name) => [FACTS[name], place(name)]);
    this.name = place("underlying_name");
    this.day = place("day_change");
    this.before = Object.keys(BEFORE).map((name) => [name, place(`${name}_before`)]);
    this.auction = place("auction");
    this.foot = Object.fromEntries(["expiry", "market_time", "market_day", "legs", "sequence"].map((name) => [name, places(name)]));
    const tellOf = (button) => () => (this.summary ? FACTS[button.dataset.for].says(this.summary, this.about) : "");
    for (const row of document.querySelectorAll(".headline .line")) roving(row, explanation, tellOf);
  }

  // `chain` is null for a tab of which nothing is here: no figure of another one stays
  // `before`: the close before, null while nobody knows it; `silence`: why no signal is told, if so
  show(chain, { day, phase, before, iv, silence }) {
    const summary = chain?.summary ?? null;
    const strikes = chain?.strikes.length;
    this.summary = summary;
    const isAuction = Boolean(summary) && phase.options === "open" && phase.index === "auction";
    this.about = { day, iv, silence, isAuction, before, strikes, levels: chain ? levels(chain) : { S: [], R: [] } };
    for (const [fact, node] of this.places) {
      set(node, "textContent", summary ? fact.text(summary, this.about) : format.DASH);
      set(node, "className", summary && fact.tone ? fact.tone(summary, this.about) : "");
    }
    const change = summary ? dayChange(summary, day) : { text: "", tone: "" };
    set(this.day, "textContent", change.text);
    set(this.day, "className", `small ${change.tone}`);
    for (const [name, node] of this.before) {
      const known = before?.at ? before[name] : null;
      set(node, "textContent", known === null || known === undefined ? "" : `was ${BEFORE[name](known)}`);
    }
    set(this.name, "textContent", summary?.underlying_name ?? format.DASH);
    set(this.auction, "textContent", summary ? saysIndexAge(summary, this.about) : "");
    this.showFoot(summary, strikes);
  }

  showFoot(summary, strikes) {
    const write = (name, text) => this.foot[name].forEach((node) => set(node, "textContent", text));
    write("expiry", format.marketDate(summary?.expiry));
    write("market_time", format.marketClock(summary?.last_update));
    write("market_day", summary?.last_update ? format.marketDate(summary.last_update) : "");
    write("legs", summary ? `${strikes} strikes · ${counted(summary) || `${format.integer(summary.contracts)} legs`}` : format.DASH);
    write("sequence", format.integer(summary?.sequence));
  }
}

// what kind of market it is and how it fares go before the price
export function showTitle(label, summary, prefix, words) {
  const price = summary ? `${format.price(summary.underlying_price)} ${label}` : label;
  set(document, "title", [prefix, words, price, "OI Gemini"].filter(Boolean).join(" · "));
}
