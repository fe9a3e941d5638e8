/** The day that the map shows: today, or a day in the past, chosen in the layers' panel. */

import { announce } from "./dom.js";
import { page, t } from "./page.js";
import { lookAt } from "./server.js";

/**
 * Must be called before anything is asked of the server.
 * @param {object} store
 */
export function watchPast(store) {
  const field = document.getElementById("past-day");
  const today = document.getElementById("past-today");
  const note = document.getElementById("past-note");
  const show = () => {
    const { past } = store.get();
    lookAt(past);
    field.value = past;
    today.hidden = !past;
    note.hidden = !past;
    note.firstElementChild.textContent = past ? t("past.shown", { day: written(past) }) : "";
  };
  field.addEventListener("change", () => {
    if (!field.checkValidity()) return;
    store.set({ past: field.value }, { push: true });
    announce(field.value ? t("past.shown", { day: written(field.value) }) : t("past.now"));
  });
  for (const button of [today, note.querySelector("button")]) {
    button.addEventListener("click", () => {
      store.set({ past: "" }, { push: true });
      announce(t("past.now"));
    });
  }
  store.listen((_state, changed) => { if (changed.has("past")) show(); });
  show();
}

function written(day) {
  return new Intl.DateTimeFormat(page.language, { dateStyle: "long" }).format(new Date(`${day}T12:00:00`));
}
