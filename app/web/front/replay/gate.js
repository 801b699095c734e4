// The bar's scripts are loaded when it is used first: by pointer, focus, key or address.

import { address } from "../core/address.js";
import { find, set } from "../core/dom.js";
import { marketDate } from "../core/format.js";
import { showClock } from "./standing.js";

export class Gate {
  constructor(page, root) {
    this.page = page;
    this.root = root;
    this.bar = null;
    for (const name of ["pointerover", "focusin"]) root.addEventListener(name, () => this.use(() => {}), { once: true });
    page.on("chain", () => this.hint());
    page.on("back", () => this.bar || set(find("asof-says"), "textContent", ""));
    // what was pressed meanwhile is pressed then
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!this.bar && button) this.use(() => button.click());
    });
  }

  // what the bar says before it is used
  hint() {
    if (this.bar) return;
    const { summary } = this.page;
    showClock(summary?.last_update ?? null);
    const [none] = find("asof-expiry").options;
    set(none, "textContent", marketDate(summary?.expiry));
  }

  get replay() {
    return this.bar?.replay ?? null;
  }

  async use(act) {
    this.loading ??= import("./bar.js").then(({ Bar }) => {
      set(find("asof-says"), "textContent", "");
      this.bar = new Bar(this.page, this.root);
    }, () => this.missed());
    await this.loading;
    return this.bar ? act(this.replay, this.bar) : undefined;
  }

  // the next use tries again; the present is better than the moment of an address that cannot be had
  missed() {
    this.loading = null;
    set(find("asof-says"), "textContent", this.page.isAway ? "The server does not answer; what is shown stays." : "The past cannot be loaded: load the page anew.");
    if (!this.page.moment) return;
    this.page.show(null);
    address({ exchange: this.page.exchange, at: null, pin: null }, { jumps: false });
  }

  // the moments that an address names
  follow({ at, pin }) {
    if (at) this.use((replay) => replay.go(at, { jumps: false }));
    if (pin) this.use((replay) => replay.pinAt(this.page.exchange, pin));
  }
}
