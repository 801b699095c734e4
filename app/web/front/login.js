// Stands within the login page: who types there will want the dashboard, so that what it is made of
// comes meanwhile. The login page itself needs none of it.

const form = document.querySelector("form[data-ahead]");

form?.addEventListener("input", () => {
  for (const href of form.dataset.ahead.split(" ")) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", as: "script", href }));
  }
}, { once: true });
