/** Measuring distances and areas, with the pointer and with the keyboard. */

import { announce } from "./dom.js";
import { area, length } from "./geodesy.js";
import { addOverlay, EMPTY, feature } from "./overlay.js";
import { number, t } from "./page.js";

const COLOUR = "#c2255c";
const LAYERS = [
  { id: "fill", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": COLOUR, "fill-opacity": 0.15 } },
  { id: "casing", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": "#ffffff", "line-width": 6 } },
  { id: "line", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": COLOUR, "line-width": 3 } },
  { id: "points", type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 5.5, "circle-color": "#ffffff", "circle-stroke-color": COLOUR, "circle-stroke-width": 3 } },
];

/**
 * A length in words: 840 m, 1,24 km.
 * @param {number} metres
 */
export function lengthText(metres) {
  return metres < 1000 ? `${number(metres, metres < 100 ? 1 : 0)} m` : `${number(metres / 1000, metres < 100_000 ? 2 : 1)} km`;
}

/**
 * An area in words: m², ha, km².
 * @param {number} square metres
 */
export function areaText(square) {
  if (square < 10_000) return `${number(square, square < 100 ? 1 : 0)} m²`;
  return square < 1_000_000 ? `${number(square / 10_000, 2)} ha` : `${number(square / 1_000_000, 2)} km²`;
}

/**
 * @param {{view: object}} parts
 */
export function watchMeasuring({ view }) {
  const result = document.getElementById("measure-result");
  const kinds = [...document.querySelectorAll('input[name="measure-kind"]')];
  let places = [];
  let draw = () => {};
  let release = null;
  const kind = () => kinds.find((one) => one.checked).value;
  const words = () => {
    if (!places.length) return t("measure.empty");
    if (kind() === "line") return t("measure.distance", { length: lengthText(length(places)) });
    return t("measure.area", { area: areaText(area(places)), length: lengthText(length([...places, places[0]])) });
  };
  const show = () => {
    result.textContent = words();
    draw(drawing(places, kind()));
  };
  const add = ({ lng, lat }) => {
    places = [...places, [lng, lat]];
    show();
    announce(t("measure.point", { count: places.length, result: words() }));
  };
  const addCentre = () => { if (view.centre()) add(view.centre()); };

  document.getElementById("measure-centre").addEventListener("click", addCentre);
  document.getElementById("measure-undo").addEventListener("click", () => {
    places = places.slice(0, -1);
    show();
    announce(t("measure.removed", { result: words() }));
  });
  document.getElementById("measure-clear").addEventListener("click", () => {
    places = [];
    show();
    announce(t("measure.cleared"));
  });
  for (const one of kinds) one.addEventListener("change", show);
  document.addEventListener("panel", ({ detail: name }) => {
    release?.();
    release = name === "measure" ? view.claimClicks(add) : null;
    document.body.classList.toggle("measuring", name === "measure");
    if (name === "measure") show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "m" && release && event.target.closest("#map") && !event.ctrlKey && !event.metaKey) addCentre();
  });
  view.whenDrawn((map) => {
    draw = addOverlay(map, "measure", LAYERS);
    show();
  });
}

function drawing(places, kind) {
  if (!places.length) return EMPTY;
  const features = places.map((place) => feature({ type: "Point", coordinates: place }));
  const closed = kind === "area" && places.length > 2;
  if (closed) features.unshift(feature({ type: "Polygon", coordinates: [[...places, places[0]]] }));
  else if (places.length > 1) features.unshift(feature({ type: "LineString", coordinates: places }));
  return { type: "FeatureCollection", features };
}
