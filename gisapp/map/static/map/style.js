/** The map's style: the server's own layers, over our base map or the operator's. */

import { page } from "./page.js";
import { askJson } from "./server.js";

/** Our own sources and layers (highlight, measuring) survive a change of style by this prefix. */
export const OWN = "gisapp-";

/**
 * The style as the server draws it from the registry.
 * @param {string} mode "light" or "dark"
 * @returns {Promise<object>}
 */
export function serverStyle(mode) {
  const names = page.layers.map((layer) => layer.name).join(",");
  return askJson(`/tiles/style.json?layers=${names}&mode=${mode}`);
}

/**
 * The style for this choice of layers and base map.
 * @param {object} raw from serverStyle
 * @param {string[]} layers names of the layers that are switched on
 * @param {string} base "own" or the id of a configured base map
 * @returns {Promise<object>}
 */
export async function compose(raw, layers, base) {
  const on = new Set(layers);
  const foreign = page.baseMaps.find((one) => one.id === base);
  const style = { ...raw, sources: { ...raw.sources }, layers: [] };
  for (const one of raw.layers) {
    const name = one.metadata?.["gisapp:layer"];
    const shown = name === undefined || (isBase(name) ? !foreign : on.has(name));
    style.layers.push({ ...one, layout: { ...one.layout, visibility: shown ? "visible" : "none" } });
  }
  if (foreign?.source) addRaster(style, foreign);
  if (foreign?.style) await addStyle(style, foreign.style);
  return style;
}

/**
 * Does this layer belong to the base map?
 * @param {string} name
 */
export function isBase(name) {
  return page.layers.some((layer) => layer.name === name && layer.baseMap);
}

function addRaster(style, foreign) {
  style.sources.foreign = { ...foreign.source, tiles: foreign.source.tiles.map(absolute) };
  style.layers.splice(1, 0, { id: "foreign", type: "raster", source: "foreign" });
}

/** A foreign style below our layers. Its labels are drawn with local fonts, so that ours need none of its glyphs. */
async function addStyle(style, address) {
  const other = await askJson(address);
  for (const [name, source] of Object.entries(other.sources)) style.sources[`foreign-${name}`] = source;
  const below = other.layers.map((one) => ({ ...one, id: `foreign-${one.id}`, ...(one.source && { source: `foreign-${one.source}` }) }));
  style.layers.splice(1, 0, ...below);
  if (other.sprite) style.sprite = other.sprite;
}

function absolute(address) {
  return address.startsWith("/") ? `${location.origin}${address}` : address;
}

/**
 * Keep our own sources and layers when MapLibre changes to the next style.
 * @param {object|undefined} previous
 * @param {object} next
 * @returns {object}
 */
export function keepingOwn(previous, next) {
  if (!previous) return next;
  const sources = Object.entries(previous.sources).filter(([name]) => name.startsWith(OWN));
  const layers = previous.layers.filter((one) => one.id.startsWith(OWN));
  return { ...next, sources: { ...next.sources, ...Object.fromEntries(sources) }, layers: [...next.layers, ...layers] };
}
