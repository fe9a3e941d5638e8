/** Lets people put a notice away; this browser remembers which, and shows another wording again. */

const NAME = "gisapp_notices";
const MOST = 50;

function dismissed() {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

function remember(key) {
  try {
    localStorage.setItem(NAME, JSON.stringify([...dismissed().filter((one) => one !== key), key].slice(-MOST)));
  } catch {
    // Without storage it is put away until the next page.
  }
}

for (const notice of document.querySelectorAll("[data-notice]")) {
  const key = notice.dataset.notice;
  if (dismissed().includes(key)) notice.hidden = true;
  const button = notice.querySelector(".notice-close");
  button.hidden = false;
  button.addEventListener("click", () => {
    remember(key);
    notice.hidden = true;
  });
}
