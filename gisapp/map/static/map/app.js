/** The regional map's start: the page works at once, the map joins when it is loaded. */

import { parse } from "./address.js";
import { watchConnection } from "./banner.js";
import { addControls } from "./controls.js";
import { createDetail } from "./detail.js";
import { watchHighlight } from "./highlight.js";
import { followHistory } from "./history.js";
import { startLayers, watchLayers } from "./layers.js";
import { watchList } from "./list.js";
import { createLocate } from "./locate.js";
import { createMap, hasWebGl } from "./mapview.js";
import { watchMark } from "./mark.js";
import { watchMeasuring } from "./measure.js";
import { watchMode } from "./mode.js";
import { t } from "./page.js";
import { createPanels } from "./panels.js";
import { watchPicking } from "./pick.js";
import { watchPrinting } from "./printing.js";
import { watchSearch } from "./search.js";
import { watchSharing } from "./share.js";
import { createStore } from "./state.js";
import { watchPast } from "./then.js";
import { createView } from "./view.js";

const said = parse(location.hash);
const cookieMode = document.documentElement.dataset.mode ?? "";
const store = createStore({
  lon: NaN, lat: NaN, zoom: NaN, bearing: 0, near: null, ...said, layers: said.layers ?? startLayers(), mode: said.mode || cookieMode,
});

watchPast(store);
const note = document.getElementById("map-note");
const loading = hasWebGl() ? createMap(document.getElementById("map"), store) : Promise.reject(new Error("no WebGL"));
loading.catch((problem) => {
  note.textContent = t(hasWebGl() ? "map.failed" : "map.no-webgl");
  note.hidden = false;
  document.body.classList.add("no-map");
  return problem;
});

const view = createView(loading);
const panels = createPanels(store);
const detail = createDetail({ store, view, panels });
const parts = { store, view, panels, detail };

watchConnection();
watchMode(store);
watchLayers(store);
watchList(parts);
watchSearch({ store, view, choose: (hit) => chooseHit(hit) });
watchSharing(parts);
watchMark(parts);
watchMeasuring(parts);
watchPrinting(parts);
watchPicking(parts);
watchHighlight(parts);
addControls({ view, near: createLocate(parts) });
followHistory(store);

if (said.selected) detail.show(said.selected, { zoom: !Number.isFinite(said.zoom), focus: false });
else if (said.panel) panels.open(said.panel, { focus: false });

/** A search's answer: go there and show it. */
function chooseHit(hit) {
  if (!hit.id) {
    store.set({ mark: { lon: hit.lon, lat: hit.lat, text: hit.title } }, { push: true });
    view.goTo(hit.lon, hit.lat, 15);
    return;
  }
  detail.select(hit, { zoom: true });
}
