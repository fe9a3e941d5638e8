/** What the other modules ask of the map; before it is there, wishes wait. */

import { calm, wide } from "./dom.js";

const BESIDE = 408;

/**
 * @param {Promise<{map: object, library: object}>} loading
 * @returns {object} ready, goTo, fit, box, centre, clicks
 */
export function createView(loading) {
  let map = null;
  let library = null;
  const claims = [];
  const ready = loading.then((made) => {
    ({ map, library } = made);
    return made;
  });
  ready.catch(() => {});
  return {
    ready,
    /** Call with (map, library) once the style stands; never, where there is no map. */
    whenDrawn(call) {
      ready.then((made) => {
        if (made.map.isStyleLoaded()) call(made.map, made.library);
        else made.map.once("load", () => call(made.map, made.library));
      }).catch(() => {});
    },
    goTo(lon, lat, zoom) {
      ready.then(() => map.easeTo({ center: [lon, lat], zoom: Math.max(zoom, map.getZoom()), ...pace(map), offset: offset() })).catch(() => {});
    },
    fit(box, mostZoom = 17) {
      const [west, south, east, north] = box;
      ready.then(() => map.fitBounds([[west, south], [east, north]], { padding: padding(), maxZoom: mostZoom, ...pace(map) })).catch(() => {});
    },
    /** west, south, east, north of what is seen, or null without a map. */
    box() {
      if (!map) return null;
      const seen = map.getBounds();
      return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()];
    },
    centre: () => (map ? map.getCenter().wrap() : null),
    /** Clicks go to whoever claimed them last; returns the release. */
    claimClicks(call) {
      claims.push(call);
      return () => claims.splice(claims.indexOf(call), 1);
    },
    claimed: () => claims.at(-1) ?? null,
    marker: (options) => new library.Marker(options),
  };
}

function pace() {
  return calm() ? { animate: false, duration: 0 } : { duration: 700 };
}

function openPanel() {
  return [...document.querySelectorAll(".panel")].find((panel) => !panel.hidden);
}

/** The part of the map that a panel covers. */
function padding() {
  const panel = openPanel();
  const around = { top: 90, right: 70, bottom: 60, left: 40 };
  if (!panel) return around;
  if (wide()) return { ...around, left: BESIDE + 20 };
  return { ...around, right: 40, bottom: panel.getBoundingClientRect().height + 90 };
}

function offset() {
  const panel = openPanel();
  if (!panel) return [0, 0];
  return wide() ? [BESIDE / 2, 0] : [0, -panel.getBoundingClientRect().height / 2];
}
