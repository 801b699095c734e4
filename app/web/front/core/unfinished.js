// What was begun and not sent yet outlasts a page that is loaded anew, and a session that ends with the
// sign-in after it: in this tab, for the same user. It goes when the user signs out.

const NAME = "unfinished";

function all(user) {
  try {
    const { of, begun } = JSON.parse(sessionStorage.getItem(NAME) ?? "{}");
    return of === user ? begun : {};
  } catch {
    return {};
  }
}

export const unfinished = (user, what) => all(user)[what] ?? null;

// null: there is nothing any more
export function keepUnfinished(user, what, begun) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify({ of: user, begun: { ...all(user), [what]: begun } }));
  } catch {
    // full or forbidden: it lasts as long as the page
  }
}

export function forgetUnfinished() {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // where nothing can be removed nothing was kept
  }
}
