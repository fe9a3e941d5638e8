/** The details of the selected feature, rendered by the server. */

import { announce, el, place, symbol } from "./dom.js";
import { permalink } from "./history.js";
import { layerNamed, page, t } from "./page.js";
import { askFragment } from "./server.js";
import { share } from "./share.js";

/**
 * @param {{store: object, view: object, panels: object}} parts
 * @returns {{select: Function, choose: Function}}
 */
export function createDetail({ store, view, panels }) {
  const content = document.getElementById("detail-content");
  let asking = null;

  /** Select a feature; `also` are others at the same place, `zoom` moves the map there. */
  const select = (chosen, { also = [], zoom = false, focus = true } = {}) => {
    store.set({ selected: { layer: chosen.layer, id: String(chosen.id) } }, { push: true, also, zoom, focus });
  };
  const show = async ({ layer, id }, { also = [], zoom = false, focus = true } = {}) => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const fragment = await askFragment(`/map/detail/${layer}/${id}?fragment=1`, { signal });
      if (signal.aborted) return;
      place(content, fragment);
    } catch (problem) {
      if (signal.aborted) return;
      content.replaceChildren(head(layerNamed(layer)?.title ?? "", t(problem.status === 404 ? "detail.gone" : "detail.failed")));
    }
    if (also.length) content.querySelector(".panel-body")?.append(...others(also, select));
    panels.open("detail", { focus });
    const body = content.querySelector("[data-feature]");
    if (!body) return;
    announce(t("detail.selected", { title: body.dataset.title }));
    if (zoom) zoomTo(view, body.dataset, layer);
  };

  content.addEventListener("click", ({ target }) => {
    const action = target.closest("[data-action]")?.dataset.action;
    const body = content.querySelector("[data-feature]");
    if (action === "zoom") zoomTo(view, body.dataset, store.get().selected.layer);
    if (action === "share") share(permalink(store.get(), page.language), body.dataset.title);
  });
  store.listen((state, changed, how) => {
    if (!changed.has("selected") && !(changed.has("past") && state.selected)) return;
    // An answer that comes after the selection is gone must not open the panel again.
    asking?.abort();
    if (state.selected) show(state.selected, how);
    else if (how.from === "address") panels.show(state.panel);
  });

  /** Several features under one click: choose one. */
  const choose = (features) => {
    content.replaceChildren(
      head("", t("detail.choose", { count: features.length })),
      el("div", { class: "panel-body" }, choices(features, (one) => select(one, { also: features.filter((other) => other !== one) }))),
    );
    panels.open("detail");
  };
  return { select, choose, show };
}

function head(over, title) {
  return el("div", { class: "panel-head" },
    el("div", {}, el("p", { class: "overline" }, over), el("h2", { id: "title-detail", tabindex: "-1" }, title)),
    el("button", { type: "button", class: "icon-button", "data-close": true, "aria-label": "×" }, symbol("close")));
}

function others(features, select) {
  return [el("h3", {}, t("detail.choose", { count: features.length })), choices(features, (one) => select(one, { also: features.filter((other) => other !== one) }))];
}

function choices(features, take) {
  return el("ul", { class: "items" }, ...features.map((one) => el("li", {},
    el("button", { type: "button", class: "item-button", click: () => take(one) },
      el("span", { class: "item-title" }, one.title), el("span", { class: "item-more" }, layerNamed(one.layer)?.title ?? "")))));
}

function zoomTo(view, { lon, lat, box }, layer) {
  const [west, south, east, north] = box.split(",").map(Number);
  if (east - west > 1e-5 || north - south > 1e-5) view.fit([west, south, east, north]);
  else view.goTo(Number(lon), Number(lat), Math.max(16, layerNamed(layer)?.minZoom ?? 0));
}
