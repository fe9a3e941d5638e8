/** The selected feature stands out on the map. */

import { addOverlay, EMPTY } from "./overlay.js";
import { askJson } from "./server.js";

const COLOUR = "#e8590c";
const LAYERS = [
  { id: "fill", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": COLOUR, "fill-opacity": 0.12 } },
  { id: "casing", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": "#ffffff", "line-width": 7, "line-opacity": 0.85 } },
  { id: "line", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": COLOUR, "line-width": 3.5 } },
  { id: "ring", type: "circle", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 17, "circle-color": COLOUR, "circle-opacity": 0.18, "circle-stroke-color": COLOUR, "circle-stroke-width": 3 } },
];

/**
 * @param {{store: object, view: object}} parts
 */
export function watchHighlight({ store, view }) {
  view.whenDrawn((map) => {
    const draw = addOverlay(map, "highlight", LAYERS);
    let asking = null;
    const show = async ({ selected }) => {
      asking?.abort();
      draw(EMPTY);
      if (!selected) return;
      asking = new AbortController();
      try {
        draw(await askJson(`/ogc/collections/${selected.layer}/items/${selected.id}?f=json`, { signal: asking.signal }));
      } catch {
        // The details stand beside the map; without the outline they are still right.
      }
    };
    store.listen((state, changed) => { if (changed.has("selected")) show(state); });
    show(store.get());
  });
}
