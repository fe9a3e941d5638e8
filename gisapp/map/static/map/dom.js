/** Building and speaking: elements without markup strings, announcements for screen readers. */

/**
 * An element with attributes and children; text is always text, never markup.
 * @param {string} name
 * @param {Object<string, string|boolean|Function>} [attributes] a function is an event listener ("click")
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * One of the drawn symbols, from the same file as the page's own.
 * @param {string} name
 * @returns {SVGElement}
 */
export function symbol(name) {
  const known = document.querySelector("svg.symbol use");
  const file = known ? known.getAttribute("href").split("#")[0] : "";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "symbol");
  svg.setAttribute("width", "24");
  svg.setAttribute("height", "24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${file}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Say it to screen readers.
 * @param {string} text
 */
export function announce(text) {
  const live = document.getElementById("live");
  if (!live) return;
  live.textContent = "";
  // An emptied region that is filled in the same turn is not read again.
  setTimeout(() => { live.textContent = text; }, 60);
}

/**
 * Put the server's own, escaped HTML into an element.
 * @param {Element} target
 * @param {string} html
 */
export function place(target, html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  target.replaceChildren(...[...parsed.body.childNodes].map((node) => document.importNode(node, true)));
}

/**
 * Call after things have been quiet for so long.
 * @param {Function} call
 * @param {number} milliseconds
 * @returns {Function}
 */
export function debounced(call, milliseconds) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), milliseconds);
  };
}

/** Does the person prefer little motion? */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Is there room for a panel beside the map? */
export function wide() {
  return matchMedia("(min-width: 700px)").matches;
}
