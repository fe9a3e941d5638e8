/** The panels beside the map: one at a time, focus goes in and comes back. */

/**
 * @param {object} store
 * @returns {{open: (name: string, options?: object) => void, close: () => void}}
 */
export function createPanels(store) {
  let opener = null;
  let under = null;
  const panels = new Map([...document.querySelectorAll(".panel")].map((panel) => [panel.id.replace("panel-", ""), panel]));

  const show = (name) => {
    for (const [key, panel] of panels) panel.hidden = key !== name;
    for (const button of document.querySelectorAll("[data-panel]")) {
      button.setAttribute("aria-expanded", String(button.dataset.panel === name));
    }
    document.body.classList.toggle("panel-open", Boolean(name));
    document.dispatchEvent(new CustomEvent("panel", { detail: name }));
  };
  const open = (name, { focus = true, from = null } = {}) => {
    if (from) opener = from;
    if (name === "detail" && store.get().panel) under = store.get().panel;
    show(name);
    if (name !== "detail") store.set({ panel: name, ...(store.get().selected && { selected: null }) });
    if (focus) panels.get(name).querySelector("h2")?.focus({ preventScroll: true });
  };
  const close = () => {
    const detail = !panels.get("detail").hidden;
    show(null);
    if (detail && under) {
      const back = under;
      under = null;
      store.set({ selected: null }, { push: true });
      open(back);
      return;
    }
    store.set({ panel: null, selected: null }, { push: detail });
    (opener?.isConnected ? opener : document.querySelector("#map canvas"))?.focus();
    opener = null;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-panel], [data-opens]");
    if (button) {
      event.preventDefault();
      const name = button.dataset.panel ?? button.dataset.opens;
      if (panels.get(name).hidden) open(name, { from: button });
      else if (button.dataset.panel) close();
    } else if (event.target.closest("[data-close]")) close();
  });
  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest?.(".panel, .rail, #map");
    if (event.key === "Escape" && inside && [...panels.values()].some((panel) => !panel.hidden)) close();
  });
  store.listen((state, changed, how) => {
    if (how.from !== "address") return;
    if (changed.has("panel") && !state.selected) show(state.panel);
  });
  return { open, close, show };
}
