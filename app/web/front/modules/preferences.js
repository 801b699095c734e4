// What the trader chose, kept in this browser.

export const THRESHOLDS = { "3m": 8, "5m": 10, "10m": 10, "15m": 15, "30m": 25 };

export function preference(name, otherwise) {
  return localStorage.getItem(name) ?? otherwise;
}

export function keep(name, value) {
  localStorage.setItem(name, value);
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
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.dispatchEvent(new Event("change"));
}

export function toggleTheme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark"
    || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
}
