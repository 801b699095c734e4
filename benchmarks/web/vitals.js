// Core Web Vitals as the browser reports them (https://web.dev/articles/vitals).
window.vitals = { lcp: 0, cls: 0, inp: 0, interactions: new Map() };
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
  if (!entry.hadRecentInput) window.vitals.cls += entry.value;
});
watch(
  'event',
  (entry) => {
    if (!entry.interactionId) return;
    window.vitals.inp = Math.max(window.vitals.inp, entry.duration);
    const { interactions } = window.vitals;
    interactions.set(entry.interactionId, Math.max(interactions.get(entry.interactionId) ?? 0, entry.duration));
  },
  { durationThreshold: 16 },
);
