/** The map of what is free, above the list that says the same: a venue on it leads to its entry. */

import { watchConnection } from "../map/banner.js";
import { addControls } from "../map/controls.js";
import { createMap, hasWebGl } from "../map/mapview.js";
import { addOverlay } from "../map/overlay.js";
import { page, t } from "../map/page.js";
import { createStore } from "../map/state.js";
import { createView } from "../map/view.js";

const VENUES = [
  { id: "dot", type: "circle", paint: { "circle-radius": 10, "circle-color": "#7a2e8e", "circle-stroke-color": "#ffffff", "circle-stroke-width": 3 } },
  { id: "name", type: "symbol", layout: { "text-field": ["get", "name"], "text-font": ["Noto Sans Regular"], "text-size": 13, "text-anchor": "top", "text-offset": [0, 1], "text-max-width": 9 },
    paint: { "text-color": "#5b1f6b", "text-halo-color": "#ffffff", "text-halo-width": 2 } },
];

document.getElementById("venue-map").hidden = false;
const store = createStore({ lon: NaN, lat: NaN, zoom: NaN, bearing: 0, near: null, layers: [], base: "own", mode: document.documentElement.dataset.mode ?? "", past: "", selected: null, mark: null });
const loading = hasWebGl() ? createMap(document.getElementById("map"), store) : Promise.reject(new Error("no WebGL"));
loading.catch(() => {
  const note = document.getElementById("map-note");
  note.textContent = t(hasWebGl() ? "map.failed" : "map.no-webgl");
  note.hidden = false;
});
const view = createView(loading);
watchConnection();
addControls({ view });
view.whenDrawn((map) => addOverlay(map, "venues", VENUES)(page.venues));

const places = page.venues.features.map((one) => one.geometry.coordinates);
const [lons, lats] = [0, 1].map((axis) => places.map((one) => one[axis]));
view.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], 14);

view.ready.then(({ map }) => {
  const found = (point) => map.queryRenderedFeatures([[point.x - 8, point.y - 8], [point.x + 8, point.y + 8]])
    .find((one) => one.properties.space !== undefined);
  map.on("click", ({ point }) => {
    const hit = found(point);
    const entry = hit && document.getElementById(`space-${hit.properties.space}`);
    entry?.scrollIntoView({ block: "center" });
    entry?.focus({ preventScroll: true });
  });
  map.on("mousemove", ({ point }) => { map.getCanvas().style.cursor = found(point) ? "pointer" : ""; });
}).catch(() => {});
