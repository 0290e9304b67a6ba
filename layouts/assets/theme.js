/* Light or dark, before the first paint. The choice stays in this browser; two cookies tell the server, so that the
   first chart already comes in the right colours and size. Loaded in the head, without Dash. */
(function () {
  "use strict";
  const KEY = "cgm-look";
  const ORDER = ["auto", "light", "dark"];
  const FOLDING = "details:is(.info, .more)[open]";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 899px)");
  let told = "";

  function chosen() {
    try {
      const kept = window.localStorage.getItem(KEY);
      return ORDER.includes(kept) ? kept : "auto";
    } catch (_error) {
      return root.dataset.look || "auto";
    }
  }

  function viewer() {
    const look = chosen();
    return { theme: look === "dark" || (look === "auto" && dark.matches) ? "dark" : "light", phone: narrow.matches };
  }

  function remember(name, value) {
    document.cookie = name + "=" + value + "; Path=/; Max-Age=31536000; SameSite=Lax";
  }

  function apply() {
    const now = viewer();
    root.dataset.look = chosen();
    root.dataset.bsTheme = now.theme;
    remember("cgm_theme", now.theme);
    remember("cgm_phone", now.phone ? "1" : "0");
    tell(now);
    label();
  }

  /* Ask the server for the chart again where it drew another look or size. */
  function tell(now) {
    const text = JSON.stringify(now);
    const frame = document.getElementById("frame");
    if (!frame || !window.dash_clientside || !window.dash_clientside.set_props) return;
    if (!told) told = JSON.stringify({ theme: frame.dataset.theme, phone: frame.dataset.phone === "true" });
    if (text === told) return;
    told = text;
    window.dash_clientside.set_props("viewer", { data: now });
  }

  function label() {
    const button = document.getElementById("theme-switch");
    if (!button) return;
    const words = button.dataset[root.dataset.look];
    if (!words || button.title === words) return;
    button.title = words;
    button.setAttribute("aria-label", words);
  }

  function next() {
    const look = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
    root.dataset.look = look;
    try {
      window.localStorage.setItem(KEY, look);
    } catch (_error) {
      /* No storage: the choice lasts as long as the page. */
    }
    apply();
  }

  apply();
  dark.addEventListener("change", apply);
  narrow.addEventListener("change", apply);

  document.addEventListener("click", function (event) {
    if (event.target.closest("#theme-switch")) next();
    document.querySelectorAll(FOLDING).forEach(function (open) {
      if (!open.contains(event.target)) open.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll(FOLDING).forEach(function (open) {
      open.open = false;
      open.querySelector("summary").focus();
    });
  });

  /* The page's parts arrive later than this script. */
  const arrival = window.setInterval(function () {
    if (!document.getElementById("theme-switch") || !document.getElementById("frame")) return;
    apply();
    if (told) window.clearInterval(arrival);
  }, 250);

  /* What every document begins with is asked for at once, beside Dash's scripts; address.js hands it to Dash. The look's
     cookies are set above. The page without a server has this script too, and nobody to ask. */
  function ask(address, headers) {
    const asked = window.fetch(address, { headers: headers });
    asked.catch(() => null); /* Dash asks for it in vain as well, and says so. */
    return asked;
  }
  if (!document.currentScript.src.includes("/offline/")) {
    window.cgm = {
      early: {
        "_dash-layout": ask("/_dash-layout" + window.location.search, { "X-Page": window.location.pathname }),
        "_dash-dependencies": ask("/_dash-dependencies", {}),
      },
    };
  }
})();
