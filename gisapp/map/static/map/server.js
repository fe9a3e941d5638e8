/** Asking the server: with a time limit, abortable, and telling whoever wants to know whether it answers. */

const PATIENCE = 15_000;
// What has a past; the server answers it as it was. (Streets and addresses are found as they are: one looks for the way.)
const DATED = /^\/(map\/(list|detail|filters)\/|tiles\/|api\/search)/;
let past = "";

/**
 * From now on everything that has a past is asked for as of that day.
 * @param {string} day YYYY-MM-DD, or "" for the present
 */
export function lookAt(day) {
  past = day;
}

function dated(address) {
  return past && DATED.test(address) ? `${address}${address.includes("?") ? "&" : "?"}as_of=${past}` : address;
}

const listeners = [];
let reachable = true;

/** The server cannot be reached (rather than: it said no). */
export class Unreachable extends Error {}

/**
 * @param {(reachable: boolean) => void} call told at every change
 */
export function onReachable(call) {
  listeners.push(call);
}

/**
 * Somebody learnt that the server answers, or that it does not.
 * @param {boolean} now
 */
export function report(now) {
  if (now === reachable) return;
  reachable = now;
  for (const call of listeners) call(now);
}

/**
 * fetch with a limit. Throws Unreachable, or an AbortError when `signal` was aborted.
 * @param {string} address
 * @param {{signal?: AbortSignal, headers?: object, quiet?: boolean}} [options]
 * @returns {Promise<Response>}
 */
export async function ask(address, { signal, headers, quiet = false } = {}) {
  const limit = AbortSignal.timeout(PATIENCE);
  const signals = signal ? AbortSignal.any([signal, limit]) : limit;
  let response;
  try {
    response = await fetch(dated(address), { signal: signals, headers, credentials: "same-origin" });
  } catch (problem) {
    if (signal?.aborted) throw problem;
    if (!quiet) report(false);
    throw new Unreachable(address);
  }
  if ([502, 503, 504].includes(response.status)) {
    if (!quiet) report(false);
    throw new Unreachable(address);
  }
  report(true);
  return response;
}

/**
 * The JSON at that address. Throws Unreachable or Error with the status.
 * @param {string} address
 * @param {{signal?: AbortSignal}} [options]
 */
export async function askJson(address, options = {}) {
  const response = await ask(address, { ...options, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${address}`);
  return response.json();
}

/**
 * The server's HTML fragment; its status in the error's `status`.
 * @param {string} address
 * @param {{signal?: AbortSignal}} [options]
 */
export async function askFragment(address, options = {}) {
  const response = await ask(address, options);
  if (!response.ok) throw Object.assign(new Error(address), { status: response.status });
  return response.text();
}
