/** Two states of a feature on the map: the older dashed and orange, the newer blue. */

import { createMap, hasWebGl } from "./mapview.js";
import { page, t } from "./page.js";
import { createStore } from "./state.js";

const OLD = "#b35900";
const NEW = "#0b5cad";
const container = document.getElementById("map");
const status = document.getElementById("past-status");

/** All positions of a geometry. */
function* positions(part) {
  if (typeof part[0] === "number") yield part;
  else for (const inner of part) yield* positions(inner);
}

function boxOf(shapes) {
  const all = shapes.flatMap((shape) => [...positions(shape.coordinates)]);
  const east = all.map(([lon]) => lon);
  const north = all.map(([, lat]) => lat);
  return [Math.min(...east), Math.min(...north), Math.max(...east), Math.max(...north)];
}

function draw(map, name, geometry, colour, dash) {
  map.addSource(name, { type: "geojson", data: { type: "Feature", properties: {}, geometry } });
  const line = { "line-color": colour, "line-width": 4, ...(dash ? { "line-dasharray": [2, 1.5] } : {}) };
  if (geometry.type.endsWith("Polygon")) {
    map.addLayer({ id: `${name}-area`, type: "fill", source: name, paint: { "fill-color": colour, "fill-opacity": 0.12 } });
  }
  if (geometry.type.endsWith("Point")) {
    map.addLayer({
      id: name, type: "circle", source: name,
      paint: { "circle-radius": dash ? 11 : 7, "circle-color": dash ? "rgba(0,0,0,0)" : colour, "circle-stroke-color": dash ? colour : "#ffffff", "circle-stroke-width": dash ? 4 : 2 },
    });
  } else {
    map.addLayer({ id: name, type: "line", source: name, paint: line });
  }
}

async function start() {
  const [older, newer] = page.states;
  const shapes = page.states.filter(Boolean);
  if (!hasWebGl()) throw new Error(t("map.no-webgl"));
  if (!shapes.length) { container.closest("figure").hidden = true; return; }
  const box = boxOf(shapes);
  const store = createStore({
    lon: (box[0] + box[2]) / 2, lat: (box[1] + box[3]) / 2, zoom: 15, bearing: 0, base: "own", past: "",
    mode: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", mark: null, selected: null, layers: [],
  });
  const { map } = await createMap(container, store, { cooperativeGestures: false });
  const show = () => {
    if (map.getSource("state-new") || map.getSource("state-old")) return;
    if (older) draw(map, "state-old", older, OLD, true);
    if (newer) draw(map, "state-new", newer, NEW, false);
    map.fitBounds(box, { padding: 40, maxZoom: 17, animate: false });
    document.documentElement.dataset.ready = "1";
  };
  if (map.isStyleLoaded()) show(); else map.once("idle", show);
}

start().catch((problem) => { status.textContent = problem.message || t("map.failed"); });
