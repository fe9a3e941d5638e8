/** Lengths and areas on the WGS 84 ellipsoid. Places are [lon, lat] in degrees. */

const A = 6_378_137;
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const E = Math.sqrt(E2);
const rad = (degrees) => (degrees * Math.PI) / 180;

/**
 * Length of the geodesic in metres, by Vincenty's inverse formula (T. Vincenty, Survey Review 1975); for nearly
 * antipodal points, where it does not converge, the great circle.
 * @param {number[]} from
 * @param {number[]} to
 * @returns {number}
 */
export function distance(from, to) {
  const L = rad(to[0] - from[0]);
  const [u1, u2] = [from, to].map(([, lat]) => Math.atan((1 - F) * Math.tan(rad(lat))));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = L;
  for (let round = 0; round < 100; round += 1) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
    const sinS = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
    if (sinS === 0) return 0;
    const cosS = s1 * s2 + c1 * c2 * cl;
    const sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * sl) / sinS;
    const cos2A = 1 - sinA * sinA;
    const cos2M = cos2A === 0 ? 0 : cosS - (2 * s1 * s2) / cos2A;
    const C = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A));
    const before = lambda;
    lambda = L + (1 - C) * F * sinA * (sigma + C * sinS * (cos2M + C * cosS * (2 * cos2M * cos2M - 1)));
    if (Math.abs(lambda - before) < 1e-12) return arc(cos2A, sinS, cosS, cos2M, sigma);
  }
  return greatCircle(from, to);
}

function arc(cos2A, sinS, cosS, cos2M, sigma) {
  const k = (cos2A * (A * A - B * B)) / (B * B);
  const a = 1 + (k / 16384) * (4096 + k * (-768 + k * (320 - 175 * k)));
  const b = (k / 1024) * (256 + k * (-128 + k * (74 - 47 * k)));
  const correction = b * sinS * (cos2M + (b / 4) * (cosS * (2 * cos2M * cos2M - 1) - (b / 6) * cos2M * (4 * sinS * sinS - 3) * (4 * cos2M * cos2M - 3)));
  return B * a * (sigma - correction);
}

function greatCircle(from, to) {
  const [one, other] = [rad(from[1]), rad(to[1])];
  const h = Math.sin((other - one) / 2) ** 2 + Math.cos(one) * Math.cos(other) * Math.sin(rad(to[0] - from[0]) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}

/**
 * Length of the line through these places in metres.
 * @param {number[][]} places
 * @returns {number}
 */
export function length(places) {
  return places.slice(1).reduce((sum, place, at) => sum + distance(places[at], place), 0);
}

/** sin of the latitude on the sphere of equal area (J. P. Snyder, Map Projections, 3-11). */
function authalic(lat) {
  const q = (s) => (1 - E2) * (s / (1 - E2 * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
  return q(Math.sin(rad(lat))) / q(1);
}

/** Radius of that sphere squared, times which an area on the unit sphere is square metres. */
const R2 = (A * A * ((1 - E2) * (1 / (1 - E2) - Math.log((1 - E) / (1 + E)) / (2 * E)))) / 2;

/**
 * Area of the ring through these places in square metres: equal-area cylinder over the authalic sphere, edges taken
 * as straight there (for edges of a few kilometres the difference is far below a thousandth).
 * @param {number[][]} ring not closed
 * @returns {number}
 */
export function area(ring) {
  if (ring.length < 3) return 0;
  const [east, north] = [ring.map(([lon]) => rad(lon - ring[0][0])), ring.map(([, lat]) => authalic(lat))];
  let sum = 0;
  for (let at = 0; at < ring.length; at += 1) {
    const next = (at + 1) % ring.length;
    sum += (east[at] - east[next]) * (north[at] + north[next]);
  }
  return (Math.abs(sum) / 2) * R2;
}
