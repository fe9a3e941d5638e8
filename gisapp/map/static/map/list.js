/** The list beside the map: a layer's features in view, filtered; follows the map. */

import { debounced, place } from "./dom.js";
import { layerNamed, page, t } from "./page.js";
import { askFragment, onReachable } from "./server.js";

/**
 * @param {{store: object, view: object, detail: object}} parts
 */
export function watchList({ store, view, detail }) {
  const panel = document.getElementById("panel-list");
  const parts = {
    layer: document.getElementById("list-layer"), text: document.getElementById("list-text"), follow: document.getElementById("list-follow"),
    filters: document.getElementById("list-filters"), box: document.getElementById("list-filters-box"),
    count: document.getElementById("list-count"), items: document.getElementById("list-items"),
  };
  let asking = null;
  let filtersOf = "";

  const load = async (more = "") => {
    if (panel.hidden) return;
    const { layer } = store.get().list;
    if (!layer) {
      parts.count.textContent = t("list.no-layer");
      return;
    }
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    parts.items.setAttribute("aria-busy", "true");
    try {
      const html = await askFragment(`/map/list/${layer}?fragment=1&${more || query(store.get(), view)}`, { signal });
      if (more) append(parts.items, html);
      else place(parts.items, html);
      const count = parts.items.querySelector("[data-count]")?.dataset.count ?? "0";
      parts.count.textContent = t(store.get().list.follow && view.box() ? "list.count" : "list.count-all", { count });
    } catch {
      if (!signal.aborted) parts.count.textContent = t("list.failed");
    } finally {
      if (!signal.aborted) parts.items.removeAttribute("aria-busy");
    }
  };
  const soon = debounced(() => load(), 250);
  const loadFilters = async () => {
    const { layer, filters } = store.get().list;
    if (!layer || filtersOf === layer) return;
    filtersOf = layer;
    try {
      place(parts.filters, await askFragment(`/map/filters/${layer}?${new URLSearchParams(filters)}`));
    } catch {
      filtersOf = "";
    }
  };
  const patch = (change, how = {}) => store.set({ list: { ...store.get().list, ...change } }, how);

  parts.layer.addEventListener("change", () => {
    switchOn(store, parts.layer.value);
    patch({ layer: parts.layer.value, filters: {} }, { push: true });
  });
  parts.text.addEventListener("input", debounced(() => patch({ text: parts.text.value.trim() }), 250));
  parts.follow.addEventListener("change", () => patch({ follow: parts.follow.checked }));
  parts.filters.addEventListener("input", debounced(() => {
    const fields = [...parts.filters.querySelectorAll("[name]")].filter((one) => one.value);
    patch({ filters: Object.fromEntries(fields.map((one) => [one.name, one.value])) });
  }, 250));
  document.getElementById("list-form").addEventListener("submit", (event) => event.preventDefault());
  parts.items.addEventListener("click", (event) => {
    const more = event.target.closest("[data-next]");
    if (more) return load(more.dataset.next);
    const link = event.target.closest("a[data-id]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return null;
    event.preventDefault();
    return detail.select(link.dataset, { zoom: true });
  });
  document.addEventListener("panel", ({ detail: name }) => {
    if (name !== "list") return;
    if (!store.get().list.layer) patch({ layer: firstLayer(store.get(), parts.layer) });
    show(parts, store.get());
    loadFilters();
    load();
  });
  store.listen((state, changed, how) => {
    if (changed.has("list")) {
      show(parts, state, how.from !== "address");
      if (!panel.hidden) loadFilters();
    }
    const moved = ["lon", "lat", "zoom"].some((key) => changed.has(key)) && state.list.follow;
    if (changed.has("list") || changed.has("near") || changed.has("past") || moved) soon();
  });
  view.ready.then(soon).catch(() => {});
  onReachable((reachable) => { if (reachable) soon(); });
}

/** The query string that the server's list understands. */
function query(state, view) {
  const asked = new URLSearchParams(state.list.filters);
  if (state.list.text) asked.set("q", state.list.text);
  const box = state.list.follow ? view.box() : null;
  if (box) asked.set("bbox", box.map((part) => part.toFixed(6)).join(","));
  if (state.near) asked.set("near", `${state.near.lon.toFixed(6)},${state.near.lat.toFixed(6)}`);
  return asked;
}

/**
 * Put the next page of a list behind what is there, and the focus on the first that came.
 * @param {HTMLElement} items
 * @param {string} html the server's fragment
 */
export function append(items, html) {
  const fresh = document.createElement("div");
  place(fresh, html);
  const first = fresh.querySelector("a");
  items.querySelector(".more")?.remove();
  items.querySelector(".items").append(...fresh.querySelectorAll(".items > li"));
  const more = fresh.querySelector(".more");
  if (more) items.querySelector(".items").after(more);
  first?.focus();
}

function show(parts, state, keepText = false) {
  parts.layer.value = state.list.layer;
  if (!keepText || document.activeElement !== parts.text) parts.text.value = state.list.text;
  parts.follow.checked = state.list.follow;
  if (Object.keys(state.list.filters).length) parts.box.open = true;
}

/** The topmost of the switched-on layers that have a list, or the first at all. */
function firstLayer(state, select) {
  const names = [...select.options].map((one) => one.value);
  return names.find((name) => state.layers.includes(name)) ?? names[0] ?? "";
}

function switchOn(store, name) {
  const { layers } = store.get();
  if (layerNamed(name) && !layers.includes(name)) {
    const on = new Set([...layers, name]);
    store.set({ layers: page.layers.map((layer) => layer.name).filter((one) => on.has(one)) });
  }
}
