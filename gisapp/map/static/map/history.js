/** Keeps the address and the store the same; the back button brings earlier states back. */

import { format, parse } from "./address.js";
import { debounced } from "./dom.js";

/**
 * @param {object} store
 */
export function followHistory(store) {
  let written = location.hash.slice(1);
  let last = store.get();
  const write = (state, push) => {
    const fragment = format(state);
    if (fragment === written) return;
    written = fragment;
    history[push ? "pushState" : "replaceState"](null, "", `#${fragment}`);
  };
  const soon = debounced(() => write(store.get(), false), 300);
  store.listen((state, changed, how) => {
    const before = last;
    last = state;
    if (how.from === "address" || (changed.size === 1 && changed.has("near"))) return;
    if (how.push) {
      // The entry that is left says all of what was seen, also what was not written yet.
      write(before, false);
      write(state, true);
    } else soon();
  });
  addEventListener("popstate", () => {
    written = location.hash.slice(1);
    store.set(parse(location.hash), { from: "address" });
  });
  for (const link of document.querySelectorAll("[data-keeps-hash]")) {
    link.addEventListener("click", () => { link.hash = format(store.get()); });
  }
}

/**
 * The address of this very view, language included.
 * @param {object} state
 * @param {string} language
 * @param {string} [path]
 * @returns {string}
 */
export function permalink(state, language, path = "/") {
  return `${location.origin}${path}?lang=${language}#${format(state)}`;
}
