/** The printed sheet: the map true to scale at print resolution, as a picture that any printer takes. */

import { parse } from "./address.js";
import { createMap, hasWebGl } from "./mapview.js";
import { showMark } from "./mark.js";
import { page, t } from "./page.js";
import { zoomOf } from "./printing.js";
import { lookAt } from "./server.js";
import { createStore } from "./state.js";
import { createView } from "./view.js";

const DOTS_PER_INCH = 250;
const LARGEST = 6_000;

const container = document.getElementById("map");
const image = document.getElementById("sheet-image");
const status = document.getElementById("print-status");
const button = document.getElementById("print-now");
const form = document.getElementById("sheet-form");
const { scale, base, past } = page.sheet;
lookAt(past);
const centre = page.sheet.centre ?? page.start.centre ?? [(page.start.box[0] + page.start.box[2]) / 2, (page.start.box[1] + page.start.box[3]) / 2];
const given = new URLSearchParams(location.search);
const { mark } = parse(`mark=${encodeURIComponent(given.get("mark") ?? "")}`);
const store = createStore({
  lon: centre[0], lat: centre[1], zoom: zoomOf(scale, centre[1]), bearing: 0, base, mode: "light", mark, selected: null, past,
  layers: page.layers.filter((layer) => !layer.baseMap).map((layer) => layer.name),
});

async function start() {
  if (!hasWebGl()) throw new Error(t("map.no-webgl"));
  const longest = Math.max(container.clientWidth, container.clientHeight);
  const pixelRatio = Math.min(DOTS_PER_INCH / 96, LARGEST / longest);
  const loading = createMap(container, store, {
    pixelRatio, maxCanvasSize: [LARGEST, LARGEST], canvasContextAttributes: { preserveDrawingBuffer: true },
    fadeDuration: 0, scrollZoom: false, doubleClickZoom: false, touchZoomRotate: false, dragRotate: false, boxZoom: false,
  });
  const view = createView(loading);
  showMark({ store, view });
  const { map } = await loading;
  map.on("movestart", busy);
  map.on("idle", () => take(map));
  map.on("moveend", () => keepPlace(map));
}

function busy() {
  button.disabled = true;
  delete document.documentElement.dataset.ready;
  status.textContent = t("print.busy");
}

/** The ratio is true at the centre's latitude, so a sheet that was moved north or south zooms a little. */
function keepPlace(map) {
  const { lng, lat } = map.getCenter();
  const place = `${lng.toFixed(6)},${lat.toFixed(6)}`;
  let field = form.elements.namedItem("centre");
  if (!field) {
    field = Object.assign(document.createElement("input"), { type: "hidden", name: "centre" });
    form.append(field);
  }
  field.value = place;
  const zoom = zoomOf(scale, lat);
  if (Math.abs(zoom - map.getZoom()) > 1e-4) map.jumpTo({ zoom });
}

function take(map) {
  map.getCanvas().toBlob(async (blob) => {
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    await image.decode();
    image.hidden = false;
    document.documentElement.dataset.ready = "1";
    button.disabled = false;
    status.textContent = t("print.ready");
  }, "image/png");
}

button.addEventListener("click", () => print());
start().catch((problem) => { status.textContent = problem.message || t("map.failed"); });
