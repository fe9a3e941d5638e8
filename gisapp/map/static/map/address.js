/** The state of the map in the address: everything visible can be linked to. */

const LAYER = /^[a-z][a-z0-9_]{0,39}$/;
const PANELS = new Set(["layers", "list", "measure", "mark", "share", "print", "menu"]);
const KEY = /^(\d{1,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const LONGEST_TEXT = 120;

/**
 * The fragment that says this state.
 * @param {object} state
 * @returns {string} without "#"
 */
export function format(state) {
  const parts = [];
  const add = (name, value) => parts.push(`${name}=${plain(value)}`);
  if (Number.isFinite(state.zoom)) {
    const turned = Math.round(state.bearing ?? 0);
    add("map", `${round(state.zoom, 2)}/${round(state.lat, 5)}/${round(state.lon, 5)}${turned ? `/${turned}` : ""}`);
  }
  if (state.layers) add("layers", state.layers.join(","));
  if (state.base && state.base !== "own") add("base", state.base);
  if (state.mode) add("mode", state.mode);
  if (state.past) add("at", state.past);
  if (state.selected) add("sel", `${state.selected.layer}/${state.selected.id}`);
  if (state.mark) add("mark", `${round(state.mark.lon, 6)},${round(state.mark.lat, 6)},${state.mark.text}`);
  if (state.panel) add("panel", state.panel);
  if (state.list.layer) add("list", state.list.layer);
  if (state.list.text) add("q", state.list.text);
  for (const [name, value] of Object.entries(state.list.filters)) if (value) add(name, value);
  if (!state.list.follow) add("all", "1");
  return parts.join("&");
}

/**
 * What a fragment says; things that are missing or make no sense are left out.
 * @param {string} fragment with or without "#"
 * @returns {object} a part of the state
 */
export function parse(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, "").replaceAll("+", "%2B"));
  const found = { selected: null, mark: null, panel: null, mode: "", base: "own", past: "" };
  Object.assign(found, position(said.get("map") ?? ""));
  if (said.has("layers")) found.layers = said.get("layers").split(",").filter((name) => LAYER.test(name));
  if (/^\w{1,40}$/.test(said.get("base") ?? "")) found.base = said.get("base");
  if (["light", "dark"].includes(said.get("mode"))) found.mode = said.get("mode");
  if (DAY.test(said.get("at") ?? "")) found.past = said.get("at");
  const [layer, id] = (said.get("sel") ?? "").split("/");
  if (LAYER.test(layer) && KEY.test(id ?? "")) found.selected = { layer, id };
  found.mark = mark(said.get("mark") ?? "");
  if (PANELS.has(said.get("panel"))) found.panel = said.get("panel");
  found.list = list(said);
  return found;
}

function position(text) {
  const [zoom, lat, lon, bearing = 0] = text.split("/").map(Number);
  const good = Number.isFinite(zoom + lat + lon + bearing) && text !== "";
  if (!good || Math.abs(lat) > 85 || Math.abs(lon) > 180 || zoom < 0 || zoom > 24) return {};
  return { zoom, lat, lon, bearing };
}

function mark(text) {
  const match = /^(-?[\d.]+),(-?[\d.]+),?([\s\S]*)$/.exec(text);
  if (!match) return null;
  const [lon, lat] = [Number(match[1]), Number(match[2])];
  if (!(Math.abs(lat) <= 85 && Math.abs(lon) <= 180)) return null;
  return { lon, lat, text: match[3].slice(0, LONGEST_TEXT) };
}

function list(said) {
  const filters = {};
  for (const [name, value] of said) {
    if (/^(f|min)\.[a-z][a-z0-9_]{0,39}$/.test(name)) filters[name] = value.slice(0, LONGEST_TEXT);
  }
  const layer = LAYER.test(said.get("list") ?? "") ? said.get("list") : "";
  return { layer, text: (said.get("q") ?? "").slice(0, LONGEST_TEXT), filters, follow: !said.has("all") };
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

function plain(value) {
  return encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",");
}
