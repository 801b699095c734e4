// The last breaches of the shown chain as a list, of a past moment those of the hour before it; a
// click leads to the contract.

import * as format from "../core/format.js";

const SHOWN = 100;
const HEADING = "OI changes beyond their thresholds";
const AWAY = "What was before this moment cannot be read at present.";

export function mount(root, page) {
  const { breaches } = page;
  const heading = Object.assign(document.createElement("h2"), { textContent: HEADING });
  const empty = Object.assign(document.createElement("p"), { className: "none" });
  const list = document.createElement("ol");
  const items = new WeakMap();
  root.append(heading, empty, list);

  // what was told of the past last; it stays until what is told of another moment is here
  let past = { exchange: "", at: "", found: [] };
  let isAsking = false;

  function draw() {
    const { exchange, moment } = page;
    if (!moment) return drawList(HEADING, breaches.of(exchange), "None in the last hour, as far as history and this page have seen.");
    recall();
    if (past.exchange !== exchange) return drawList(HEADING, [], "loading…");
    return drawList(`${HEADING}, to ${format.marketMoment(past.at)}`, past.found ?? [], past.found ? "None in the hour before." : AWAY);
  }

  function drawList(words, found, none) {
    heading.textContent = words;
    list.replaceChildren(...found.slice(0, SHOWN).map((one) => items.get(one) ?? itemOf(one)));
    empty.hidden = found.length > 0;
    empty.textContent = none;
  }

  // while one answer is on its way only the last moment is asked for after it
  async function recall() {
    if (isAsking) return;
    isAsking = true;
    while (breaches.isSeen && page.moment?.chain && !(past.exchange === page.exchange && past.at === page.moment.at)) {
      const { exchange, moment: { at } } = page;
      past = { exchange, at, found: await breaches.before(exchange, at) };
      if (breaches.isSeen) draw();
    }
    isAsking = false;
  }

  function look() {
    if (!breaches.isSeen) return;
    draw();
    if (!page.moment) breaches.fetch(page.exchange);
  }

  function itemOf(one) {
    const item = document.createElement("li");
    items.set(one, item);
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const part = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });
    button.append(
      part("at", format.clockOf(one.at)),
      part(one.side.toLowerCase(), `${format.strike(one.strike)} ${one.side}`),
      part("span", `Δ${one.minutes}`),
      part(one.pct > 0 ? "added" : "closed", `${format.percent(one.pct)} %`),
      part("units", format.signedQuantity(one.units)),
    );
    button.addEventListener("click", () => page.tell("reveal", { strike: one.strike, side: one.side, key: `p${one.minutes}` }));
    item.append(button);
    return item;
  }

  breaches.hearers.add(() => breaches.isSeen && !page.moment && draw());
  for (const event of ["exchange", "moment"]) page.on(event, look);
  page.on("back", () => {
    if (past.found === null) past = { exchange: "", at: "", found: [] };
    look();
  });
  return {
    show() {
      breaches.isSeen = true;
      breaches.looked();
      look();
    },
    hide() {
      breaches.isSeen = false;
    },
  };
}
