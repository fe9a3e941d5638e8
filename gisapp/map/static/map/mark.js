/** A mark with a text that lives in the link alone. */

import { announce, debounced, el, symbol } from "./dom.js";
import { permalink } from "./history.js";
import { page, t } from "./page.js";
import { askJson } from "./server.js";
import { copy } from "./share.js";

/**
 * @param {{store: object, view: object}} parts
 */
export function watchMark({ store, view }) {
  const text = document.getElementById("mark-text");
  let release = null;
  const put = ({ lng, lat }) => {
    store.set({ mark: { lon: lng, lat, text: text.value.trim() } }, { push: true });
    announce(t("mark.placed"));
  };
  document.getElementById("mark-centre").addEventListener("click", () => { if (view.centre()) put(view.centre()); });
  document.getElementById("mark-remove").addEventListener("click", () => {
    store.set({ mark: null }, { push: true });
    announce(t("mark.removed"));
  });
  document.getElementById("mark-copy").addEventListener("click", () => {
    if (!store.get().mark && view.centre()) put(view.centre());
    copy(permalink({ ...store.get(), panel: null }, page.language));
  });
  text.addEventListener("input", debounced(() => {
    const { mark } = store.get();
    if (mark) store.set({ mark: { ...mark, text: text.value.trim() } });
  }, 200));
  document.addEventListener("panel", ({ detail: name }) => {
    release?.();
    release = name === "mark" ? view.claimClicks(put) : null;
    if (name === "mark") text.value = store.get().mark?.text ?? "";
  });
  showMark({ store, view }, true);
  sayPlace(store);
}

/** Say in the panel what is at the mark: the nearest address, and who is responsible there. */
function sayPlace(store) {
  const place = document.getElementById("mark-place");
  let asking = null;
  const say = async ({ mark }) => {
    asking?.abort();
    if (!mark) {
      place.hidden = true;
      return;
    }
    asking = new AbortController();
    try {
      const { address, areas } = await askJson(`/api/reverse?lon=${mark.lon}&lat=${mark.lat}`, { signal: asking.signal });
      const parts = [address?.title, ...areas.slice(0, 2).map((area) => area.name)].filter(Boolean);
      place.textContent = parts.length ? t("mark.place", { place: parts.join(" · ") }) : "";
      place.hidden = !parts.length;
    } catch {
      place.hidden = true;
    }
  };
  const soon = debounced(say, 250);
  soon(store.get());
  store.listen((state, changed) => { if (changed.has("mark")) soon(state); });
}

/**
 * Draw the state's mark; `movable` lets it be dragged.
 * @param {{store: object, view: object}} parts
 * @param {boolean} [movable]
 */
export function showMark({ store, view }, movable = false) {
  view.whenDrawn((map) => {
    let marker = null;
    const show = ({ mark }) => {
      marker?.remove();
      marker = null;
      if (!mark) return;
      const label = mark.text || t("mark.default");
      const element = el("div", { class: "mark", role: "img", "aria-label": label }, symbol("mark"), ...(mark.text ? [el("span", { class: "mark-text" }, mark.text)] : []));
      marker = view.marker({ element, anchor: "bottom", draggable: movable }).setLngLat([mark.lon, mark.lat]).addTo(map);
      // MapLibre gives markers words of its own.
      element.setAttribute("aria-label", label);
      marker.on("dragend", () => {
        const { lng, lat } = marker.getLngLat();
        store.set({ mark: { ...store.get().mark, lon: lng, lat } }, { push: true });
      });
    };
    show(store.get());
    store.listen((state, changed) => { if (changed.has("mark")) show(state); });
  });
}
