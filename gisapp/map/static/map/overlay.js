/** Our own drawings on the map (highlight, measuring): one GeoJSON source each, kept over changes of style. */

import { OWN } from "./style.js";

/** An empty collection. */
export const EMPTY = { type: "FeatureCollection", features: [] };

/**
 * @param {object} map
 * @param {string} name
 * @param {object[]} layers MapLibre layers without source; their ids get our prefix
 * @returns {(data: object) => void} show this GeoJSON
 */
export function addOverlay(map, name, layers) {
  const source = `${OWN}${name}`;
  if (!map.getSource(source)) map.addSource(source, { type: "geojson", data: EMPTY });
  for (const one of layers) {
    if (!map.getLayer(`${source}-${one.id}`)) map.addLayer({ ...one, id: `${source}-${one.id}`, source });
  }
  return (data) => map.getSource(source)?.setData(data);
}

/**
 * GeoJSON of one geometry.
 * @param {object} geometry
 */
export function feature(geometry, properties = {}) {
  return { type: "Feature", geometry, properties };
}
