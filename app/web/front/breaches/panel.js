// The last breaches of the shown chain as a list; a click leads to the contract.

import * as format from "../core/format.js";

const SHOWN = 100;

export function mount(root, page) {
  const { breaches } = page;
  const heading = Object.assign(document.createElement("h2"), { textContent: "OI changes beyond their thresholds" });
  const empty = Object.assign(document.createElement("p"), { className: "none" });
  const list = document.createElement("ol");
  const items = new WeakMap();
  root.append(heading, empty, list);

  function draw() {
    const found = breaches.of(page.exchange).slice(0, SHOWN);
    list.replaceChildren(...found.map((one) => items.get(one) ?? itemOf(one)));
    empty.hidden = found.length > 0;
    empty.textContent = page.moment
      ? "This list is of the present." : "None in the last hour, as far as history and this page have seen.";
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

  breaches.hearers.add(() => breaches.isSeen && draw());
  page.on("exchange", () => breaches.isSeen && breaches.fetch(page.exchange));
  page.on("moment", () => breaches.isSeen && draw());
  return {
    show() {
      breaches.isSeen = true;
      breaches.looked();
      breaches.fetch(page.exchange);
    },
    hide() {
      breaches.isSeen = false;
    },
  };
}
