/* The page Days: to another day by key, swipe and date; and of the days laid over one another, the one that is pointed
   at or named brought forward. Links and addresses are assets/address.js's, the card on the chart assets/chart.js's. */
(function () {
  "use strict";
  const SWIPE_PX = 60;
  const SWIPE_MS = 600;
  const FLICK_MS = 300; /* On the chart a slow finger reads values. */
  const NEAR_PX = 14;
  const CONTROLS = "input, select, textarea, button, summary, [role=application], [contenteditable]";

  const byId = (id) => document.getElementById(id);
  const card = () => byId("days-card");

  /* ----- to another day */

  function step(way) {
    const link = card() && byId(way === "left" ? "days-previous" : "days-next");
    if (link && link.getAttribute("href")) link.click();
  }

  document.addEventListener("keydown", function (event) {
    if (!card() || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    if (event.target.closest && event.target.closest(CONTROLS)) return;
    event.preventDefault();
    step(event.key === "ArrowLeft" ? "left" : "right");
  });

  let swipe = null;

  document.addEventListener("pointerdown", function (event) {
    const inside = card() && event.pointerType !== "mouse" && card().contains(event.target);
    if (!inside || event.isPrimary === false) swipe = null;
    else swipe = { x: event.clientX, y: event.clientY, at: event.timeStamp, chart: Boolean(event.target.closest("#chart")) };
  });

  document.addEventListener("pointerup", function (event) {
    if (!swipe || event.pointerType === "mouse") return;
    const x = event.clientX - swipe.x;
    const quick = event.timeStamp - swipe.at <= (swipe.chart ? FLICK_MS : SWIPE_MS);
    if (quick && Math.abs(x) >= SWIPE_PX && Math.abs(x) > 2 * Math.abs(event.clientY - swipe.y)) step(x > 0 ? "left" : "right");
    swipe = null;
  });

  document.addEventListener("pointercancel", () => (swipe = null));

  /* A year that is still being typed is a date too: only one that the field allows leads anywhere. */
  document.addEventListener("change", function (event) {
    const field = event.target;
    if (field.id !== "days-date" || !field.value || !field.validity.valid) return;
    window.cgm.address.ask({ day: field.value });
  });

  /* A day chosen far down the page is shown at its top; who used the keyboard is led there too. */
  document.addEventListener("click", function (event) {
    const link = event.target.closest && event.target.closest(".tiles a, #days-table a");
    if (!link || !card() || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const top = card().getBoundingClientRect().top;
    if (top < 0) card().scrollIntoView({ block: "start" });
    byId("days-name").focus({ preventScroll: true });
  });

  /* The tiles of other days stay as they are when one is chosen. */
  function mark(day) {
    document.querySelectorAll(".tiles a").forEach(function (link) {
      if (new URL(link.href).searchParams.get("day") === day) link.setAttribute("aria-current", "date");
      else link.removeAttribute("aria-current");
    });
  }

  /* ----- days laid over one another */

  let pinned = null;

  const graph = () => {
    const found = document.querySelector("#days-over .js-plotly-plot");
    return found && found._fullLayout && found._fullLayout.xaxis ? found : null;
  };
  const names = () => document.querySelectorAll("#days-overlay-names [data-line]");
  const nameOf = (target) => (target.closest ? target.closest("#days-overlay-names [data-line]") : null);

  let wanted = null;

  function raise(name) {
    const gd = graph();
    if (!gd || !window.Plotly) return;
    wanted = name;
    const line = (name && gd._fullData.find((trace) => trace.name === name)) || null;
    names().forEach(function (e) {
      e.classList.toggle("on", Boolean(line) && e.dataset.line === name);
      e.setAttribute("aria-pressed", String(e.dataset.line === pinned));
    });
    const drawn = gd.__cgmDrawn;
    if (drawn === (line && line.x) || (!drawn && !line)) return;
    gd.__cgmDrawn = line && line.x;
    const points = [line ? [Array.from(line.x)] : [[]], line ? [Array.from(line.y)] : [[]]];
    window.Plotly.restyle(gd, { x: points[0], y: points[1] }, [gd._fullData.length - 1]);
  }

  /* A figure that came anew has forgotten what was brought forward. */
  function attach() {
    const gd = graph();
    if (!gd || gd.__cgmAttached || !gd.on) return;
    gd.__cgmAttached = true;
    gd.on("plotly_afterplot", function () {
      const last = gd._fullData[gd._fullData.length - 1];
      if (!last || last.name !== "raised" || Boolean(last.x && last.x.length) === Boolean(gd.__cgmDrawn)) return;
      gd.__cgmDrawn = null;
      raise(wanted);
    });
  }

  function valueAt(trace, minute) {
    for (let i = 1; i < trace.x.length; i += 1) {
      if (trace.x[i - 1] <= minute && minute <= trace.x[i] && trace.x[i] > trace.x[i - 1]) {
        const share = (minute - trace.x[i - 1]) / (trace.x[i] - trace.x[i - 1]);
        return trace.y[i - 1] + share * (trace.y[i] - trace.y[i - 1]);
      }
    }
    return NaN;
  }

  function nearestLine(gd, event) {
    const box = gd.getBoundingClientRect();
    const size = gd._fullLayout._size;
    const minute = gd._fullLayout.xaxis.p2d(event.clientX - box.left - size.l);
    const y = event.clientY - box.top - size.t;
    let best = { name: null, away: NEAR_PX };
    gd._fullData.forEach(function (trace) {
      if (!/^\d{4}-/.test(trace.name)) return;
      const away = Math.abs(gd._fullLayout.yaxis.d2p(valueAt(trace, minute)) - y);
      if (away < best.away) best = { name: trace.name, away: away };
    });
    return best.name;
  }

  document.addEventListener("pointermove", function (event) {
    const gd = graph();
    if (!gd) return;
    const name = nameOf(event.target);
    if (name) raise(name.dataset.line);
    else if (gd.contains(event.target)) raise(nearestLine(gd, event) || pinned);
    else if (!nameOf(document.activeElement)) raise(pinned);
  });

  document.addEventListener("focusin", function (event) {
    const name = nameOf(event.target);
    if (name) raise(name.dataset.line);
  });

  document.addEventListener("focusout", function (event) {
    if (nameOf(event.target)) raise(pinned);
  });

  document.addEventListener("click", function (event) {
    const name = nameOf(event.target);
    if (!name) return;
    pinned = pinned === name.dataset.line ? null : name.dataset.line;
    raise(pinned);
  });

  window.setInterval(attach, 300);
  window.cgm = Object.assign(window.cgm || {}, { days: { mark: mark } });
})();
