/** The layer switches and the choice of the base map. */

import { announce } from "./dom.js";
import { layerNamed, page, t } from "./page.js";

/**
 * @param {object} store
 */
export function watchLayers(store) {
  const panel = document.getElementById("panel-layers");
  const switches = [...panel.querySelectorAll('input[name="layer"]')];
  panel.addEventListener("change", ({ target }) => {
    if (target.name === "layer") {
      store.set({ layers: switches.filter((one) => one.checked).map((one) => one.value) }, { push: true });
      announce(t(target.checked ? "layers.on" : "layers.off", { layer: layerNamed(target.value).title }));
    } else if (target.name === "base") store.set({ base: target.value }, { push: true });
  });
  const show = (state) => {
    const on = new Set(state.layers);
    for (const one of switches) one.checked = on.has(one.value);
    for (const one of panel.querySelectorAll('input[name="base"]')) one.checked = one.value === state.base;
    noteZoom(panel, state.zoom);
  };
  show(store.get());
  store.listen(show);
}

/** Say why a layer that is on is not seen: it begins at a larger zoom. */
function noteZoom(panel, zoom) {
  for (const item of panel.querySelectorAll(".layer")) {
    const least = layerNamed(item.dataset.layer)?.minZoom ?? 0;
    const note = item.querySelector(".layer-note");
    const early = Number.isFinite(zoom) && zoom < least;
    note.hidden = !early;
    if (early) note.textContent = t("layers.zoom", { zoom: least });
  }
}

/** The names of the layers that are on at the beginning. */
export function startLayers() {
  return page.layers.filter((layer) => layer.switchedOn && !layer.baseMap).map((layer) => layer.name);
}
