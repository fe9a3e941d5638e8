/** Says when the server cannot be reached, asks again with growing pauses, and goes away. */

import { announce } from "./dom.js";
import { t } from "./page.js";
import { ask, onReachable } from "./server.js";

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/** Start to watch. */
export function watchConnection() {
  const banner = document.getElementById("banner");
  const text = document.getElementById("banner-text");
  let timer = 0;
  let pause = FIRST_PAUSE;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      try {
        await ask("/map/ping", { quiet: true });
      } catch {
        again();
      }
    }, pause);
  };
  onReachable((reachable) => {
    if (reachable) {
      clearTimeout(timer);
      banner.hidden = true;
      announce(t("connection.back"));
    } else {
      pause = FIRST_PAUSE;
      banner.hidden = false;
      text.textContent = t("connection.lost");
      again();
    }
  });
  addEventListener("online", () => { pause = FIRST_PAUSE; ask("/map/ping", { quiet: true }).catch(() => {}); });
}
