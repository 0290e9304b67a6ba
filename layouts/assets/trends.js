/* The card at the pointer of the charts on Trends, and the year of days. What a card says comes from the server, point
   by point (layout.meta.cards); arrow keys go through the points and read them aloud. */
(function () {
  "use strict";
  const NEAR_PX = 60;
  let at = null; /* { box, index, told } of the card that is shown; told: the cards of its drawing */

  const graphOf = (box) => {
    const found = box.querySelector(".js-plotly-plot");
    return found && found._fullLayout && found._fullLayout.xaxis && found.layout.meta ? found : null;
  };
  const boxOf = (target) => (target.closest ? target.closest('.plotbox[data-cards="chart"]') : null);

  /* The cards come as one text, which is read once for each drawing. */
  function cardsOf(gd) {
    const told = gd.layout.meta.cards;
    if (gd.__cgmCardsFrom !== told) {
      gd.__cgmCardsFrom = told;
      gd.__cgmCards = told ? JSON.parse(told) : [];
    }
    return gd.__cgmCards;
  }

  function part(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  function hide() {
    if (!at) return;
    at.box.querySelectorAll(".hairline, .hairdot, .reading-card").forEach((e) => (e.hidden = true));
    at = null;
  }

  function nearest(gd, px) {
    const axis = gd._fullLayout.xaxis;
    let best = null;
    cardsOf(gd).forEach(function (card, index) {
      const away = Math.abs(axis.d2p(card.x) - px);
      if (best === null || away < best.away) best = { index: index, away: away };
    });
    return best && best.away <= NEAR_PX ? best.index : null;
  }

  function show(box, gd, index, aloud) {
    if (at && at.box !== box) hide();
    at = { box: box, index: index, told: gd.layout.meta.cards };
    const card = cardsOf(gd)[index];
    const size = gd._fullLayout._size;
    const left = size.l + gd._fullLayout.xaxis.d2p(card.x);
    const line = box.querySelector(".hairline");
    Object.assign(line.style, { left: left + "px", top: size.t + "px", height: size.h + "px" });
    line.hidden = false;
    const dot = box.querySelector(".hairdot");
    dot.hidden = card.y === null;
    const top = size.t + (card.y === null ? 0 : gd._fullLayout.yaxis.d2p(card.y));
    if (card.y !== null) Object.assign(dot.style, { left: left + "px", top: top + "px" });
    const shown = box.querySelector(".reading-card");
    const bold = part("b", "", card.value);
    if (card.beside) bold.append(" ", part("span", "unit", card.beside));
    shown.replaceChildren(card.title, bold, ...card.lines.map((words) => part("div", "", words)));
    shown.hidden = false;
    place(shown, box, left, top);
    if (aloud) say([card.title, (card.value + " " + card.beside).trim(), ...card.lines].join(", "));
  }

  function say(words) {
    const live = document.getElementById("trends-live");
    if (live) live.textContent = words;
  }

  /* Beside the line, on whichever side has room; above the point, but never out of the page. */
  function place(card, box, left, top) {
    const width = card.offsetWidth;
    const height = card.offsetHeight;
    const right = left + 14 + width < box.clientWidth;
    card.style.left = (right ? left + 14 : Math.max(left - 14 - width, Math.min(0, box.clientWidth - width))) + "px";
    const lowest = Math.max(4, box.clientHeight - height - 4);
    card.style.top = (box.clientHeight < height + 40 ? -height - 6 : Math.max(4, Math.min(top - height - 14, lowest))) + "px";
  }

  function onPointer(event) {
    const box = boxOf(event.target);
    const gd = box && graphOf(box);
    if (!gd) {
      if (at && (event.type === "pointerdown" || event.pointerType === "mouse")) hide();
      return;
    }
    const px = event.clientX - gd.getBoundingClientRect().left - gd._fullLayout._size.l;
    const index = nearest(gd, px);
    if (index === null) hide();
    else show(box, gd, index, false);
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const box = event.target.matches && event.target.matches('.plotbox[data-cards="chart"]') ? event.target : null;
    if (box) moveOn(box, event);
    else if (event.target.closest && event.target.closest(".year-grid a")) moveDay(event);
  }

  function moveOn(box, event) {
    const gd = graphOf(box);
    const last = gd ? cardsOf(gd).length - 1 : -1;
    if (event.key === "Escape") {
      hide();
      return;
    }
    if (last < 0 || !["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    const here = at && at.box === box ? at.index : null;
    const step = (event.shiftKey ? 4 : 1) * (event.key === "ArrowLeft" ? -1 : 1);
    let index = here === null ? (event.key === "ArrowLeft" ? last : 0) : Math.min(Math.max(here + step, 0), last);
    if (event.key === "Home") index = 0;
    if (event.key === "End") index = last;
    event.preventDefault();
    show(box, gd, index, true);
  }

  /* ----- the year of days: one of its links can be reached by Tab, arrow keys go to the others */

  const STEPS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7, PageUp: -28, PageDown: 28 };

  function moveDay(event) {
    const links = Array.from(event.target.closest(".year-grid").querySelectorAll("a"));
    const here = links.indexOf(event.target.closest("a"));
    let to = here + (STEPS[event.key] || 0);
    if (event.key === "Home") to = 0;
    else if (event.key === "End") to = links.length - 1;
    else if (!(event.key in STEPS)) return;
    event.preventDefault();
    if (!links[to] || to === here) return;
    links[here].tabIndex = -1;
    links[to].tabIndex = 0;
    links[to].focus();
  }

  let tip = null;

  function showDay(link) {
    if (!tip) tip = part("div", "reading-card day-tip");
    const box = link.closest(".year");
    if (tip.parentNode !== box) box.append(tip);
    tip.textContent = link.getAttribute("aria-label");
    tip.hidden = false;
    const outer = box.getBoundingClientRect();
    const cell = link.getBoundingClientRect();
    const left = cell.left - outer.left + cell.width / 2 - tip.offsetWidth / 2;
    tip.style.left = Math.max(0, Math.min(left, outer.width - tip.offsetWidth)) + "px";
    tip.style.top = cell.top - outer.top - tip.offsetHeight - 8 + "px";
  }

  function onDay(event) {
    const link = event.target.closest && event.target.closest(".year-grid a");
    if (link && event.pointerType !== "touch") showDay(link);
    else if (tip) tip.hidden = true;
  }

  document.addEventListener("pointermove", onPointer, true);
  document.addEventListener("pointerdown", onPointer, true);
  document.addEventListener("pointerover", onDay);
  document.addEventListener("pointerdown", onDay, true);
  document.addEventListener("focusin", onDay);
  document.addEventListener("keydown", onKey);
  document.addEventListener("scroll", () => tip && (tip.hidden = true), true);
  document.addEventListener("focusout", function (event) {
    if (at && event.target === at.box) hide();
    if (tip) tip.hidden = true;
  });
  document.addEventListener("pointercancel", hide, true);

  /* A chart drawn anew has other cards: what stands at the pointer would be old. */
  new MutationObserver(function () {
    const gd = at && at.box.isConnected ? graphOf(at.box) : null;
    if (at && (!gd || gd.layout.meta.cards !== at.told)) hide();
    if (tip && !tip.hidden && !document.querySelector(".year-grid a:hover, .year-grid a:focus-visible")) tip.hidden = true;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
