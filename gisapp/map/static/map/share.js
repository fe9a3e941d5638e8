/** Links and embedding code for what is seen. */

import { announce } from "./dom.js";
import { permalink } from "./history.js";
import { page, t } from "./page.js";

/**
 * Hand a link on: the device's own sharing where there is one, the clipboard otherwise.
 * @param {string} link
 * @param {string} title
 */
export async function share(link, title) {
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    try {
      await navigator.share({ url: link, title });
    } catch {
      // The person changed their mind.
    }
  } else await copy(link);
}

/**
 * Copy, and say so.
 * @param {string} text
 * @param {HTMLInputElement|HTMLTextAreaElement} [field] selected when copying is not allowed
 */
export async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    tell(t("share.copied"));
  } catch {
    field?.select();
    tell(t("share.copy-failed"));
  }
}

/** A short note that goes away by itself, read aloud as well. */
export function tell(text) {
  announce(text);
  const note = document.getElementById("map-note");
  if (!note) return;
  note.textContent = text;
  note.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { note.hidden = true; }, 6_000);
}

/**
 * @param {{store: object}} parts
 */
export function watchSharing({ store }) {
  const panel = document.getElementById("panel-share");
  const [link, code] = [document.getElementById("share-link"), document.getElementById("embed-code")];
  const [width, height] = [document.getElementById("embed-width"), document.getElementById("embed-height")];
  const native = document.getElementById("share-native");
  const write = () => {
    if (panel.hidden) return;
    const state = { ...store.get(), panel: null };
    link.value = permalink(state, page.language);
    code.value = frame(permalink(state, page.language, "/embed/"), width.value, height.value);
  };
  native.hidden = !navigator.share;
  native.addEventListener("click", () => share(link.value, page.title));
  document.getElementById("share-copy").addEventListener("click", () => copy(link.value, link));
  document.getElementById("embed-copy").addEventListener("click", () => copy(code.value, code));
  for (const one of [width, height]) one.addEventListener("input", write);
  document.addEventListener("panel", write);
  store.listen(write);
}

function frame(address, width, height) {
  const made = document.createElement("iframe");
  made.setAttribute("src", address);
  made.setAttribute("width", String(Math.min(Math.max(Number(width) || 800, 200), 4000)));
  made.setAttribute("height", String(Math.min(Math.max(Number(height) || 500, 200), 4000)));
  made.setAttribute("title", page.title);
  made.setAttribute("loading", "lazy");
  made.setAttribute("allowfullscreen", "");
  return made.outerHTML;
}
