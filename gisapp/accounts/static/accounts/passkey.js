/** Passkeys: asks the browser to make or to use one, and sends what it says with the form. */

const options = JSON.parse(document.getElementById("passkey-data")?.textContent ?? "{}");
const able = Boolean(window.PublicKeyCredential && navigator.credentials);

/**
 * @param {string} text base64url
 * @returns {ArrayBuffer}
 */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0)).buffer;
}

/**
 * @param {ArrayBuffer|null|undefined} buffer
 * @returns {string|null} base64url
 */
function text(buffer) {
  if (!buffer) return null;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/**
 * What the server takes: the credential with its buffers as text.
 * @param {PublicKeyCredential} made
 */
function told(made) {
  const response = {};
  for (const name of ["attestationObject", "clientDataJSON", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  if (made.response.getTransports) response.transports = made.response.getTransports();
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response,
    clientExtensionResults: made.getClientExtensionResults(),
  };
}

/** A new passkey; `alone`: one that stands for the password as well. */
async function make(asked, alone) {
  const wanted = { ...asked.authenticatorSelection };
  wanted.residentKey = alone ? "required" : "discouraged";
  wanted.requireResidentKey = alone;
  if (alone) wanted.userVerification = "required";
  return navigator.credentials.create({
    publicKey: {
      ...asked,
      authenticatorSelection: wanted,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: known(asked.excludeCredentials),
    },
  });
}

async function use(asked) {
  return navigator.credentials.get({
    publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: known(asked.allowCredentials) },
  });
}

/** @type {Record<string, (form: HTMLFormElement) => Promise<Credential|null>>} */
const WAYS = {
  add: (form) => make(options.creation_options.publicKey, form.elements.passwordless.checked),
  show: () => use(options.request_options.publicKey),
  login: async (form) => {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return use((await answer.json()).request_options.publicKey);
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const wrong = form.querySelector("[data-wrong]");
  form.hidden = !able && form.dataset.passkey !== "add";
  if (!able && wrong.dataset.without) wrong.textContent = wrong.dataset.without;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    try {
      form.elements.credential.value = JSON.stringify(told(await WAYS[form.dataset.passkey](form)));
      form.submit();
    } catch {
      // The person has cancelled, or there is no passkey for this site: both are told in the same words.
      wrong.textContent = able ? wrong.dataset.wrong : (wrong.dataset.without ?? wrong.dataset.wrong);
    }
  });
}
