// What the trader chose, kept in this browser; where it keeps nothing, until the page is left.

import { answer } from "./dom.js";

const held = new Map();

export function preference(name, otherwise) {
  if (held.has(name)) return held.get(name);
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  held.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // full or forbidden: what was chosen holds for this page
  }
}

// a <select> that remembers itself and reports its value now and at each change
export function remembered(select, name, onChange) {
  const kept = preference(name, select.value);
  if ([...select.options].some((option) => option.value === kept)) select.value = kept;
  select.addEventListener("change", () => {
    keep(name, select.value);
    answer(select, () => onChange(select.value));
  });
  onChange(select.value);
}

export function nextOption(select) {
  const usable = [...select.options].filter((option) => !option.disabled);
  select.value = usable[(usable.indexOf(select.selectedOptions[0]) + 1) % usable.length].value;
  select.dispatchEvent(new Event("change"));
}

// a checkbox that remembers itself as "on" or "off"
export function rememberedBox(box, name) {
  box.checked = preference(name, box.checked ? "on" : "off") === "on";
  box.addEventListener("change", () => keep(name, box.checked ? "on" : "off"));
}

// what another page of this browser keeps of that name holds here too
export function keptElsewhere(name, act) {
  addEventListener("storage", ({ key }) => {
    if (key !== name) return;
    held.delete(name);
    act();
  });
}

export function showTheme() {
  const theme = preference("theme", "");
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

// other colours than the system's, then the system's own for good, then whatever the system says
export function nextTheme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const other = system === "dark" ? "light" : "dark";
  const next = { "": other, [other]: system, [system]: "" }[preference("theme", "")] ?? other;
  keep("theme", next);
  answer(button, showTheme);
}
