// What the address says of the page: the tab, the moments. Whatever else stands in it stays.

const MARKET_ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

// the tab, the moment that is shown and the pinned one: market time, or null
export function addressed(known) {
  const asked = new URLSearchParams(location.search);
  const key = asked.get("exchange");
  return { exchange: known.includes(key) ? key : null, at: moment(asked.get("at")), pin: moment(asked.get("pin")) };
}

// `jumps`: the way back leads to what was shown before
export function address({ exchange, at, pin }, { jumps }) {
  const asked = new URLSearchParams(location.search);
  asked.set("exchange", exchange);
  for (const [name, value] of [["at", at], ["pin", pin]]) {
    if (value) asked.set(name, marketTime(value));
    else asked.delete(name);
  }
  // a colon may stand in a query as it is, and reads better so
  const path = `/?${asked.toString().replaceAll("%3A", ":")}`;
  if (path === location.pathname + location.search) return;
  if (jumps) history.pushState(null, "", path);
  else history.replaceState(null, "", path);
}

// the exchange's wall clock without the offset that it always has
export const marketTime = (iso) => iso.slice(0, 19) + (iso.slice(19).match(/^\.\d+/)?.[0] ?? "");

const moment = (text) => (MARKET_ISO.test(text ?? "") ? text : null);
