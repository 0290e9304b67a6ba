/* The page's own clock. The age of a reading must grow when nothing arrives any more, and nothing that runs on new
   data can notice that. Once a second, and at once when the page is looked at again, this script works out the state
   of the newest reading and writes it where the stylesheet and people see it.

   Time is the server's (its last sign of life, the text of #heartbeat) plus what has passed here since: the larger of
   the steady clock, which may stand still while a computer sleeps, and the wall clock's difference. Whatever the
   wall clock shows in itself does not matter. */
(function () {
  "use strict";
  const OFFLINE_S = 30;
  const GRACE_S = 4;
  const SILENT_S = 7;
  const PATIENT_MS = 10000;
  const LATE_ANSWER_S = 8;
  const WOKEN_S = 5;
  const RANK = { fresh: 0, late: 1, stale: 2 };
  const TITLES = { fresh: "titleCurrent", late: "titleCurrent", stale: "titleStale", offline: "titleOffline", none: "titleNone" };

  const root = document.documentElement;
  let words = null;
  let base = null;
  let seen = "";
  let doubted = false;
  let patient = false;
  let lastTick = performance.now();
  let lastWall = Date.now();
  let wokenAt = -Infinity;
  let tries = 0;
  let state = "";
  let watched = null;

  const byId = (id) => document.getElementById(id);
  /* The drawn value on the live page; elsewhere, and until it is drawn, the sign that every page carries. */
  const heroL = () => document.querySelector("#hero .heroL") || document.querySelector("#sign > span");

  /* ----- time */

  function since(mark) {
    return Math.max(performance.now() - mark.steady, Date.now() - mark.wall, 0) / 1000;
  }

  function hear() {
    const element = byId("heartbeat");
    const text = element ? element.textContent : "";
    if (!text || text === seen) return;
    seen = text;
    /* An answer that lay in a sleeping computer tells an old time: it is no sign of life. Twice in a row, the server's
       clock was set back. */
    const server = parseFloat(text);
    doubted = !doubted && base !== null && base.server + since(base) - server > LATE_ANSWER_S;
    if (doubted) return;
    base = { server: server, steady: performance.now(), wall: Date.now() };
  }

  function notice() {
    const gap = Math.max(performance.now() - lastTick, Date.now() - lastWall) / 1000;
    lastTick = performance.now();
    lastWall = Date.now();
    if (gap > WOKEN_S) {
      wokenAt = performance.now();
      ask();
    }
  }

  /* After a sleep the answer may be moments away: ask at once, and say "offline" only when none comes. A page that is
     merely looked at again has no such grace, and what is offline stays so until the server is heard. */
  function ask() {
    if (base && since(base) >= 8) tryNow();
  }

  /* Each question makes Dash forget the one before. A server slower than the timer is asked less often, or none of its
     answers would ever count. */
  function pace() {
    const beat = byId("heartbeat");
    const silent = Boolean(base) && since(base) > SILENT_S;
    if (!beat || silent === patient || !window.dash_clientside || !window.dash_clientside.set_props) return;
    patient = silent;
    window.dash_clientside.set_props("tick", { interval: silent ? PATIENT_MS : Number(beat.dataset.tickMs) });
  }

  function tryNow() {
    if (!window.dash_clientside || !window.dash_clientside.set_props) return;
    tries += 1;
    window.dash_clientside.set_props("tick", { n_intervals: 1000000 + tries });
  }

  /* ----- words */

  function load() {
    if (words) return true;
    const element = byId("words");
    if (!element) return false;
    words = JSON.parse(element.dataset.words);
    return true;
  }

  function fill(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  function duration(minutes) {
    const d = Math.floor(minutes / 1440);
    const h = Math.floor(minutes / 60) % 24;
    const m = minutes % 60;
    if (d) return fill(h ? words.dh : words.d, { d: d, h: h });
    return fill(m ? words.hm : words.h, { h: h, m: m });
  }

  function ago(seconds) {
    const minutes = Math.floor(Math.max(seconds, 0) / 60);
    return minutes < words.ages.length ? words.ages[minutes] : fill(words.ago, { span: duration(minutes) });
  }

  function span(seconds) {
    const minutes = Math.max(Math.floor(seconds / 60), 1);
    return minutes < words.spans.length ? words.spans[minutes] : duration(minutes);
  }

  /* ----- state */

  function stateOf(measured, age, element, hero) {
    const waits = state !== "offline" && (performance.now() - wokenAt) / 1000 < GRACE_S;
    if (since(base) >= OFFLINE_S && !waits) return "offline";
    if (measured === null) return "none";
    let now = "stale";
    if (age < Number(element.dataset.lateS)) now = "fresh";
    else if (age < Number(element.dataset.staleS)) now = "late";
    const drawn = hero.dataset.rendered;
    return (RANK[drawn] || 0) > RANK[now] ? drawn : now;
  }

  function tick() {
    notice();
    hear();
    pace();
    const hero = heroL();
    const element = byId("current-age") || hero;
    if (!element || !base || !load()) return;
    const measured = element.dataset.measuredAt ? Number(element.dataset.measuredAt) : null;
    const age = measured === null ? null : base.server + since(base) - measured;
    const now = stateOf(measured, age, element, hero);
    if (element !== hero) write(element, age === null ? words.noneYet : ago(age));
    mark(element, "state", now);
    mark(hero, "state", now);
    mark(root, "live", now);
    const low = ["low", "vlow"].includes(hero.dataset.band) && (now === "fresh" || now === "late");
    root.toggleAttribute("data-live-low", low);
    live(now, age, low, warms(hero));
    if (alarm()) alarm().judge({ state: now, age: age, staleS: Number(element.dataset.staleS), now: base.server + since(base) });
    head(now, hero, low);
    banners(now, age, hero);
    if (now !== state) {
      state = now;
      document.dispatchEvent(new CustomEvent("cgm:state", { detail: now }));
    }
  }

  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function mark(element, name, value) {
    if (element.dataset[name] !== value) element.dataset[name] = value;
  }

  /* A sensor that warms up has no value yet; that is no silence. */
  const warms = (hero) => hero.dataset.warm === "true";

  function live(now, age, low, warm) {
    const demo = Boolean(document.querySelector(".demo-badge"));
    const word = { fresh: demo ? words.liveDemo : words.live, late: words.late, stale: warm ? words.warming : words.stale, none: warm ? words.warming : words.none, offline: words.offline }[now];
    const beside = now === "offline" ? words.serverSilent : age === null || (warm && now === "stale") ? "" : ago(age);
    const short = { [words.liveDemo]: words.live }[word] || word;
    document.querySelectorAll("[data-live-word]").forEach((e) => write(e, low ? words.lowNow : e.closest(".topbar") ? short : word));
    document.querySelectorAll("[data-live-age]").forEach((e) => write(e, beside));
  }

  const alarm = () => window.cgm && window.cgm.alarm;

  /* The tab shows a value only while it is current, and an alarm before it. */
  function head(now, hero, low) {
    const plain = hero.dataset[TITLES[now]];
    const title = plain && alarm() ? alarm().title(plain) : plain;
    if (title && document.title !== title) document.title = title;
    const icon = byId("favicon");
    if (!icon) return;
    /* Who was shared a report alone is told of no reading: there is none that could be old. */
    const well = now === "fresh" || now === "late" || (now === "none" && hero.dataset.told === "false");
    const usual = low ? "favicon-low.svg" : well ? "favicon.svg" : "favicon-old.svg";
    const name = alarm() ? alarm().icon(usual) : usual;
    const address = icon.getAttribute("href").replace(/favicon[\w-]*\.svg/, name);
    if (icon.getAttribute("href") !== address) icon.setAttribute("href", address);
  }

  /* ----- banners that no server can send: it is gone, or has not noticed that time passed */

  function banners(now, age, hero) {
    const area = byId("client-banner");
    if (!area) return;
    document.querySelectorAll("[data-stale-span]").forEach((e) => write(e, fill(words.noReading, { span: span(age || 0) })));
    const sent = document.querySelector("#banner #stale-banner");
    let wanted = "";
    if (now === "offline") wanted = "offline";
    else if (now === "stale" && !sent && !warms(hero)) wanted = "stale";
    if ((area.dataset.shown || "") !== wanted) show(area, wanted, age);
    if (wanted === "offline") write(area.querySelector("[data-rest]"), offlineRest(age, hero));
  }

  function offlineRest(age, hero) {
    const silent = since(base);
    const contact = silent < 60 ? words.momentAgo : ago(silent);
    const clock = hero.dataset.clock;
    return " " + (age === null || !clock ? fill(words.offlineEmpty, { contact: contact }) : fill(words.offlineRest, { contact: contact, reading: clock }));
  }

  function part(tag, attributes, ...content) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...content);
    return element;
  }

  function show(area, wanted, age) {
    area.dataset.shown = wanted;
    area.replaceChildren();
    if (!wanted) return;
    const offline = wanted === "offline";
    const title = offline ? part("b", {}, words.offlineTitle) : part("b", { "data-stale-span": "", "aria-live": "off" }, fill(words.noReading, { span: span(age) }));
    const rest = offline ? part("span", { "data-rest": "", "aria-live": "off" }) : " " + (byId("hero") ? words.staleRest : words.staleRestElsewhere);
    const banner = part("div", { class: "banner " + wanted, role: "alert" });
    if (!offline) banner.id = "stale-banner";
    const icon = part("span", { class: "i " + (offline ? "i-off" : "i-warn"), "aria-hidden": "true" });
    banner.append(icon, part("div", { class: "grow" }, part("p", {}, title, rest)));
    if (offline) {
      const button = part("button", { type: "button", class: "btn" }, words.tryNow);
      button.addEventListener("click", tryNow);
      banner.append(button);
    }
    area.append(banner);
  }

  /* ----- what starts it */

  /* React renews the areas of an answer together; the state must fit them before they are painted. The page's content
     comes and goes with the address, so what is watched is all that holds it. */
  function watch() {
    const page = byId("frame") || byId("main");
    if (!page || page === watched) return;
    watched = page;
    const observer = new MutationObserver((changes) => changes.some(concerns) && tick());
    observer.observe(page, { childList: true, subtree: true, characterData: true, attributeFilter: ["data-measured-at", "data-rendered", "data-band"] });
    tick();
  }

  const WATCHED = "#hero, #alarm, #banner, #heartbeat, #sign";

  /* A chart that is drawn comes as a thousand changes: those within pictures are told at a glance. */
  function concerns(change) {
    const element = change.target.nodeType === 1 ? change.target : change.target.parentElement;
    if (!element || element instanceof SVGElement) return false;
    return element.id === "page" || Boolean(element.closest(WATCHED));
  }

  function look() {
    if (document.visibilityState !== "visible") return;
    tick();
    ask();
  }

  window.setInterval(function () {
    watch();
    tick();
  }, 1000);
  const arrival = window.setInterval(function () {
    watch();
    if (watched) window.clearInterval(arrival);
  }, 50);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", look);
  window.addEventListener("focus", look);
  window.addEventListener("online", look);
})();
