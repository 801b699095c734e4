// Runs before the first paint, so that the page never shows in the wrong colours.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // a browser that keeps nothing shows the colours of its system
  }
})();
