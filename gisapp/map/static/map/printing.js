/** The form that opens the printed sheet of what is seen. */

const INCH = 0.0254;
const DOTS = 96;
const CIRCUMFERENCE = 40_075_016.686;

/**
 * The ratio 1 : n at which a screen of 96 dots per inch shows the map there.
 * @param {number} zoom
 * @param {number} lat
 */
export function scaleOf(zoom, lat) {
  return (CIRCUMFERENCE * Math.cos((lat * Math.PI) / 180) / (512 * 2 ** zoom)) * (DOTS / INCH);
}

/**
 * The zoom at which that ratio is true at this latitude.
 * @param {number} scale
 * @param {number} lat
 */
export function zoomOf(scale, lat) {
  return Math.log2((CIRCUMFERENCE * Math.cos((lat * Math.PI) / 180) * DOTS) / (512 * INCH * scale));
}

/**
 * @param {{store: object}} parts
 */
export function watchPrinting({ store }) {
  const form = document.getElementById("print-form");
  const scale = document.getElementById("print-scale");
  document.addEventListener("panel", ({ detail: name }) => {
    const { zoom, lat } = store.get();
    if (name !== "print" || !Number.isFinite(zoom)) return;
    const wanted = scaleOf(zoom, lat);
    const offered = [...scale.options].map((one) => Number(one.value));
    scale.value = String(offered.find((one) => one >= wanted * 0.8) ?? offered.at(-1));
  });
  form.addEventListener("submit", () => {
    const { lon, lat, layers, base, mark, past } = store.get();
    const set = (name, value) => { form.elements.namedItem(name).value = value; };
    set("centre", Number.isFinite(lon) ? `${lon.toFixed(6)},${lat.toFixed(6)}` : "");
    set("layers", layers.join(","));
    set("base", base);
    set("at", past);
    set("mark", mark ? `${mark.lon.toFixed(6)},${mark.lat.toFixed(6)},${mark.text}` : "");
  });
}
