/** The map in somebody else's page: what the link says, and a way to the large map. */

import { format, parse } from "./address.js";
import { watchConnection } from "./banner.js";
import { addControls } from "./controls.js";
import { watchHighlight } from "./highlight.js";
import { startLayers } from "./layers.js";
import { createMap, hasWebGl } from "./mapview.js";
import { showMark } from "./mark.js";
import { watchMode } from "./mode.js";
import { page, t } from "./page.js";
import { createStore } from "./state.js";
import { createView } from "./view.js";

const said = parse(location.hash);
const store = createStore({ lon: NaN, lat: NaN, zoom: NaN, bearing: 0, near: null, ...said, layers: said.layers ?? startLayers() });
const link = document.getElementById("embed-link");
const note = document.getElementById("map-note");

const loading = hasWebGl()
  ? createMap(document.getElementById("map"), store, { cooperativeGestures: true })
  : Promise.reject(new Error("no WebGL"));
loading.catch(() => {
  note.textContent = t(hasWebGl() ? "map.failed" : "map.no-webgl");
  note.hidden = false;
});
const view = createView(loading);
watchConnection();
watchMode(store);
addControls({ view });
watchHighlight({ store, view });
showMark({ store, view });

const point = () => { link.href = `/?lang=${page.language}#${format(store.get())}`; };
store.listen(point);
point();
