// What every part does with the document.

// writes only what differs: an equal write would still cost a layout
export function set(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

// once the page has shown what was done until now
export const afterPaint = (act) => requestAnimationFrame(() => setTimeout(act));

/** @returns {any} the element of that name, of whatever kind */
export const find = (id) => document.getElementById(id);

// lets a screen reader hear a sentence, also when it is the same as the last one
export function tell(sentence) {
  find("told").replaceChildren(sentence);
}

/**
 * An element with properties, `data` for its data-attributes and `aria` for those, and what it holds.
 * @param {string} tag
 * @param {{ data?: object, aria?: object, [property: string]: any }} [given]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(name === "role" ? name : `aria-${name}`, value);
  made.append(...children);
  return made;
}
