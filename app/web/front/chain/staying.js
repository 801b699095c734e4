// Who stays on a price, by pointer or focus, is told bid and ask with it.

const STAYS_MS = 400;

/** @param {any} table  @param {() => void} act */
export function staysOnPrice(table, act) {
  let timer;
  const come = ({ target }) => {
    clearTimeout(timer);
    if (target.closest('tbody [data-column="ltp"]')) timer = setTimeout(act, STAYS_MS);
  };
  for (const name of ["pointerover", "focusin"]) table.addEventListener(name, come);
  for (const name of ["pointerleave", "focusout"]) table.addEventListener(name, () => clearTimeout(timer));
}
