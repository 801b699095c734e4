// The keyboard. A key of ours acts in a focused list of choices too, which would else search it, but those
// that move through it are its own; behind an open dialog none acts but the one that closes the sheet. `areOn()` says whether keys act
// at all: who speaks to a computer, or rests a hand on it, can turn them off (WCAG 2.1.4).

// where a text is written with all keys
const WRITES = "input:not([type=range], [type=checkbox]), textarea, [contenteditable]";
// where some keys choose another value
const MOVES = "select, input[type=range]";
const MOVING = new Set(["Home", "End", "PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " ", "Enter"]);

const isIts = ({ target, key }) => target.matches(WRITES) || (MOVING.has(key) && target.matches(MOVES));

export function bindKeys(actions, sheet, areOn) {
  const toggle = () => (sheet.open ? sheet.close() : sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // a table and a chart have taken theirs already
    if (event.defaultPrevented || isIts(event) || !areOn()) return;
    const isCovered = document.querySelector("dialog[open]") !== null;
    const act = event.key === "?" && (sheet.open || !isCovered) ? toggle : !isCovered && Object.hasOwn(actions, event.key) && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
