// What the trader chose, kept in this browser; where it keeps nothing, until the page is left.

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
    onChange(select.value);
  });
  onChange(select.value);
}

export function nextOption(select) {
  const usable = [...select.options].filter((option) => !option.disabled);
  select.value = usable[(usable.indexOf(select.selectedOptions[0]) + 1) % usable.length].value;
  select.dispatchEvent(new Event("change"));
}

export function toggleTheme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark"
    || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
}
