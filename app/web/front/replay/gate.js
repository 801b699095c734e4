// The bar's scripts are loaded when it is used first: by pointer, focus, key or address.

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
      this.bar = new Bar(this.page, this.root);
    }).catch((error) => {
      // a lost connection: the next use tries again
      this.loading = null;
      throw error;
    });
    await this.loading;
    return act(this.replay, this.bar);
  }

  // the moments that an address names
  follow({ at, pin }) {
    if (at) this.use((replay) => replay.go(at, { jumps: false }));
    if (pin) this.use((replay) => replay.pinAt(this.page.exchange, pin));
  }
}
