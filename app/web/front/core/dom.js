// What every part does with the document.

// writes only what differs: an equal write would still cost a layout
export function set(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

/** @returns {any} the element of that name, of whatever kind */
export const find = (id) => document.getElementById(id);
