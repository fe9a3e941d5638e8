/** How far GeoJSON reaches. */

/**
 * west, south, east, north of all coordinates; null without any.
 * @param {object} geojson a geometry, a feature or a collection
 * @returns {number[] | null}
 */
export function extent(geojson) {
  const found = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (part) => {
    if (typeof part[0] === "number") {
      found[0] = Math.min(found[0], part[0]);
      found[1] = Math.min(found[1], part[1]);
      found[2] = Math.max(found[2], part[0]);
      found[3] = Math.max(found[3], part[1]);
    } else part.forEach(walk);
  };
  const geometries = geojson.features ? geojson.features.map((one) => one.geometry) : [geojson.geometry ?? geojson];
  for (const one of geometries.flatMap((shape) => shape?.geometries ?? [shape])) if (one?.coordinates) walk(one.coordinates);
  return Number.isFinite(found[0]) ? found : null;
}
