// What every part does with the document.

// writes only what differs: an equal write would still cost a layout
export function set(target, name, value) {
  if (target[name] !== value) target[name] = value;
}

// once the page has shown what was done until now
export const afterPaint = (act) => requestAnimationFrame(() => setTimeout(act));

const answering = new Map();

// What was pressed is marked as such in the very next frame, and `act` follows when that is seen: what it
// does may take longer than a frame. Of what is pressed meanwhile only the last is done.
export function answer(node, act) {
  if (!answering.has(node)) afterPaint(() => {
    const last = answering.get(node);
    answering.delete(node);
    node.removeAttribute("data-pressed");
    last();
  });
  answering.set(node, act);
  node.setAttribute("data-pressed", "");
}

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

// what is not on the first screen brings its style when it is loaded
export function styled(href) {
  if (!href) return null;
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(`${href} cannot be loaded`));
    });
    document.head.append(link);
  });
}
