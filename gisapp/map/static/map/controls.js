/** The buttons on the map: near me, zoom, north, full screen; scale and sources. */

import { calm, el, symbol } from "./dom.js";
import { t } from "./page.js";

/**
 * @param {{view: object, near?: () => void}} parts
 */
export function addControls({ view, near }) {
  view.ready.then(({ map, library }) => {
    const move = () => (calm() ? { animate: false } : {});
    const zoom = [
      button("plus", t("map.zoom-in"), () => map.zoomIn(move())),
      button("minus", t("map.zoom-out"), () => map.zoomOut(move())),
    ];
    const compass = button("north", t("map.compass"), () => map.resetNorth(move()));
    const turn = () => {
      compass.hidden = Math.abs(map.getBearing()) < 0.5;
      compass.firstChild.setAttribute("transform", `rotate(${-map.getBearing()})`);
    };
    map.on("rotate", turn);
    turn();
    const groups = [group(compass), group(...zoom)];
    if (near) groups.unshift(group(button("near", t("near.button"), near)));
    if (document.fullscreenEnabled) groups.push(group(fullscreen()));
    map.getContainer().append(el("div", { class: "map-buttons" }, ...groups));
    map.addControl(new library.ScaleControl({ maxWidth: 110 }), "bottom-right");
    map.addControl(new library.AttributionControl({ compact: false }), "bottom-right");
  }).catch(() => {});
}

function group(...buttons) {
  return el("div", { class: "map-group" }, ...buttons);
}

function button(name, label, click) {
  return el("button", { type: "button", class: "map-button", "aria-label": label, title: label, click }, symbol(name));
}

function fullscreen() {
  const made = button("fullscreen", t("map.fullscreen"), () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => {
    const label = t(document.fullscreenElement ? "map.fullscreen-leave" : "map.fullscreen");
    made.setAttribute("aria-label", label);
    made.title = label;
  });
  return made;
}
