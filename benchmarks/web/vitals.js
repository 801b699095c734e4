// Core Web Vitals as the browser reports them (https://web.dev/articles/vitals).
// Of an interaction the longest of its events is kept: what it was, and how long each part of it took.
window.vitals = { lcp: 0, cls: 0, inp: 0, interactions: new Map(), shifts: [] };
const causes = new Map();
const nameOf = (node) => node?.closest?.('[id], [data-column]')?.outerHTML.match(/<[^>]*>/)[0] ?? '';
for (const type of ['keydown', 'keyup', 'pointerdown', 'pointerup', 'click'])
  addEventListener(type, (event) => causes.set(event.timeStamp, event.key ?? nameOf(event.target)), { capture: true });
const watch = (type, take, options = {}) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
    type,
    buffered: true,
    ...options,
  });
watch('largest-contentful-paint', (entry) => {
  window.vitals.lcp = entry.startTime;
});
watch('layout-shift', (entry) => {
  if (entry.hadRecentInput) return;
  window.vitals.cls += entry.value;
  window.vitals.shifts.push(...entry.sources.map(({ node }) => nameOf(node?.nodeType === 3 ? node.parentElement : node)));
});
watch(
  'event',
  (entry) => {
    if (!entry.interactionId) return;
    window.vitals.inp = Math.max(window.vitals.inp, entry.duration);
    const { interactions } = window.vitals;
    if ((interactions.get(entry.interactionId)?.ms ?? 0) >= entry.duration) return;
    const { startTime, processingStart, processingEnd, duration } = entry;
    interactions.set(entry.interactionId, {
      what: `${entry.name} ${causes.get(startTime) ?? ''}`.trim(),
      ms: duration,
      waited_ms: processingStart - startTime,
      worked_ms: processingEnd - processingStart,
      painted_ms: startTime + duration - processingEnd,
    });
  },
  { durationThreshold: 16 },
);
