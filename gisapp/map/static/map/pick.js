/** Clicking and pointing at features of the map. */

import { layerNamed } from "./page.js";

const REACH = 7;
const RANK = { Point: 0, MultiPoint: 0, LineString: 1, MultiLineString: 1, Polygon: 2, MultiPolygon: 2 };

/**
 * @param {{view: object, detail: object, panels: object, store: object}} parts
 */
export function watchPicking({ view, detail, panels, store }) {
  view.whenDrawn((map) => {
    map.on("click", (event) => {
      const claimed = view.claimed();
      if (claimed) return claimed(event.lngLat);
      const found = featuresAt(map, event.point);
      if (!found.length) return store.get().selected ? panels.close() : null;
      const best = found.filter((one) => one.rank === found[0].rank);
      if (best.length > 1) return detail.choose(found);
      return detail.select(found[0], { also: found.slice(1) });
    });
    let waiting = 0;
    map.on("mousemove", ({ point }) => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => {
        const over = !view.claimed() && featuresAt(map, point, 2).some((one) => one.rank < 2);
        map.getCanvas().classList.toggle("over-feature", over);
        map.getCanvas().classList.toggle("placing", Boolean(view.claimed()));
      });
    });
  });
}

/** The interactive features there, points before lines before areas, each once. */
function featuresAt(map, point, reach = REACH) {
  const box = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
  const layers = map.getStyle().layers.filter((one) => interactive(one)).map((one) => one.id);
  const fills = new Set(map.getStyle().layers.filter((one) => one.type === "fill").map((one) => one.id));
  const found = new Map();
  // Areas count where they are hit, not where they are near.
  const exact = map.queryRenderedFeatures(point, { layers: layers.filter((id) => fills.has(id)) });
  const near = map.queryRenderedFeatures(box, { layers: layers.filter((id) => !fills.has(id)) });
  for (const one of [...near, ...exact]) {
    const layer = one.layer.metadata["gisapp:layer"];
    // Keys that are no numbers (UUID) stand among the properties.
    const id = one.id ?? one.properties.id;
    const key = `${layer}/${id}`;
    if (id === undefined || found.has(key)) continue;
    const title = one.properties.name || one.properties.title || one.properties.label || `${layerNamed(layer)?.title} ${id}`;
    found.set(key, { layer, id, title, rank: one.layer.type === "symbol" && RANK[one.geometry.type] === 2 ? 2 : RANK[one.geometry.type] ?? 2 });
  }
  return [...found.values()].sort((one, other) => one.rank - other.rank);
}

function interactive(one) {
  const layer = layerNamed(one.metadata?.["gisapp:layer"] ?? "");
  return layer?.interactive && !layer.baseMap && one.layout?.visibility !== "none";
}
