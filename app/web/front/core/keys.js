// The keyboard. A key of ours acts in a focused list of choices too, which would else search it;
// behind an open dialog none acts but the one that closes the sheet. `areOn()` says whether keys act
// at all: who speaks to a computer, or rests a hand on it, can turn them off (WCAG 2.1.4).

export function bindKeys(actions, sheet, areOn) {
  const toggle = () => (sheet.open ? sheet.close() : sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // the arrow keys of a table or slider are its own, and a text is written with all
    if (event.defaultPrevented || event.target.matches("input:not([type=range], [type=checkbox]), textarea") || !areOn()) return;
    const isCovered = document.querySelector("dialog[open]") !== null;
    const act = event.key === "?" && (sheet.open || !isCovered) ? toggle : !isCovered && Object.hasOwn(actions, event.key) && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
