// The page's own address: what is shown can be reloaded, remembered and sent to someone.

// the address with other parameters; null takes one away
export function addressWith(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return query.size ? `${location.pathname}?${query}` : location.pathname;
}
