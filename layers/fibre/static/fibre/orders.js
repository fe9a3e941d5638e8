/** A work order's map: its area, what it would change, and where to draw or choose. The page is whole without it. */

import { watchConnection } from "../map/banner.js";
import { addControls } from "../map/controls.js";
import { announce, el } from "../map/dom.js";
import { createMap, hasWebGl } from "../map/mapview.js";
import { addOverlay, EMPTY, feature } from "../map/overlay.js";
import { page, t } from "../map/page.js";
import { createStore } from "../map/state.js";
import { createView } from "../map/view.js";
import { extent } from "./extent.js";

// The colours of orders.css, told apart by the dash as well.
const COLOURS = ["match", ["get", "what"], "add", "#1f7a3a", "remove", "#b3261e", "#1c5fb0"];
const ROUND = { "line-join": "round", "line-cap": "round" };
const AREA = [
  { id: "fill", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#7048e8", "fill-opacity": 0.08 } },
  { id: "line", type: "line", paint: { "line-color": "#7048e8", "line-width": 2.5, "line-dasharray": [3, 2] } },
  { id: "corner", type: "circle", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": "#7048e8", "circle-stroke-width": 3 } },
];
const CHANGES = [
  { id: "casing", type: "line", layout: ROUND, paint: { "line-color": "#ffffff", "line-width": 9, "line-opacity": 0.9 } },
  { id: "line", type: "line", layout: ROUND, filter: ["!=", ["get", "what"], "remove"], paint: { "line-color": COLOURS, "line-width": 5 } },
  { id: "gone", type: "line", filter: ["==", ["get", "what"], "remove"], paint: { "line-color": COLOURS, "line-width": 5, "line-dasharray": [1.5, 1] } },
  { id: "place", type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 8, "circle-color": COLOURS, "circle-stroke-color": "#ffffff", "circle-stroke-width": 2.5 } },
];

document.getElementById("order-map").hidden = false;
const store = createStore({ lon: NaN, lat: NaN, zoom: NaN, bearing: 0, near: null, layers: page.layers.filter((one) => !one.baseMap).map((one) => one.name), base: "own", mode: document.documentElement.dataset.mode ?? "", past: "", selected: null, mark: null });
const loading = hasWebGl() ? createMap(document.getElementById("map"), store) : Promise.reject(new Error("no WebGL"));
loading.catch(() => {
  const note = document.getElementById("map-note");
  note.textContent = t(hasWebGl() ? "map.failed" : "map.no-webgl");
  note.hidden = false;
});
const view = createView(loading);
watchConnection();
addControls({ view });
view.ready.then(({ map }) => {
  map.on("click", (event) => view.claimed()?.(event.lngLat));
  map.on("mousemove", () => map.getCanvas().classList.toggle("placing", Boolean(view.claimed())));
}).catch(() => {});

const { area, changes } = page.order;
let drawArea = () => {};
view.whenDrawn((map) => {
  drawArea = addOverlay(map, "area", AREA);
  drawArea(area ? feature(area) : EMPTY);
  addOverlay(map, "changes", CHANGES)(changes);
});
const legend = document.getElementById("order-legend");
if (legend) legend.hidden = false;
const everything = extent({ features: [...(area ? [feature(area)] : []), ...changes.features] });
if (everything) view.fit(everything);

// --------------------------------------------------------------------------------------- a row of the list leads to its place

const show = document.getElementById("map");
for (const row of document.querySelectorAll("#result li[data-box]")) {
  const words = row.querySelector(".order-row > span");
  const name = words.querySelector("a") ?? words.firstChild;
  const spot = el("button", { type: "button", class: "order-spot", click: () => {
    view.fit(row.dataset.box.split(",").map(Number), 18);
    if (!matchMedia("(min-width: 761px)").matches) show.scrollIntoView({ block: "nearest" });
  } }, name.textContent.trim());
  name.replaceWith(spot, " ");
}

// ------------------------------------------------------------------------------------------------- drawing the order's area

const tools = document.getElementById("area-tools");
const field = document.getElementById("id_area");
let corners = [];
let release = null;

function polygon() {
  return { type: "Polygon", coordinates: [[...corners, corners[0]]] };
}

function drawn() {
  const points = corners.map((one) => feature({ type: "Point", coordinates: one }));
  const shape = corners.length > 2 ? [feature(polygon())] : [];
  drawArea({ type: "FeatureCollection", features: [...shape, ...points] });
  announce(tools.dataset.said.replace("{count}", String(corners.length)));
}

function corner({ lng, lat }) {
  corners = [...corners, [Number(lng.toFixed(7)), Number(lat.toFixed(7))]];
  drawn();
}

function drawing(on) {
  for (const one of tools.querySelectorAll("[data-area]")) one.hidden = (one.dataset.area === "start") === on;
  release?.();
  release = on ? view.claimClicks(corner) : null;
}

if (tools) {
  view.ready.then(() => { tools.hidden = false; }).catch(() => {});
  tools.addEventListener("click", (event) => {
    const what = event.target.closest("[data-area]")?.dataset.area;
    if (what === "start") {
      corners = [];
      drawn();
      drawing(true);
    } else if (what === "centre" && view.centre()) corner(view.centre());
    else if (what === "undo") {
      corners = corners.slice(0, -1);
      drawn();
    } else if (what === "done") {
      drawing(false);
      if (corners.length < 3) return drawArea(area ? feature(area) : EMPTY);
      field.value = JSON.stringify(polygon());
      document.getElementById("id_around").value = "";
      announce(tools.dataset.done);
      tools.querySelector('[data-area="start"]').focus();
    }
    return null;
  });
}

// ------------------------------------------------------------------------------------------------- choosing a place for a step

const pick = document.getElementById("pick-point");
const place = document.querySelector("#step-form [data-map-point]");
if (pick && place) view.ready.then(() => {
  pick.hidden = false;
  pick.addEventListener("click", () => {
    pick.setAttribute("aria-pressed", "true");
    const letGo = view.claimClicks(({ lng, lat }) => {
      place.value = `${lat.toFixed(7)}, ${lng.toFixed(7)}`;
      pick.setAttribute("aria-pressed", "false");
      letGo();
      place.focus();
    });
  });
}).catch(() => {});
