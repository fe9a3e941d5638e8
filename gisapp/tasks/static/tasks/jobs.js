/** Keeps the rows of the jobs fresh while the page is in sight. Without this script the page is as it was loaded. */

const SECONDS = 2;
const rows = document.getElementById("jobs");

/** The rows of this very page as they are now, or null where the server does not answer with rows. */
async function fetched() {
  const response = await fetch(rows.dataset.address, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!response.ok) return null;
  const table = document.createElement("table");
  const body = table.appendChild(document.createElement("tbody"));
  body.innerHTML = await response.text();
  return body;
}

/** Put in what is new or looks different; a row that somebody is in with the keyboard stays until he leaves it. */
function show(fresh) {
  const known = new Map([...rows.querySelectorAll("tr[data-job]")].map((row) => [row.dataset.job, row]));
  const wanted = [...fresh.children].map((row) => {
    const old = known.get(row.dataset.job);
    return old && (old.dataset.stamp === row.dataset.stamp || old.contains(document.activeElement)) ? old : row;
  });
  const same = wanted.length === rows.children.length && wanted.every((row, index) => row === rows.children[index]);
  if (!same) rows.replaceChildren(...wanted);
}

async function refresh() {
  if (!document.hidden) {
    try {
      const fresh = await fetched();
      if (fresh) show(fresh);
    } catch {
      // The server is away; the next look will tell.
    }
  }
  setTimeout(refresh, SECONDS * 1000);
}

setTimeout(refresh, SECONDS * 1000);
