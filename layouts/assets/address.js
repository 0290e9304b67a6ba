/* Page, person and range live in the address, so that a link shows the same thing to whoever opens it; the unit is the
   viewer's own and goes into a cookie, so that the first paint has it already. A link to another page of ours exchanges
   the page's content; the document, its clock and its scripts stay. */
(function () {
  "use strict";
  const SLOW_MS = 150;
  const AGAIN_MS = 20000;
  const BEATS = 3;
  let hours = "";
  let waiting = 0;
  let named;
  let shown = window.location.pathname;
  let waited = null;

  /* Dash asks for the layout without the page's path and query; the server needs both to paint the right thing at once.
     What theme.js asked for before Dash was there is handed over, once. */
  const plainFetch = window.fetch;
  window.fetch = function (input, init) {
    const name = typeof input === "string" ? input.slice(input.lastIndexOf("/") + 1) : "";
    const early = window.cgm.early && window.cgm.early[name];
    if (early) {
      delete window.cgm.early[name];
      return early.then(seen401);
    }
    if (name !== "_dash-layout") return plainFetch.call(window, input, init).then(seen401);
    const headers = Object.assign({}, (init || {}).headers, { "X-Page": window.location.pathname });
    return plainFetch.call(window, input + window.location.search, Object.assign({}, init, { headers: headers })).then(seen401);
  };

  /* Signed out, or the session is over: nothing new can come to this page, and what it shows is nobody's to see. The
     server says where to go from here: to the sign-in, or nowhere after a shared link. Dash is given no answer then: it
     could only complain. Should the way be shut, the clock says offline. */
  let leaving = false;
  function seen401(answer) {
    if (answer.status !== 401) return answer;
    if (!leaving) window.location.reload();
    leaving = true;
    forget();
    return new Promise(() => null);
  }

  /* What is kept for the offline page (assets/offline.js) told of somebody whom this browser may no longer see. */
  function forget() {
    window.cgm.over = true;
    try {
      window.localStorage.removeItem("cgm-last");
    } catch (_error) {
      /* No storage, and so nothing to forget. */
    }
  }

  const byId = (id) => document.getElementById(id);
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const first = () => (document.querySelector('#person-select option:not([value=""])') || { value: "" }).value;
  const isHours = (range) => /^\d+h$/.test(range || "");

  /* Whether the calendar has the date: 30 February would become 2 March. No year 0: the server's has none. */
  function exists(text) {
    const day = new Date(text + "T00:00:00Z");
    return !text.startsWith("0000") && !isNaN(day) && day.toISOString().slice(0, 10) === text;
  }

  /* What the address asks for, as the controls of this page can show it. */
  function read() {
    const fields = new URLSearchParams(window.location.search);
    const asked = fields.get("range") || "";
    const dates = /^\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$/.test(asked) && asked.split("..").every(exists) ? asked.split("..") : null;
    const box = document.querySelector(".range-box");
    const known = Array.from(document.querySelectorAll("#range-select input")).some((e) => e.value === asked && asked !== "dates");
    return { person: fields.get("person") || first(), dates: dates, range: dates ? "dates" : known ? asked : box ? box.dataset.standard : "" };
  }

  /* The address's query with some of its fields changed; null takes one out. */
  function changed(values) {
    const fields = new URLSearchParams(window.location.search);
    Object.entries(values).forEach(([name, value]) => (value === null ? fields.delete(name) : fields.set(name, value)));
    const text = fields.toString();
    return text ? "?" + text : "";
  }

  /* As Dash's own links do: the address first, then a word to its location component, which reads it whole. */
  function move(address) {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }

  function fault(words) {
    if (byId("dates-error")) set("dates-error", { children: words || "" });
  }

  function ask(values) {
    const search = changed(values);
    if (search !== window.location.search) move(window.location.pathname + search);
    settle();
  }

  /* Whose page is shown, and whom the address names: while the two differ, nothing of either may be seen. The sign comes
     with name and banner, the page by itself. */
  const shownFor = () => ["#page", "#sign > span"].map((css) => (document.querySelector(css) || { dataset: {} }).dataset.person);

  function settle() {
    const asked = read().person;
    const foreign = (whose) => Boolean(whose) && whose !== asked;
    document.documentElement.toggleAttribute("data-elsewhere", Boolean(asked) && shownFor().some(foreign));
  }

  /* The person the address names, where the page must be drawn for them. */
  function who() {
    const asked = read().person;
    const whose = shownFor()[0];
    if (asked === (named === undefined ? whose : named) && asked === whose) return window.dash_clientside.no_update;
    named = asked;
    return asked;
  }

  /* A page that never came, for its request was lost or could not be answered, is loaded anew once the server answers:
     signs of life go on only when the request is over. */
  function look() {
    settle();
    const root = document.documentElement;
    const failed = document.querySelector("#page > .failed") && !document.querySelector("#problem .banner");
    const beat = (byId("heartbeat") || {}).textContent;
    const there = shown === window.location.pathname && !root.hasAttribute("data-elsewhere");
    if (!byId("frame") || (there && !failed)) waited = null;
    else if (!waited) waited = { beat: beat, heard: 0 };
    else if (waited.beat !== beat) waited = { beat: beat, heard: waited.heard + 1 };
    if (waited && waited.heard >= BEATS) window.location.reload();
  }

  /* Back, forward and links: the controls follow the address, and after a change of page so do focus and scroll. */
  function arrived(path) {
    shown = path;
    const asked = read();
    settle();
    if (byId("range-select") && asked.range) set("range-select", { value: asked.range });
    if (byId("person-select") && asked.person) set("person-select", { value: asked.person });
    if (asked.dates && byId("date-from")) {
      set("date-from", { value: asked.dates[0] });
      set("date-to", { value: asked.dates[1] });
    }
    if (document.documentElement.dataset.going === undefined || shown !== window.location.pathname) return;
    window.clearTimeout(waiting);
    delete document.documentElement.dataset.going;
    delete document.documentElement.dataset.slow;
    window.scrollTo(0, 0);
    byId("main").focus({ preventScroll: true });
  }

  /* Go to another page of ours, or to another address of this one. */
  function go(path, search) {
    if (path === window.location.pathname && search === window.location.search) return;
    const samePage = path === window.location.pathname;
    if (!samePage) {
      document.documentElement.dataset.going = path;
      waiting = window.setTimeout(() => (document.documentElement.dataset.slow = ""), SLOW_MS);
    }
    move(path + search);
  }

  /* The query for a page: person, range and day as they are, and above them what the link itself says. A range in hours
     belongs to the live page, which gets it back. */
  function carried(path, said) {
    const asked = new URLSearchParams(window.location.search);
    const range = asked.get("range") || "";
    if (isHours(range)) hours = range;
    const kept = path === "/" ? range || hours : isHours(range) ? "" : range;
    const values = { range: kept || null, day: path === "/days" ? asked.get("day") : null };
    return changed(Object.assign(values, Object.fromEntries(new URLSearchParams(said))));
  }

  const isPage = (address) =>
    address.origin === window.location.origin && !address.hash &&
    Array.from(document.querySelectorAll("#nav a")).some((link) => new URL(link.href).pathname === address.pathname);

  function follow(event) {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const address = new URL(link.href);
    if (!isPage(address) || link.target || link.hasAttribute("download")) return;
    event.preventDefault();
    const more = link.closest("details.more");
    if (more) more.open = false;
    go(address.pathname, carried(address.pathname, address.search));
  }

  window.addEventListener("popstate", () => window.setTimeout(settle));
  window.setInterval(look, 1000);
  window.setInterval(() => document.querySelector(".alone .failed") && window.location.reload(), AGAIN_MS);
  const seen = window.setInterval(function () {
    if (!byId("frame")) return;
    window.clearInterval(seen);
    new MutationObserver(settle).observe(byId("frame"), { subtree: true, attributeFilter: ["data-person"] });
  }, 50);

  document.addEventListener("click", follow);
  document.addEventListener("click", function (event) {
    const from = byId("date-from");
    if (from && event.target.closest("#dates-apply") && from.value && byId("date-to").value) ask({ range: from.value + ".." + byId("date-to").value });
  });
  document.addEventListener("change", function (event) {
    const target = event.target;
    if (!target.closest) return;
    if (target.closest("#range-select") && target.value !== "dates") ask({ range: target.value });
    if (target.closest("#person-select") && target.value) ask({ person: target.value });
    if (target.closest("#unit-select")) document.cookie = "cgm_unit=" + target.value + "; Path=/; Max-Age=31536000; SameSite=Lax";
  });

  /* From the first paint on the address names the person, so that the Back button always leads to somebody. */
  const arrival = window.setInterval(function () {
    const select = byId("person-select");
    if (!select) return;
    window.clearInterval(arrival);
    const asked = new URLSearchParams(window.location.search);
    if (!select.value || asked.get("person")) return;
    window.history.replaceState(null, "", window.location.pathname + changed({ person: select.value }));
  }, 100);

  window.cgm = Object.assign(window.cgm || {}, { address: { arrived: arrived, who: who, fault: fault, go: go, ask: ask } });
})();
