// The monitoring page keeps itself up to date: each part is put in place where the server shows another.

import { find, tell } from "../core/dom.js";
import { nextTheme } from "../core/preferences.js";

const EVERY_MS = 2000;
const PATIENCE_MS = 8000;

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

function take(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  const found = new Map(parts(next).map((part) => [part.id, document.adoptNode(part)]));
  if (!found.size) throw new Error("the answer is another page");
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
}

async function look() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.redirected) return void location.assign(answer.url);
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    take(await answer.text());
    heardAt = performance.now();
    problem = "";
  } catch (error) {
    problem = `The server does not answer: ${error instanceof Error ? error.message : error}`;
  }
}

function showAge() {
  const seconds = Math.round((performance.now() - heardAt) / 1000);
  find("age").textContent = problem ? `${problem}; as of ${seconds} s ago` : `as of ${seconds} s ago`;
  document.body.toggleAttribute("data-lost", Boolean(problem));
}

document.addEventListener("click", async ({ target }) => {
  const step = target instanceof HTMLElement ? target.dataset.retry : undefined;
  if (!step) return;
  await fetch("/api/system-status/retry", { method: "POST", body: JSON.stringify({ step }) });
  look();
});
find("theme").addEventListener("click", ({ currentTarget }) => nextTheme(currentTarget));
setInterval(showAge, 1000);
setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
