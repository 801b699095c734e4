// The right side: one panel is open at a time, and is loaded when it is opened first.

import { element, styled } from "./core/dom.js";
import { keep, preference } from "./core/preferences.js";

// of more news a tab says that there are more
const MOST = 99;

// A panel's module exports mount(root, page, tab) → { show(), hide(), hear(news)? }; tab.badge(text)
// marks its tab. Its name is the topic of the notices it hears, open or not.
const PANELS = [
  { name: "charts", label: "Charts", load: () => import("./charts/panel.js") },
  { name: "breaches", label: "Breaches", load: () => import("./breaches/panel.js") },
  { name: "alerts", label: "Alerts", load: () => import("./alerts/panel.js") },
  { name: "paper", label: "Paper", load: () => import("./paper/panel.js") },
  { name: "signals", label: "Signals", load: () => import("./signals/panel.js") },
];

export class Panels {
  constructor(side, page) {
    this.page = page;
    this.side = side;
    this.strip = side.querySelector("[role=tablist]");
    this.entries = new Map(PANELS.map((panel) => [panel.name, this.entry(panel)]));
    this.strip.addEventListener("keydown", (event) => this.step(event));
    page.on("notice", (news) => this.hear(news));
    page.on("back", () => this.entries.get(this.current)?.mounted || this.open(this.current));
  }

  entry({ name, label, load }) {
    const tab = document.createElement("button");
    Object.assign(tab, { type: "button", id: `tab-${name}`, textContent: label });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `panel-${name}`);
    const badge = document.createElement("span");
    badge.className = "badge";
    tab.append(badge);
    tab.addEventListener("click", () => this.open(name));
    // who points at it will want it
    tab.addEventListener("pointerenter", () => load().catch(() => {}), { once: true });
    this.strip.append(tab);
    return { tab, badge, load, root: this.root(name), mounted: null };
  }

  root(name) {
    const kept = document.getElementById(`panel-${name}`);
    const root = kept ?? document.createElement("section");
    root.id = `panel-${name}`;
    root.classList.add("panel", name);
    root.setAttribute("role", "tabpanel");
    root.setAttribute("aria-labelledby", `tab-${name}`);
    if (!kept) this.side.append(root);
    return root;
  }

  // the one that was open last, or the first
  openRemembered() {
    const kept = preference("panel", PANELS[0].name);
    return this.open(this.entries.has(kept) ? kept : PANELS[0].name);
  }

  // answers what the panel's module gave, for who wants to use it; null where it cannot be loaded
  async open(name) {
    if (this.current !== name) {
      this.entries.get(this.current)?.mounted?.then((panel) => panel?.hide());
      this.current = name;
      keep("panel", name);
      for (const [key, { tab, root }] of this.entries) {
        tab.setAttribute("aria-selected", String(key === name));
        tab.tabIndex = key === name ? 0 : -1;
        root.hidden = key !== name;
      }
    }
    const panel = await this.mount(name);
    if (this.current === name) panel?.show();
    return panel;
  }

  badge(name, text) {
    this.entries.get(name).badge.textContent = Number(text) > MOST ? `${MOST}+` : text;
  }

  // loads a panel without opening it
  mount(name) {
    const entry = this.entries.get(name);
    entry.mounted ??= Promise.all([entry.load(), styled(entry.root.dataset.style)]).then(
      ([{ mount }]) => {
        entry.root.replaceChildren();
        return mount(entry.root, this.page, { badge: (text) => this.badge(name, text) });
      },
      () => this.missed(entry),
    );
    return entry.mounted;
  }

  // the next opening tries again, and that of a server which is back by itself
  missed(entry) {
    entry.mounted = null;
    const sentence = this.page.isAway ? "The server does not answer: this comes once it does." : "This cannot be loaded: load the page anew.";
    entry.root.replaceChildren(element("p", { className: "none", textContent: sentence }));
    return null;
  }

  // what has news of its own is there before it is opened, but after what is
  mountWhenIdle(name) {
    const soon = globalThis.requestIdleCallback ?? setTimeout;
    // without it the page goes on; opening it tries again
    soon(() => this.mount(name));
  }

  async hear(news) {
    if (this.entries.has(news.topic)) (await this.mount(news.topic))?.hear?.(news);
  }

  step(event) {
    const names = [...this.entries.keys()];
    const i = names.indexOf(this.current);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    this.open(name);
    this.entries.get(name).tab.focus();
  }
}
