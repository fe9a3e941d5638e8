/** While an import runs: say how far it is, and show its report once it has ended. */

const status = document.getElementById("import-progress");

async function look() {
  const answer = await fetch(status.dataset.state, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const found = await answer.json();
  status.textContent = found.progress;
  if (found.state !== "running") location.reload();
}

if (status) setInterval(() => { look().catch(() => {}); }, 1000);
