/** The page's data block: texts, layers, addresses. */

const block = document.getElementById("page-data");

/** What the server wrote for this page: language, texts, layers, baseMaps, start, worker, origin, title. */
export const page = JSON.parse(block ? block.textContent : "{}");

/**
 * The text of that key with its values put in.
 * @param {string} key
 * @param {Object<string, string|number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = page.texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * A number as this language writes it.
 * @param {number} value
 * @param {number} [digits] digits after the point at most
 * @returns {string}
 */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(page.language, { maximumFractionDigits: digits }).format(value);
}

/**
 * The layer of that name, as the server described it.
 * @param {string} name
 * @returns {{name: string, title: string, baseMap: boolean, interactive: boolean, switchedOn: boolean, minZoom: number}|undefined}
 */
export function layerNamed(name) {
  return page.layers.find((layer) => layer.name === name);
}
