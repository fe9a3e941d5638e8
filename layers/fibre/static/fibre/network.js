/** The engineers' page: the network on the map, what was clicked beside it, and a list that needs no map. */

import { watchConnection } from "../map/banner.js";
import { addControls } from "../map/controls.js";
import { createDetail } from "../map/detail.js";
import { announce, debounced, el, place } from "../map/dom.js";
import { watchHighlight } from "../map/highlight.js";
import { append } from "../map/list.js";
import { createMap, hasWebGl } from "../map/mapview.js";
import { addOverlay, EMPTY } from "../map/overlay.js";
import { page, t } from "../map/page.js";
import { watchPicking } from "../map/pick.js";
import { askFragment } from "../map/server.js";
import { createStore } from "../map/state.js";
import { createView } from "../map/view.js";
import { extent } from "./extent.js";

const OURS = page.layers.filter((one) => !one.baseMap).map((one) => one.name);
const RESULT = [
  { id: "casing", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": "#ffffff", "line-width": 9, "line-opacity": 0.9 } },
  { id: "line", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": "#c2255c", "line-width": 5 } },
  { id: "place", type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 7, "circle-color": "#c2255c", "circle-stroke-color": "#ffffff", "circle-stroke-width": 2 } },
];

const store = createStore({ lon: NaN, lat: NaN, zoom: NaN, bearing: 0, near: null, layers: OURS, base: "own", mode: document.documentElement.dataset.mode ?? "", past: "", selected: null, mark: null });
const note = document.getElementById("map-note");
const loading = hasWebGl() ? createMap(document.getElementById("map"), store) : Promise.reject(new Error("no WebGL"));
loading.catch(() => {
  note.textContent = t(hasWebGl() ? "map.failed" : "map.no-webgl");
  note.hidden = false;
});
const view = createView(loading);
watchConnection();
addControls({ view });
watchHighlight({ store, view });

// ------------------------------------------------------------------------------------------ what was clicked, in the column

const section = document.getElementById("fibre-detail");
let asked = null;
const panels = {
  open(_name, { focus = true } = {}) {
    section.hidden = false;
    if (matchMedia("(min-width: 761px)").matches) section.parentElement.scrollTop = 0;
    else section.scrollIntoView({ block: "start" });
    if (focus) document.getElementById("title-detail")?.focus({ preventScroll: true });
  },
  show() {},
  close() {
    section.hidden = true;
    store.set({ selected: null });
    asked?.isConnected && asked.focus();
  },
};
const detail = createDetail({ store, view, panels });
watchPicking({ view, detail, panels, store });
section.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) return panels.close();
  const link = event.target.closest("a[data-feature-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return null;
  event.preventDefault();
  const [layer, id] = link.dataset.featureLink.split("/");
  return detail.select({ layer, id }, { zoom: true });
});
section.addEventListener("keydown", (event) => { if (event.key === "Escape") panels.close(); });

// -------------------------------------------------------------------------------------------------------------- the list

const form = document.getElementById("fibre-form");
const items = document.getElementById("fibre-items");
const count = document.getElementById("fibre-count");
const colours = document.getElementById("fibre-colours");
const fields = { network: document.getElementById("fibre-network"), lifecycle: document.getElementById("fibre-lifecycle"), what: document.getElementById("fibre-what"), text: document.getElementById("fibre-text") };
let listing = null;

async function list(more = "") {
  listing?.abort();
  listing = new AbortController();
  const { signal } = listing;
  const query = more || new URLSearchParams({ q: fields.text.value.trim(), "f.network": fields.network.value, "f.lifecycle": fields.lifecycle.value });
  items.setAttribute("aria-busy", "true");
  try {
    const html = await askFragment(`/map/list/${fields.what.value}?fragment=1&${query}`, { signal });
    if (signal.aborted) return;
    if (more) append(items, html);
    else place(items, html);
    count.textContent = t("list.count-all", { count: items.querySelector("[data-count]")?.dataset.count ?? "0" });
  } catch {
    if (!signal.aborted) count.textContent = t("list.failed");
  } finally {
    if (!signal.aborted) items.removeAttribute("aria-busy");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  list();
});
fields.text.addEventListener("input", debounced(() => list(), 250));
fields.what.addEventListener("change", () => list());
for (const field of [fields.network, fields.lifecycle]) field.addEventListener("change", () => {
  list();
  redraw();
});
items.addEventListener("click", (event) => {
  const more = event.target.closest("[data-next]");
  if (more) return list(more.dataset.next);
  const link = event.target.closest("a[data-id]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return null;
  event.preventDefault();
  asked = link;
  return detail.select(link.dataset, { zoom: true });
});

// ------------------------------------------------------------------------------------------------------ the map's own share

/** What each of our style's layers came with: its filter and its colour. */
const asCame = new Map();

function cameWith(map, one) {
  if (!asCame.has(one.id)) {
    const colour = one.type === "line" ? map.getPaintProperty(one.id, "line-color") : null;
    asCame.set(one.id, { filter: map.getFilter(one.id) ?? null, colour });
  }
  return asCame.get(one.id);
}

const OWNED = ["match", ["coalesce", ["get", "owner"], ["get", "organisation"], ""], ...Object.entries(page.fibre.owners).flat(), page.fibre.other];

/** Draw the objects of the chosen network and state alone, in the chosen colours. */
function redraw() {
  view.whenDrawn(apply);
}

function apply(map) {
  const wanted = [["network", fields.network.value], ["lifecycle", fields.lifecycle.value]]
    .filter(([, value]) => value).map(([name, value]) => ["==", ["get", name], value]);
  const byOwner = colours.querySelector(":checked").value === "owner";
  for (const one of map.getStyle().layers) {
    if (!OURS.includes(one.metadata?.["gisapp:layer"])) continue;
    const came = cameWith(map, one);
    const parts = [...(came.filter ? [came.filter] : []), ...wanted];
    map.setFilter(one.id, parts.length > 1 ? ["all", ...parts] : parts[0] ?? null);
    if (came.colour) map.setPaintProperty(one.id, "line-color", byOwner && Object.keys(page.fibre.owners).length ? OWNED : came.colour);
  }
}

/**
 * Light something up (a trace, what an excavator hits) and list it beside the map.
 * @param {object} geojson what shines; null takes it away
 * @param {{title?: string, items?: {title: string, more?: string, layer?: string, id?: string}[]}} [told]
 */
export function show(geojson, { title = "", items: found = [] } = {}) {
  result.replaceChildren(el("h2", { id: "fibre-result-title", tabindex: "-1" }), el("ol", { class: "items", id: "fibre-result-list" }));
  result.hidden = !geojson;
  document.getElementById("fibre-result-title").textContent = title;
  document.getElementById("fibre-result-list").replaceChildren(...found.map((one) => el("li", {},
    el(one.id ? "button" : "span", one.id ? { type: "button", class: "item-button", click: () => detail.select(one, { zoom: true }) } : {},
      el("span", { class: "item-title" }, one.title), el("span", { class: "item-more" }, one.more ?? "")))));
  view.whenDrawn((map) => addOverlay(map, "result", RESULT)(geojson ?? EMPTY));
  if (!geojson) return;
  const box = extent(geojson);
  if (box) view.fit(box);
  announce(title);
  document.getElementById("fibre-result-title").focus();
}

// ------------------------------------------------------------------------------------------------------------- questions

const asking = document.getElementById("fibre-ask");
const result = document.getElementById("fibre-result");
let question = null;

/** Ask about `ref`, and put the answer under what was asked about. */
async function ask(ref, about) {
  question?.abort();
  question = new AbortController();
  const { signal } = question;
  const query = new URLSearchParams({ ref, question: about, fragment: "1" });
  const day = asking.elements.as_of.value;
  if (day) query.set("as_of", day);
  result.setAttribute("aria-busy", "true");
  try {
    const html = await askFragment(`/fibre/ask?${query}`, { signal });
    if (signal.aborted) return;
    place(result, html);
    result.hidden = false;
    const told = document.getElementById("fibre-shape");
    const shape = told ? JSON.parse(told.textContent) : null;
    view.whenDrawn((map) => addOverlay(map, "result", RESULT)(shape ?? EMPTY));
    const box = shape && extent(shape);
    if (box) view.fit(box);
    const title = document.getElementById("fibre-result-title");
    announce(title.textContent);
    title.focus();
  } catch {
    if (!signal.aborted) announce(t("list.failed"));
  } finally {
    if (!signal.aborted) result.removeAttribute("aria-busy");
  }
}

asking.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(asking.elements.ref.value, event.submitter?.value ?? "trace");
});
section.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-fibre-ask]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const wanted = new URL(link.href).searchParams;
  ask(wanted.get("ref"), wanted.get("question"));
});

// ------------------------------------------------------------------------------------------- from where the network is drawn

view.ready.then(({ map }) => {
  const far = document.getElementById("fibre-far");
  const { nearest, heart } = page.fibre;
  if (heart && map.getZoom() < nearest) map.jumpTo({ center: heart, zoom: nearest });
  const say = () => { far.hidden = map.getZoom() >= nearest; };
  map.on("zoomend", say);
  say();
}).catch(() => {});

// What was chosen on the map or in the list can be asked about at once.
store.listen((state, changed) => {
  if (changed.has("selected") && state.selected && OURS.includes(state.selected.layer)) asking.elements.ref.value = state.selected.id;
});

// -------------------------------------------------------------------------------------------------------------- colours

colours.hidden = false;
colours.addEventListener("change", () => {
  const chosen = colours.querySelector(":checked").value;
  for (const part of document.querySelectorAll("#fibre-legend [data-colours]")) part.hidden = part.dataset.colours !== chosen;
  document.getElementById("fibre-legend").open = true;
  redraw();
});
// A style that was exchanged (dark, light) comes with its own filters and colours.
view.ready.then(({ map }) => map.on("style.load", () => {
  asCame.clear();
  apply(map);
})).catch(() => {});
redraw();
