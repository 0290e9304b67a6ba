/* The offline page: how old the last reading is, counting on, and the way back as soon as the server answers. */
(function () {
  "use strict";
  const KEY = "cgm-last";
  const COOKIE = /(?:^|; )cgm_lang=(\w+)/;
  const ASK_MS = 15000;
  const LIMIT_MS = 5000;
  const byId = (id) => document.getElementById(id);
  const all = JSON.parse(byId("main").dataset.words);
  const code = language();
  const words = all[code];

  function language() {
    const chosen = (COOKIE.exec(document.cookie) || [])[1];
    if (chosen in all) return chosen;
    return navigator.languages.map((name) => name.slice(0, 2).toLowerCase()).find((name) => name in all) || "en";
  }

  function fill(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  function last() {
    try {
      const kept = JSON.parse(window.localStorage.getItem(KEY));
      const whole = kept && Number.isFinite(kept.measured) && Number.isFinite(kept.ahead) && typeof kept.clock === "string";
      return whole ? kept : null;
    } catch (_error) {
      return null;
    }
  }

  function ago(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes < words.ages.length) return words.ages[minutes];
    const d = Math.floor(minutes / 1440);
    const h = Math.floor(minutes / 60) % 24;
    const m = minutes % 60;
    const span = d ? fill(h ? words.dh : words.d, { d: d, h: h }) : fill(m ? words.hm : words.h, { h: h, m: m });
    return fill(words.ago, { span: span });
  }

  /* A clock that was set back since makes the age a wrong one; none is better. */
  function sentence() {
    const kept = last();
    if (!kept) return words.never;
    const age = Date.now() / 1000 + kept.ahead - kept.measured;
    const pattern = age < -60 ? words.unknown : kept.person ? words.named : words.reading;
    return fill(pattern, { person: kept.person, clock: kept.clock, age: age < -60 ? "" : ago(Math.max(age, 0)) });
  }

  function write(id, text) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }

  function tell() {
    const kept = last();
    write("last", sentence());
    byId("demo").hidden = !(kept && kept.demo);
  }

  async function ask() {
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS) });
      if (answer.ok) window.location.reload();
    } catch (_error) {
      /* Not yet. */
    }
  }

  document.documentElement.lang = code;
  document.title = words.title;
  Object.entries({ heading: "heading", nothing: "nothing", meter: "meter", demo: "demo", again: "again" }).forEach(([id, name]) => write(id, words[name]));
  tell();
  byId("again").addEventListener("click", () => window.location.reload());
  window.setInterval(tell, 1000);
  window.setInterval(ask, ASK_MS);
  window.addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && (tell(), ask()));
})();
