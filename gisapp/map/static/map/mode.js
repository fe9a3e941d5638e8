/** Light or dark: the device decides until the person does; remembered in a cookie so that the server paints it right. */

import { symbol } from "./dom.js";
import { effectiveMode } from "./mapview.js";
import { t } from "./page.js";

const YEAR = 31_536_000;

/**
 * @param {object} store
 */
export function watchMode(store) {
  const button = document.getElementById("mode-switch");
  const device = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const { mode } = store.get();
    if (mode) document.documentElement.dataset.mode = mode;
    else delete document.documentElement.dataset.mode;
    if (!button) return;
    const dark = effectiveMode(mode) === "dark";
    button.replaceChildren(symbol(dark ? "light" : "dark"), Object.assign(document.createElement("span"), { textContent: t(dark ? "mode.light" : "mode.dark") }));
  };
  button?.addEventListener("click", () => {
    const next = effectiveMode(store.get().mode) === "dark" ? "light" : "dark";
    document.cookie = `gisapp_mode=${next}; path=/; max-age=${YEAR}; samesite=lax`;
    store.set({ mode: next });
  });
  device.addEventListener("change", show);
  store.listen((_state, changed) => { if (changed.has("mode")) show(); });
  show();
}
