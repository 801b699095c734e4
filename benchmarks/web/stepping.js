// Tells how long a step through the past takes: from the key to the frame that shows another moment and its figures.

(() => {
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, { capture: true });

  // resolves with milliseconds once both stand there and have been painted
  window.stepped = () => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("a step through the past was not shown within ten seconds")), 10_000);
    const market = document.getElementById("market"), rows = document.getElementById("rows");
    const before = market.textContent;
    let drawn = false;
    const observer = new MutationObserver((changes) => {
      drawn ||= changes.some(({ target }) => rows.contains(target));
      if (!drawn || market.textContent === before) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - pressed)));
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
})();
