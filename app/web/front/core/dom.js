// What every part does with the document.

// writes only what differs: an equal write would still cost a layout
export function set(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

export const find = (id) => document.getElementById(id);

// an element with properties, `data` for its data-attributes and `aria` for those, and what it holds
export function element(tag, { data = {}, aria = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(name === "role" ? name : `aria-${name}`, value);
  made.append(...children);
  return made;
}
