// Tabs that are pointed at: who does that will want them, so that their chains come already.

// a tab is followed for so long
const WARM_MS = 15_000;

export class Warm {
  constructor(page) {
    this.page = page;
    this.timers = new Map();
  }

  // over the same socket as the shown chain
  follow(key) {
    const { page, timers } = this;
    if (key === page.exchange || page.loggedOut || page.resting) return;
    if (!timers.has(key)) page.watch(key);
    clearTimeout(timers.get(key));
    timers.set(key, setTimeout(() => {
      timers.delete(key);
      page.unwatch(key);
    }, WARM_MS));
  }
}
