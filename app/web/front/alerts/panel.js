// Alerts: the rules with their switches, the form that makes one, and the log of what fired. They
// are watched where chains are written; this only shows them.

import { element, tell } from "../core/dom.js";
import { DASH, istOf, marketClock, marketDate } from "../core/format.js";
import { keptElsewhere } from "../core/preferences.js";
import { unfinished } from "../core/unfinished.js";
import { Bell } from "./bell.js";
import { Desk } from "./desk.js";
import { draftAt, draftOf } from "./drafts.js";
import { Form } from "./form.js";
import { described } from "./kinds.js";

export function mount(root, page, tab) {
  const panel = new Panel(root, page, tab);
  return {
    show: () => panel.show(),
    hide: () => { panel.open = false; },
    hear: (news) => (news.rule ? panel.readRules() : panel.readLog(news)),
    propose: (draft) => panel.form.propose(draft, { focus: true }),
  };
}

const labelOf = (key) => document.querySelector(`[data-exchange="${CSS.escape(key)}"]`)?.textContent ?? key;
const hrefOf = ({ exchange, timestamp }) => timestamp && `/?exchange=${encodeURIComponent(exchange)}&at=${encodeURIComponent(timestamp)}`;

class Panel {
  constructor(root, page, tab) {
    this.page = page;
    this.tab = tab;
    this.open = false;
    this.desk = new Desk();
    this.bell = new Bell();
    this.form = new Form(page, labelOf, (rule) => this.add(rule));
    this.rules = element("ul", { className: "rules" });
    this.log = element("ol", { className: "log" });
    this.older = element("button", { type: "button", textContent: "Older", hidden: true });
    this.problem = element("p", { className: "problem" });
    root.append(
      this.form.root, this.problem,
      element("section", { aria: { label: "Alerts" } }, element("h2", { textContent: "Alerts" }), this.rules),
      element("section", { aria: { label: "What fired" } }, this.heading(), this.log, this.older),
    );
    this.older.addEventListener("click", () => this.attempt(() => this.desk.readOlder()));
    const begun = unfinished(page.owner.user, "alert");
    this.form.propose(draftAt(null, page));
    this.form.restore(begun);
    // what was begun is not lost to a look at another tab; its heading says which one it is on
    page.on("exchange", () => this.form.isBegun || this.form.propose(draftOf(this.form.kind.value, page)));
    this.rung = new Set();
    this.lastWay = page.way;
    page.on("link", () => this.linked());
    // what could not be read is asked for again
    page.on("back", () => { if (this.problem.textContent) this.ready = this.read(); });
    // what was looked at in another page of this browser has been seen
    keptElsewhere("alerts-seen", () => this.draw());
    this.ready = this.read();
  }

  read() {
    return this.attempt(async () => {
      await this.desk.readRules();
      await this.desk.readLog();
    });
  }

  heading() {
    const sound = toggle("Sound", this.bell.sounds, (on) => this.bell.sound(on));
    const notify = toggle("Notify", this.bell.notifies, async (on, button) => {
      button.setAttribute("aria-pressed", String(await this.bell.notification(on)));
    });
    const mark = (button, on) => button.setAttribute("aria-pressed", String(on));
    keptElsewhere("alert-sound", () => {
      this.bell.readChoice();
      mark(sound, this.bell.sounds);
    });
    keptElsewhere("alert-notify", () => mark(notify, this.bell.notifies));
    return element("header", {}, element("h2", { textContent: "What fired" }), element("span", { className: "space" }), sound, notify);
  }

  // what was told while there was no link has not been heard
  linked() {
    if (this.page.way === "push" && this.lastWay !== "push") this.readLog();
    this.lastWay = this.page.way;
  }

  // `news` may name what the first reading of the log brought already
  async readLog(news) {
    await this.ready;
    this.ready = this.attempt(async () => {
      const fresh = await this.desk.readLog();
      const named = this.desk.log.find(({ id }) => id === news?.id);
      if (named && !this.rung.has(named.id) && !fresh.includes(named)) fresh.push(named);
      if (!fresh.length) return;
      for (const { id } of fresh) this.rung.add(id);
      this.draw();
      this.bell.ring(fresh, hrefOf);
      // one that rings once has switched itself off
      await this.desk.readRules();
    });
    return this.ready;
  }

  // another page of this user has changed one
  async readRules() {
    await this.ready;
    this.ready = this.attempt(() => this.desk.readRules());
    return this.ready;
  }

  show() {
    this.open = true;
    this.draw();
    // what could not be read at first is asked for again
    if (this.problem.textContent) this.ready = this.read();
  }

  async add(rule) {
    await this.desk.add(rule);
    this.draw();
  }

  // what fails is said, and what is here stays
  async attempt(act) {
    this.problem.textContent = "";
    try {
      await act();
    } catch (/** @type {any} */ error) {
      this.problem.textContent = error.message;
      tell(error.message);
    }
    this.draw();
  }

  draw() {
    const { desk } = this;
    if (this.open && !document.hidden) desk.see();
    this.tab.badge(desk.unseen ? String(desk.unseen) : "");
    this.drawRules(desk.rules);
    this.log.replaceChildren(...desk.log.map(entry));
    if (!desk.log.length) this.log.append(element("li", { className: "none", textContent: desk.isRead ? "Nothing so far." : DASH }));
    this.older.hidden = !desk.more;
  }

  // the focus stays where it was, or on the rule that took the place of a deleted one
  drawRules(rules) {
    const { activeElement: at } = document;
    const held = this.rules.contains(at) && at.closest("li");
    const place = held && [...this.rules.children].indexOf(held);
    this.rules.replaceChildren(...rules.map((rule) => this.line(rule)));
    if (!rules.length) this.rules.append(element("li", { className: "none", textContent: this.desk.most === null ? DASH : "None yet: add one above, or press n on a figure." }));
    if (!held) return;
    const lines = [...this.rules.children];
    const line = lines.find(({ dataset }) => dataset.rule === held.dataset.rule) ?? lines[Math.min(place, lines.length - 1)];
    (line.querySelector(at.localName) ?? this.form.kind).focus();
  }

  line(rule) {
    const says = described(rule, labelOf(rule.exchange)) + (rule.repeats ? "" : ", once");
    const on = element("input", { type: "checkbox", checked: rule.enabled });
    const away = element("button", { type: "button", textContent: "×", title: "Delete", aria: { label: `Delete: ${says}` } });
    on.addEventListener("change", () => this.attempt(() => this.desk.change(rule.id, { enabled: on.checked })));
    away.addEventListener("click", () => this.attempt(() => this.desk.remove(rule.id)));
    return element("li", { data: { rule: rule.id } }, element("label", {}, on, element("span", { textContent: says })), away);
  }
}

function entry(event) {
  const { timestamp: at, told_at: told, fired, message } = event;
  const market = at ?? istOf(Date.parse(told));
  const time = `${marketDate(market)}, ${marketClock(market)}`;
  const when = at ? element("a", { href: hrefOf(event), title: "The chain as of then", textContent: time }) : element("span", { textContent: time });
  return element("li", { className: fired ? "fired" : "noted" }, when, element("span", { textContent: message }));
}

function toggle(text, pressed, act) {
  const button = element("button", { type: "button", textContent: text, aria: { pressed: String(pressed) } });
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    act(on, button);
  });
  return button;
}
