// The form that makes an alert: it asks for what the chosen kind needs, and for nothing else.

import { element, tell } from "../core/dom.js";
import { marketDate } from "../core/format.js";
import { keepUnfinished } from "../core/unfinished.js";
import { draftOf } from "./drafts.js";
import { choicesOf, KINDS } from "./kinds.js";

const LABELS = {
  strike: "Strike", side: "Side", within: "Strikes from ATM", expiry: "Expiry", direction: "When it", level: "Level",
  unit: "Unit", minutes: "Over", word: "Word",
};
const OPTIONAL = new Set(["strike", "side", "within", "expiry"]);
const NUMBERS = new Set(["strike", "within", "level", "minutes"]);

export class Form {
  // `submit(rule)` keeps a rule, or throws an Error with a sentence; `isBegun`: the trader has put
  // something into it, which is still there
  constructor(page, labelOf, submit) {
    this.page = page;
    this.labelOf = labelOf;
    this.submit = submit;
    this.inputs = new Map();
    this.kind = element("select", { name: "kind" }, ...Object.entries(KINDS).map(([value, { label }]) => new Option(label, value)));
    this.once = element("input", { type: "checkbox", name: "once" });
    this.fields = element("span", { className: "fields" });
    this.problem = element("p", { className: "problem" });
    this.head = element("h2", {});
    this.root = element(
      "form", { className: "make", noValidate: true }, this.head,
      labelled("Alert on", this.kind), this.fields,
      element("label", { className: "once" }, this.once, " once only"),
      element("button", { textContent: "Add alert" }), this.problem,
    );
    this.kind.addEventListener("change", () => this.propose(draftOf(this.kind.value, this.page)));
    this.isBegun = false;
    this.root.addEventListener("input", () => this.begin());
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  // it outlasts the page, as it stands
  begin() {
    this.isBegun = true;
    const params = Object.fromEntries([...this.inputs].filter(([, { value }]) => value !== "").map(([name, { value }]) => [name, value]));
    this.keep({ exchange: this.exchange, kind: this.kind.value, params, once: this.once.checked });
  }

  // what was begun before the page was loaded anew, if anything
  restore(begun) {
    if (!begun || !KINDS[begun.kind]) return;
    this.propose(begun);
    this.once.checked = begun.once;
    this.begin();
  }

  keep(begun) {
    keepUnfinished(this.page.owner.user, "alert", begun);
  }

  ended() {
    this.isBegun = false;
    this.keep(null);
  }

  // `focus` puts the trader where a draft is most likely changed
  propose({ exchange, kind, params }, { focus = false } = {}) {
    this.exchange = exchange;
    this.ended();
    this.head.textContent = `New alert on ${this.labelOf(exchange)}`;
    this.kind.value = kind;
    this.problem.textContent = "";
    this.inputs = new Map(KINDS[kind].asks.map((name) => [name, this.input(kind, name, params)]));
    this.fields.replaceChildren(...[...this.inputs].map(([name, input]) => labelled(LABELS[name], input, name === "level" ? KINDS[kind].unit : "")));
    if (!focus) return;
    const first = this.inputs.get("level") ?? this.inputs.get("word");
    first.focus();
    first.select?.();
  }

  input(kind, name, params) {
    const choices = name === "expiry" ? this.expiries(params) : choicesOf(kind, name);
    if (choices) {
      const select = element("select", { name }, ...choices.map(([value, text]) => new Option(text, value)));
      if (params[name] !== undefined) select.value = params[name];
      return select;
    }
    const input = element("input", { name, type: "number", min: "0", step: "any", inputMode: "decimal", required: !OPTIONAL.has(name) });
    if (name === "strike") input.placeholder = KINDS[kind].whole;
    if (name === "within") input.placeholder = "any";
    if (params[name] !== undefined) input.value = params[name];
    return input;
  }

  // a contract is meant of one expiry, unless the trader wants that of whichever the tab shows
  expiries(params) {
    const shown = params.expiry ?? this.page.live(this.exchange)?.summary.expiry;
    const whichever = ["", "whichever is shown"];
    if (!shown) return [whichever];
    const named = [shown, marketDate(shown)];
    return params.expiry ? [named, whichever] : [whichever, named];
  }

  get rule() {
    const params = {};
    for (const [name, { value }] of this.inputs) {
      if (value === "" && OPTIONAL.has(name)) continue;
      params[name] = NUMBERS.has(name) && value !== "" ? Number(value) : value;
    }
    return { exchange: this.exchange, kind: this.kind.value, params, repeats: !this.once.checked };
  }

  async send() {
    this.problem.textContent = "";
    try {
      await this.submit(this.rule);
      this.ended();
    } catch (/** @type {any} */ error) {
      this.problem.textContent = error.message;
      tell(error.message);
    }
  }
}

function labelled(text, input, unit = "") {
  return element("label", {}, element("span", { className: "name", textContent: text }), input, unit ? ` ${unit}` : "");
}
