/** "In meiner Nähe": the person's place on the map, the list sorted by distance. It never leaves the session's requests. */

import { announce, el } from "./dom.js";
import { t } from "./page.js";
import { tell } from "./share.js";

const PATIENCE = { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 };
const REFUSED = 1;

/**
 * @param {{store: object, view: object, panels: object}} parts
 * @returns {() => void} what the button does
 */
export function createLocate({ store, view, panels }) {
  let dot = null;
  const found = ({ coords }) => {
    const near = { lon: coords.longitude, lat: coords.latitude };
    store.set({ near });
    panels.open("list", { focus: false });
    view.goTo(near.lon, near.lat, 15);
    tell(t("near.found"));
    view.whenDrawn((map) => {
      dot?.remove();
      dot = view.marker({ element: el("div", { class: "here", "aria-hidden": "true" }) }).setLngLat([near.lon, near.lat]).addTo(map);
    });
  };
  const failed = ({ code }) => tell(t(code === REFUSED ? "near.refused" : "near.unavailable"));
  return () => {
    if (!navigator.geolocation) return failed({ code: 0 });
    announce(t("near.searching"));
    return navigator.geolocation.getCurrentPosition(found, failed, PATIENCE);
  };
}
