/** The map itself: MapLibre loaded when the page stands, following the store. */

import { calm } from "./dom.js";
import { drawIcons, nothing } from "./icons.js";
import { page, t } from "./page.js";
import { onReachable, report } from "./server.js";
import { compose, isBase, keepingOwn, serverStyle } from "./style.js";

const LARGEST_ZOOM = 20;

/** "light" or "dark": the person's choice, otherwise the device's. */
export function effectiveMode(mode) {
  return mode || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** Can this browser draw the map? */
export function hasWebGl() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

/**
 * Load MapLibre and show the map.
 * @param {HTMLElement} container
 * @param {object} store
 * @param {object} [more] options for MapLibre's Map
 * @returns {Promise<{map: object, library: object}>}
 */
export async function createMap(container, store, more = {}) {
  const ratio = Math.max(more.pixelRatio ?? devicePixelRatio, 1);
  const state = store.get();
  const [library, raw] = await Promise.all([
    import("../vendor/maplibre/maplibre-gl.mjs"),
    serverStyle(effectiveMode(state.mode)),
  ]);
  library.setWorkerUrl(new URL(page.worker, location.href).href);
  const icons = await drawIcons(raw.metadata["gisapp:icons"], ratio);
  const style = await compose(raw, state.layers, state.base);
  const map = new library.Map({
    container, style, ...startOf(state), maxZoom: LARGEST_ZOOM, attributionControl: false, fadeDuration: calm() ? 0 : 200,
    // Slicing what is shown larger than its tiles would name an area once in each slice.
    zoomLevelsToOverscale: undefined, locale: locale(), pitchWithRotate: false, touchPitch: false, maxPitch: 0, ...more,
  });
  nameCanvas(map);
  addImages(map, icons, ratio);
  forgive(map);
  sayState(map, container);
  follow(map, store, raw);
  return { map, library };
}

/** The canvas is what has the focus, so it carries the words. */
function nameCanvas(map) {
  const canvas = map.getCanvas();
  canvas.setAttribute("aria-label", t("map.label"));
  canvas.setAttribute("role", "application");
}

/** aria-busy while tiles are on their way. */
function sayState(map, container) {
  container.setAttribute("aria-busy", "true");
  map.on("dataloading", () => container.setAttribute("aria-busy", "true"));
  map.on("idle", () => container.setAttribute("aria-busy", "false"));
}

function startOf(state) {
  if (Number.isFinite(state.zoom)) return { center: [state.lon, state.lat], zoom: state.zoom, bearing: state.bearing };
  const start = page.start;
  if (start.box) return { bounds: [[start.box[0], start.box[1]], [start.box[2], start.box[3]]], fitBoundsOptions: { padding: 30, maxZoom: 14 } };
  return { center: start.centre, zoom: start.zoom };
}

function addImages(map, icons, ratio) {
  const add = () => {
    for (const [name, image] of icons) if (!map.hasImage(name)) map.addImage(name, image, { pixelRatio: ratio });
  };
  map.on("style.load", add);
  map.setMissingStyleImageResolver(async (id) => {
    if (!map.hasImage(id)) map.addImage(id, icons.get(id) ?? nothing(), { pixelRatio: icons.has(id) ? ratio : 1 });
  });
}

/** A tile that fails is no news by itself; that the server does not answer is told once, by the banner. */
function forgive(map) {
  map.on("error", ({ error }) => {
    const status = error?.status;
    const network = error instanceof TypeError || status === 0 || (status >= 502 && status <= 504);
    if (network || /Failed to fetch|NetworkError|Load failed/.test(error?.message ?? "")) report(false);
  });
  onReachable((reachable) => {
    if (!reachable || !map.isStyleLoaded) return;
    for (const [name, source] of Object.entries(map.getStyle()?.sources ?? {})) {
      if (source.type === "vector" || source.type === "raster") map.refreshTiles(name);
    }
  });
}

function follow(map, store, firstStyle) {
  let raw = firstStyle;
  let drawnMode = effectiveMode(store.get().mode);
  let drawnPast = store.get().past;
  const restyle = async () => {
    const state = store.get();
    const mode = effectiveMode(state.mode);
    if (mode !== drawnMode || state.past !== drawnPast) {
      raw = await serverStyle(mode);
      drawnMode = mode;
      drawnPast = state.past;
    }
    map.setStyle(await compose(raw, state.layers, state.base), { diff: true, transformStyle: keepingOwn });
  };
  const quietly = () => restyle().catch(() => {});
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter().wrap();
    store.set({ lon: lng, lat, zoom: map.getZoom(), bearing: map.getBearing() }, { from: "map" });
  });
  store.listen((state, changed, how) => {
    if (changed.has("layers")) showLayers(map, state);
    if (changed.has("base") || changed.has("mode") || changed.has("past")) quietly();
    if (how.from === "address" && ["lon", "lat", "zoom", "bearing"].some((key) => changed.has(key))) {
      map.jumpTo({ center: [state.lon, state.lat], zoom: state.zoom, bearing: state.bearing ?? 0 });
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", quietly);
}

function showLayers(map, state) {
  const on = new Set(state.layers);
  for (const one of map.getStyle()?.layers ?? []) {
    const name = one.metadata?.["gisapp:layer"];
    if (name && !isBase(name)) map.setLayoutProperty(one.id, "visibility", on.has(name) ? "visible" : "none");
  }
}

function locale() {
  return {
    "Map.Title": t("map.two-clicks"),
    "AttributionControl.ToggleAttribution": t("map.attribution"),
    "CooperativeGesturesHandler.WindowsHelpText": t("map.use-ctrl"),
    "CooperativeGesturesHandler.MacHelpText": t("map.use-ctrl"),
    "CooperativeGesturesHandler.MobileHelpText": t("map.use-fingers"),
  };
}
