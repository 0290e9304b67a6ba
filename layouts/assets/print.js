/* Paper is white whatever the look on the screen. The stylesheet sees to the page; charts come from the server in the
   colours and the size of the screen, and are taken along here: each colour of the dark look becomes its light twin,
   and each picture is as wide as the paper. Afterwards everything is as it was. Also writes what only paper needs:
   where this was printed from, and when, by the wearer's clock. */
(function () {
  "use strict";
  const root = document.documentElement;
  let undo = null;

  /* The colours of a look, as the stylesheet declares them: name to #RRGGBB. */
  function tokens(look) {
    const found = {};
    function visit(rules) {
      Array.from(rules).forEach(function (rule) {
        if (rule.media && rule.cssRules) visit(rule.cssRules);
        if (!rule.selectorText || !rule.selectorText.includes('[data-bs-theme="' + look + '"]')) return;
        Array.from(rule.style).forEach(function (name) {
          const value = rule.style.getPropertyValue(name).trim();
          if (name.startsWith("--") && /^#[0-9a-f]{6}$/i.test(value)) found[name] = value;
        });
      });
    }
    Array.from(document.styleSheets).forEach((sheet) => visit(sheet.cssRules));
    return found;
  }

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(", ");

  function twins() {
    const dark = tokens("dark");
    const light = tokens("light");
    const found = {};
    Object.keys(dark).forEach(function (name) {
      if (light[name] && !(rgb(dark[name]) in found)) found[rgb(dark[name])] = rgb(light[name]);
    });
    return found;
  }

  function recolour() {
    const twin = twins();
    document.querySelectorAll(".js-plotly-plot svg *").forEach(function (element) {
      ["fill", "stroke"].forEach(function (name) {
        const old = element.style[name];
        if (!old && !element.hasAttribute(name)) return;
        const parts = /^rgba?\((\d+, \d+, \d+)(, [\d.]+)?\)$/.exec(getComputedStyle(element)[name]);
        if (!parts || !(parts[1] in twin)) return;
        element.style[name] = "rgba(" + twin[parts[1]] + (parts[2] || ", 1") + ")";
        undo.push(() => (element.style[name] = old));
      });
    });
  }

  function fit() {
    document.querySelectorAll(".js-plotly-plot .svg-container").forEach(function (box) {
      const size = [box.offsetWidth, box.offsetHeight];
      if (!size[0] || !size[1]) return;
      box.style.setProperty("--shape", size.join("/"));
      undo.push(() => box.style.removeProperty("--shape"));
      box.querySelectorAll(":scope > .main-svg").forEach(function (picture) {
        picture.setAttribute("viewBox", "0 0 " + size.join(" "));
        undo.push(() => picture.removeAttribute("viewBox"));
      });
    });
  }

  function imprint() {
    const place = document.querySelector(".printed");
    const told = document.getElementById("words");
    if (!place || !told) return;
    const words = JSON.parse(told.dataset.words);
    const sign = document.querySelector("#sign > span");
    const zone = sign ? sign.dataset.zone : "UTC";
    const now = Date.now() + 1000 * ((window.cgm && window.cgm.ahead) || 0);
    const how = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: zone };
    const when = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : root.lang, how).format(now);
    const text = words.printed.replace("{address}", window.location.href).replace("{when}", when);
    const demo = document.querySelector(".demo-badge");
    place.textContent = demo ? demo.textContent + " · " + text : text;
  }

  function begin() {
    if (undo) return;
    undo = [];
    imprint();
    fit();
    if (root.dataset.bsTheme !== "dark") return;
    recolour();
    root.dataset.bsTheme = "light";
    undo.push(() => (root.dataset.bsTheme = "dark"));
  }

  function end() {
    if (!undo) return;
    undo.forEach((back) => back());
    undo = null;
  }

  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", end);
})();
