/** The search box: suggestions while typing, grouped by layer, with the keyboard and for screen readers. */

import { announce, debounced, el, symbol } from "./dom.js";
import { layerNamed, number, t } from "./page.js";
import { askJson } from "./server.js";

const PAUSE = 160;
const SHAPES = { Point: "point", LineString: "line", MultiLineString: "line", MultiPolygon: "area" };
const COORDINATE = /^\s*(-?\d{1,3}[.,]\d+)\s*[;, ]\s*(-?\d{1,3}[.,]\d+)\s*$/;

/**
 * @param {{store: object, view: object, choose: (hit: object) => void}} parts
 */
export function watchSearch({ view, choose }) {
  const input = document.getElementById("search-input");
  const list = document.getElementById("search-results");
  const note = document.getElementById("search-note");
  const clear = document.getElementById("search-clear");
  let hits = [];
  let active = -1;
  let asking = null;

  const close = () => {
    list.hidden = true;
    note.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const say = (text) => {
    close();
    note.textContent = text;
    note.hidden = false;
    announce(text);
  };
  const mark = (index) => {
    const options = list.querySelectorAll('[role="option"]');
    active = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  };
  const take = (hit) => {
    close();
    input.value = hit.title;
    choose(hit);
  };
  const show = (found) => {
    // Shown in groups; the order inside the list is the one the arrow keys follow.
    const groups = grouped(found);
    hits = [...groups.values()].flat();
    let place = 0;
    list.replaceChildren(...[...groups].map(([layer, members]) => {
      const title = layerNamed(layer)?.title ?? t("search.place");
      return el("div", { role: "group", "aria-label": title }, el("div", { class: "group-title", "aria-hidden": "true" }, title),
        ...members.map((hit) => option(hit, place++, take)));
    }));
    note.hidden = true;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    announce(hits.length === 1 ? t("search.one") : t("search.count", { count: hits.length }));
  };
  const search = debounced(async () => {
    const text = input.value.trim();
    asking?.abort();
    if (text.length < 2) return close();
    const here = coordinate(text);
    if (here) return show([here]);
    asking = new AbortController();
    const { signal } = asking;
    try {
      const found = await askJson(address(text, view), { signal });
      if (signal.aborted) return null;
      return found.hits.length ? show(found.hits) : say(t("search.none", { text }));
    } catch {
      return signal.aborted ? null : say(t("search.failed"));
    }
  }, PAUSE);

  input.addEventListener("input", () => {
    clear.hidden = !input.value;
    search();
  });
  input.addEventListener("focus", () => { if (hits.length && input.value && list.hidden && note.hidden) search(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else mark(event.key === "ArrowDown" ? active + 1 : (active < 0 ? 0 : active) - 1);
    }
  });
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!list.hidden && hits.length) take(hits[Math.max(active, 0)]);
    else search();
  });
  clear.addEventListener("click", () => {
    input.value = "";
    clear.hidden = true;
    hits = [];
    close();
    input.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => { if (!target.closest("#search")) close(); });
  input.addEventListener("blur", () => setTimeout(() => { if (!document.activeElement?.closest("#search")) close(); }, 150));
}

function address(text, view) {
  const asked = new URLSearchParams({ q: text, limit: "10" });
  const centre = view.centre();
  if (centre) {
    asked.set("lon", centre.lng.toFixed(4));
    asked.set("lat", centre.lat.toFixed(4));
  }
  return `/api/search?${asked}`;
}

function grouped(found) {
  const groups = new Map();
  for (const hit of found) groups.set(hit.layer, [...(groups.get(hit.layer) ?? []), hit]);
  return groups;
}

function option(hit, place, take) {
  const layer = layerNamed(hit.layer);
  return el("div", { role: "option", id: `hit-${place}`, "aria-selected": "false", class: "hit", mousedown: (event) => event.preventDefault(), click: () => take(hit) },
    symbol(SHAPES[layer?.geometry] ?? "point"),
    el("span", { class: "hit-text" }, el("span", { class: "hit-title" }, hit.title), el("span", { class: "hit-more" }, hit.subtitle ?? "")));
}

/** "54,43 9,75" or "9.75, 54.43": whichever number can be the latitude here. */
function coordinate(text) {
  const match = COORDINATE.exec(text);
  if (!match) return null;
  const [one, other] = [match[1], match[2]].map((part) => Number(part.replace(",", ".")));
  const [lat, lon] = one > other ? [one, other] : [other, one];
  if (Math.abs(lat) > 85) return null;
  return { layer: "", id: "", title: `${number(lat, 6)}° N, ${number(lon, 6)}° O`, subtitle: "", lon, lat, bbox: null };
}
