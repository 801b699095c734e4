// The keyboard. A key of ours acts in a focused list of choices too, which would else search it;
// behind the open sheet none acts but the one that closes it.

export function bindKeys(actions, sheet) {
  const toggle = () => (sheet.open ? sheet.close() : sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches("input, textarea")) return;
    const act = event.key === "?" ? toggle : !sheet.open && Object.hasOwn(actions, event.key) && actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
