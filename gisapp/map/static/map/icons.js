/** Pictures for the map: our SVG files drawn once at the screen's resolution, there before the map asks. */

/**
 * @param {Object<string, string>} addresses image name -> SVG address
 * @param {number} ratio device pixels per CSS pixel
 * @returns {Promise<Map<string, ImageData>>}
 */
export async function drawIcons(addresses, ratio) {
  const drawn = await Promise.all(Object.entries(addresses).map(async ([name, address]) => {
    try {
      return [name, await draw(address, ratio)];
    } catch {
      return null; // the map then shows the label without its icon
    }
  }));
  return new Map(drawn.filter(Boolean));
}

async function draw(address, ratio) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.naturalWidth * ratio);
  canvas.height = Math.round(image.naturalHeight * ratio);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** A single clear pixel, for pictures that are not there: labels stay, nobody is warned. */
export function nothing() {
  return new ImageData(1, 1);
}
