// The monitoring page keeps itself up to date: each part is put in place where the server shows another.

import { ask, saidBy } from "../core/ask.js";
import { find, tell } from "../core/dom.js";
import { keptElsewhere, nextTheme, showTheme } from "../core/preferences.js";

const EVERY_MS = 2000;
const STYLES = /<style.*?<\/style>/gs;
// longer than the server itself waits for its database
const PATIENCE_MS = 15_000;

const AWAY = "The server does not answer";

let isLooking = false;
let heardAt = performance.now();
let problem = "";

function parts(root) {
  return [...root.querySelectorAll("[data-part]")];
}

// what is the same stays, with its focus, its selection and how far it was scrolled
function replace(mine, theirs) {
  if (mine.isEqualNode(theirs)) return;
  const scrolled = [...mine.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  const focused = mine.contains(document.activeElement) ? place(document.activeElement, mine) : null;
  mine.replaceWith(theirs);
  theirs.querySelectorAll(".scroll").forEach((one, i) => { one.scrollLeft = scrolled[i] ?? 0; });
  if (focused) focusable(theirs)[focused.index]?.focus({ preventScroll: true });
}

const focusable = (part) => [...part.querySelectorAll("a, button, [tabindex]")];
const place = (element, part) => ({ index: focusable(part).indexOf(element) });

// false where it is another page
function take(text) {
  // its styles are here already, and bear the nonce of another answer
  const next = new DOMParser().parseFromString(text.replace(STYLES, ""), "text/html");
  const found = new Map(parts(next).map((part) => [part.id, document.adoptNode(part)]));
  if (!found.size) return false;
  const wasBad = find("state").dataset.state;
  const main = document.querySelector("main");
  for (const part of parts(document)) {
    if (found.has(part.id)) replace(part, found.get(part.id));
    else part.remove();
  }
  // in the server's order, what has come anew among the others
  let before = null;
  for (const id of found.keys()) {
    const part = find(id) ?? found.get(id);
    if (id === "state") continue;
    if (!part.isConnected) main.insertBefore(part, before ? before.nextSibling : main.firstChild);
    before = part;
  }
  document.title = next.title;
  if (find("state").dataset.state !== wasBad) tell(find("state").textContent);
  return true;
}

// one after the other: what is asked of a server that hangs would else come out of turn
async function look() {
  if (isLooking) return;
  isLooking = true;
  try {
    problem = await looked();
  } finally {
    isLooking = false;
    showAge();
  }
}

// what is wrong with the answer; nothing where it is shown
async function looked() {
  const asking = { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS) };
  const answer = await fetch(location.pathname, asking).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : "";
  if (answer === null || text === null) return AWAY;
  if (answer.redirected) location.assign(answer.url);
  else if (!answer.ok) return `The server answered ${answer.status}`;
  else if (!take(text)) return "The server answered with another page";
  heardAt = performance.now();
  return "";
}

function showAge() {
  const seconds = Math.round((performance.now() - heardAt) / 1000);
  find("age").textContent = problem ? `${problem}; as of ${seconds} s ago` : `as of ${seconds} s ago`;
  document.body.toggleAttribute("data-lost", Boolean(problem));
}

document.addEventListener("click", async ({ target }) => {
  const step = target instanceof HTMLElement ? target.dataset.retry : undefined;
  if (!step) return;
  try {
    await ask("/api/system-status/retry", { method: "POST", body: { step } });
  } catch (error) {
    problem = saidBy(error);
    return showAge();
  }
  return look();
});
find("theme").addEventListener("click", ({ currentTarget }) => nextTheme(currentTarget));
keptElsewhere("theme", showTheme);
setInterval(showAge, 1000);
setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
