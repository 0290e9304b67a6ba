/* What the offline page needs to be there and to tell: the service worker, where the browser allows one, and when the
   newest reading was measured. Never its value: nothing that could be taken for a current one is kept in the browser.

   The time is kept with the difference between this device's clock and the server's, since the offline page has only
   the device's. It is kept only where there can be an offline page, which is also where a sign-out can clear it; a
   session that ends otherwise has it forgotten (assets/address.js). */
(function () {
  "use strict";
  const KEY = "cgm-last";
  const LATER_MS = 2000;
  const DRIFT_S = 5;
  const byId = (id) => document.getElementById(id);
  const canBeOffline = window.isSecureContext && Boolean(navigator.serviceWorker);
  let heard = "";
  let kept = null;

  function hear() {
    const beat = byId("heartbeat");
    const sign = document.querySelector("#sign > span");
    if (!beat || !sign || !beat.textContent || beat.textContent === heard) return;
    heard = beat.textContent;
    const ahead = parseFloat(heard) - Date.now() / 1000;
    window.cgm = Object.assign(window.cgm || {}, { ahead: ahead });
    if (sign.dataset.measuredAt && canBeOffline && !window.cgm.over) keep(sign, ahead);
  }

  function keep(sign, ahead) {
    const name = byId("topbar-name");
    const now = {
      measured: Number(sign.dataset.measuredAt),
      clock: sign.dataset.clock,
      person: name ? name.textContent : "",
      demo: Boolean(document.querySelector(".demo-badge")),
      ahead: ahead,
    };
    const same = kept && kept.measured === now.measured && kept.person === now.person && Math.abs(kept.ahead - ahead) < DRIFT_S;
    if (same) return;
    kept = now;
    try {
      window.localStorage.setItem(KEY, JSON.stringify(now));
    } catch (_error) {
      /* No storage: the offline page will say that it knows of no reading. */
    }
  }

  /* After the page is there: it goes before. */
  function install() {
    window.setTimeout(function () {
      navigator.serviceWorker.register("/service-worker.js", { scope: "/", updateViaCache: "none" }).catch(() => undefined);
    }, LATER_MS);
  }

  window.setInterval(hear, 1000);
  if (!canBeOffline) return;
  if (document.readyState === "complete") install();
  else window.addEventListener("load", install);
})();
