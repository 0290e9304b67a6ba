/* What a person does with the chart: point, touch, move through it by keys, zoom and undo the zoom. One card for all
   of them. Time is written in the wearer's zone by the offsets the figure carries (layout.meta), whatever zone this
   browser is in; the zoom is told to the server (store "visible"), which sends finer readings and fitting labels. */
(function () {
  "use strict";
  const NEAR_PX = 24;
  const HOUR_S = 3600;
  const LEAST_S = 600;
  const BANDS = ["vlow", "low", "target", "high", "vhigh"];
  const MMOL = 18;

  let words = null;
  let at = null;
  let pushing = 0;
  const fingers = new Map();
  let pinch = null;
  let usualBand = { from: null, list: [] };

  const box = () => document.getElementById("chart");
  const graph = () => {
    const found = document.querySelector("#chart .js-plotly-plot");
    return found && found._fullLayout && found._fullLayout.xaxis && found.layout.meta ? found : null;
  };

  function load() {
    const element = document.getElementById("words");
    if (!words && element) words = JSON.parse(element.dataset.words);
    return Boolean(words);
  }

  /* ----- readings */

  function readings(gd) {
    if (gd.__cgmFrom === gd._fullData) return gd.__cgmReadings;
    const list = [];
    gd._fullData.forEach(function (trace) {
      if (!["glucose", "lo", "hi"].includes(trace.name)) return;
      for (let i = 0; i < trace.x.length; i += 1) {
        if (trace.y[i] === trace.y[i]) list.push({ x: trace.x[i], y: trace.y[i], kind: trace.name });
      }
    });
    list.push(...columns(gd.layout.meta.columns));
    list.sort((a, b) => a.x - b.x);
    gd.__cgmFrom = gd._fullData;
    gd.__cgmReadings = list;
    return list;
  }

  /* Of a long range: what each column of days holds, at its middle. */
  function columns(told) {
    if (!told) return [];
    const numbers = {};
    Object.keys(told).forEach((name) => name === "words" || (numbers[name] = array(told[name])));
    const list = [];
    numbers.start.forEach(function (start, i) {
      const column = { kind: "column", x: (start + numbers.end[i]) / 2 };
      Object.keys(numbers).forEach((name) => (column[name] = numbers[name][i]));
      column.y = column.median;
      if (column.y === column.y) list.push(column);
    });
    return list;
  }

  function array(told) {
    const bytes = Uint8Array.from(window.atob(told.bdata), (letter) => letter.charCodeAt(0));
    return Array.from(told.dtype === "u4" ? new Uint32Array(bytes.buffer) : new Float32Array(bytes.buffer));
  }

  function nearest(list, x) {
    let low = 0;
    let high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle].x < x) low = middle + 1;
      else high = middle;
    }
    return low > 0 && x - list[low - 1].x < list[low].x - x ? low - 1 : low;
  }

  /* ----- words */

  function offsetAt(meta, ts) {
    let offset = meta.offsets[0][1];
    meta.offsets.forEach(function (pair) {
      if (ts >= pair[0]) offset = pair[1];
    });
    return offset;
  }

  function when(meta, ts) {
    const local = localAt(meta, ts);
    const clock = local.toISOString().slice(11, 16);
    if (local.toISOString().slice(0, 10) === localAt(meta, meta.now).toISOString().slice(0, 10)) return words.today + " " + clock;
    return dateOf(meta, ts) + " " + clock;
  }

  function localAt(meta, ts) {
    return new Date((ts + offsetAt(meta, ts)) * 1000);
  }

  function dateOf(meta, ts, withYear) {
    const local = localAt(meta, ts);
    const day = words.day
      .replace("{weekday}", words.weekdays[(local.getUTCDay() + 6) % 7])
      .replace("{day}", local.getUTCDate())
      .replace("{month}", words.months[local.getUTCMonth()]);
    const year = local.getUTCFullYear();
    return !withYear && year === localAt(meta, meta.now).getUTCFullYear() ? day : day + " " + year;
  }

  function span(meta, column) {
    const [a, b] = [column.start, column.end - 1].map((ts) => localAt(meta, ts).getUTCFullYear());
    const first = dateOf(meta, column.start, a !== b);
    const last = dateOf(meta, column.end - 1, a !== b);
    return first === last ? first : first + " \u2013 " + last;
  }

  function amount(meta, mgDl) {
    if (meta.unit === "mg/dL") return String(Math.round(mgDl));
    return (Math.floor((mgDl * 10) / MMOL + 0.5) / 10).toFixed(1).replace(".", words.decimal);
  }

  function bandOf(meta, reading) {
    if (reading.kind === "lo") return 0;
    if (reading.kind === "hi") return 4;
    const t = meta.targets;
    if (reading.y < t[1]) return reading.y < t[0] ? 0 : 1;
    if (reading.y <= t[2]) return 2;
    return reading.y <= t[3] ? 3 : 4;
  }

  function told(meta, reading) {
    const number = amount(meta, reading.y);
    const bound = number + " " + meta.unit;
    if (reading.kind === "lo") return { value: words.lo, unit: "", beside: words.under.replace("{bound}", bound) };
    if (reading.kind === "hi") return { value: words.hi, unit: "", beside: words.over.replace("{bound}", bound) };
    return { value: number, unit: meta.unit, beside: "" };
  }

  /* ----- card */

  function part(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  function hide() {
    at = null;
    const area = box();
    if (area) area.querySelectorAll(".hairline, .hairdot, .reading-card").forEach((e) => (e.hidden = true));
  }

  function show(gd, index, x, aloud) {
    const area = box();
    const list = readings(gd);
    const meta = gd.layout.meta;
    if (!load() || !area) return;
    const reading = index === null ? null : list[index];
    const size = gd._fullLayout._size;
    const axis = gd._fullLayout.xaxis;
    const left = size.l + axis.d2p(reading ? reading.x : x);
    if (left < size.l - 1 || left > size.l + size.w + 1) {
      hide();
      return;
    }
    at = { index: index, x: reading ? reading.x : x };
    const cross = area.querySelector(".hairline");
    cross.hidden = false;
    Object.assign(cross.style, { left: left + "px", top: size.t + "px", height: size.h + "px" });
    const dot = area.querySelector(".hairdot");
    dot.hidden = !reading || !["glucose", "column"].includes(reading.kind);
    if (!dot.hidden) Object.assign(dot.style, { left: left + "px", top: size.t + gd._fullLayout.yaxis.d2p(reading.y) + "px" });
    const card = area.querySelector(".reading-card");
    compose(gd, card, reading, x);
    card.hidden = false;
    place(card, area, left, reading ? size.t + gd._fullLayout.yaxis.d2p(reading.y) : size.t);
    if (aloud) document.getElementById("chart-live").textContent = card.dataset.words;
  }

  function compose(gd, card, reading, x) {
    const meta = gd.layout.meta;
    if (!reading) {
      card.replaceChildren(when(meta, x), part("b", "", words.noData));
      card.dataset.words = when(meta, x) + ", " + words.noData;
      return;
    }
    if (reading.kind === "column") {
      composeColumn(card, meta, reading);
      return;
    }
    const value = told(meta, reading);
    const band = bandOf(meta, reading);
    const bold = part("b", "", value.value);
    if (value.unit) bold.append(" ", part("span", "unit", value.unit));
    const swatch = part("i", "sw b-" + BANDS[band]);
    swatch.style.margin = "0";
    const usual = usualAt(gd, reading.x);
    card.replaceChildren(when(meta, reading.x), bold);
    if (value.beside) card.append(part("div", "", value.beside));
    card.append(part("span", "w", swatch, words.bands[band]));
    if (usual) card.append(part("div", "", usual));
    card.dataset.words = [when(meta, reading.x), (value.value + " " + value.unit).trim(), value.beside, words.bands[band], usual].filter(Boolean).join(", ");
  }

  /* What is usual in the quarter hour of an instant; "" where nothing is. */
  function usualAt(gd, ts) {
    const meta = gd.layout.meta;
    const told = meta.usual;
    if (!told) return "";
    if (usualBand.from !== gd._fullData) usualBand = { from: gd._fullData, list: band(gd._fullData) };
    const here = usualBand.list[nearest(usualBand.list, ts)];
    if (!here || Math.abs(here.x - ts) > told.near) return "";
    return told.words.replace("{low}", amount(meta, here.low)).replace("{high}", amount(meta, here.high)).replace("{unit}", meta.unit);
  }

  /* The inner band by time, from its outlines: each goes along its upper edge, back along the lower, and ends in NaN. */
  function band(traces) {
    const list = [];
    const drawn = traces.find((trace) => trace.name === "usual-inner");
    for (let from = 0; drawn && from < drawn.x.length; ) {
      let end = from;
      while (drawn.y[end] === drawn.y[end]) end += 1;
      for (let i = from; i < (from + end) / 2; i += 1) {
        list.push({ x: drawn.x[i], low: drawn.y[from + end - 1 - i], high: drawn.y[i] });
      }
      from = end + 1;
    }
    return list;
  }

  function composeColumn(card, meta, column) {
    const told = meta.columns.words;
    const low = column.lo ? words.lo : amount(meta, column.lowest);
    const high = column.hi ? words.hi : amount(meta, column.highest);
    const half = told.half.replace("{low}", amount(meta, column.q1)).replace("{high}", amount(meta, column.q3));
    const whole = told.whole.replace("{low}", low).replace("{high}", high);
    const bold = part("b", "", amount(meta, column.median), " ", part("span", "unit", meta.unit));
    const lines = [told.median, half, whole].map((line) => part("div", "", line));
    card.replaceChildren(span(meta, column), bold, ...lines);
    const middle = told.median + " " + amount(meta, column.median) + " " + meta.unit;
    card.dataset.words = [span(meta, column), middle, half, whole].join(", ");
  }

  function place(card, area, left, top) {
    const width = card.offsetWidth;
    const height = card.offsetHeight;
    const right = left + 14 + width < area.clientWidth;
    card.style.left = (right ? left + 14 : Math.max(left - 14 - width, 0)) + "px";
    card.style.top = Math.max(4, Math.min(top - height - 14, area.clientHeight - height - 34)) + "px";
  }

  function pointAt(gd, clientX, aloud) {
    const list = readings(gd);
    const axis = gd._fullLayout.xaxis;
    const px = clientX - gd.getBoundingClientRect().left - gd._fullLayout._size.l;
    if (px < 0 || px > gd._fullLayout._size.w) {
      hide();
      return;
    }
    const x = axis.p2d(px);
    const index = list.length ? nearest(list, x) : null;
    const near = index !== null && isNear(list[index], axis, px);
    if (near) show(gd, index, list[index].x, aloud);
    else if (x <= gd.layout.meta.now) show(gd, null, x, aloud);
    else hide();
  }

  function isNear(reading, axis, px) {
    if (Math.abs(axis.d2p(reading.x) - px) <= (reading.kind === "column" ? 2 : NEAR_PX)) return true;
    return reading.kind === "column" && px >= axis.d2p(reading.start) && px <= axis.d2p(reading.end);
  }

  /* ----- zoom */

  function isWhole(meta, range) {
    const slack = (meta.full[1] - meta.full[0]) * 0.005;
    return range[0] <= meta.full[0] + slack && range[1] >= meta.full[1] - slack;
  }

  function bounded(meta, range) {
    const length = Math.min(Math.max(range[1] - range[0], LEAST_S), meta.full[1] - meta.full[0]);
    let start = (range[0] + range[1] - length) / 2;
    start = Math.min(Math.max(start, meta.full[0]), meta.full[1] - length);
    return [start, start + length];
  }

  function zoomTo(gd, range) {
    const whole = range || gd.layout.meta.full;
    return window.Plotly.relayout(gd, { "xaxis.range": bounded(gd.layout.meta, whole) });
  }

  function zoomed(gd) {
    const button = document.getElementById("zoom-reset");
    if (button) button.hidden = isWhole(gd.layout.meta, gd._fullLayout.xaxis.range);
  }

  function push(gd) {
    window.clearTimeout(pushing);
    pushing = window.setTimeout(function () {
      if (gd !== graph()) return; /* Another page, or another chart, has taken its place. */
      const meta = gd.layout.meta;
      const range = Array.from(gd._fullLayout.xaxis.range, Number);
      const data = isWhole(meta, range) ? null : { key: meta.key, range: range };
      const store = (box() && box().dataset.store) || "visible";
      if (window.dash_clientside && window.dash_clientside.set_props) window.dash_clientside.set_props(store, { data: data });
    }, 120);
  }

  function scale(gd, factor) {
    const range = gd._fullLayout.xaxis.range;
    const centre = at ? at.x : (range[0] + range[1]) / 2;
    zoomTo(gd, [centre - (centre - range[0]) * factor, centre + (range[1] - centre) * factor]);
  }

  /* ----- a value that went old while the page was open */

  function dim(gd) {
    const old = ["stale", "offline"].includes(document.documentElement.dataset.live);
    const dimmed = gd.__cgmDimmed === gd._fullData;
    if (old === dimmed) return;
    const dot = gd._fullData.findIndex((trace) => trace.name === "last");
    const halo = gd._fullData.findIndex((trace) => trace.name === "halo");
    if (dot < 0 || halo < 0) return; /* The server drew none, or drew it hollow already. */
    const hollow = gd.layout.meta.hollow;
    const marker = gd._fullData[dot].marker;
    if (old) gd.__cgmMarker = [marker.color, marker.line.color, marker.size];
    const [fill, line, size] = old ? [hollow.fill, hollow.line, 11] : gd.__cgmMarker;
    gd.__cgmBusy = true;
    window.Plotly.restyle(gd, { "marker.color": fill, "marker.line.color": line, "marker.size": size }, [dot]);
    window.Plotly.restyle(gd, { "marker.opacity": old ? 0 : 1 }, [halo]);
    gd.__cgmDimmed = old ? gd._fullData : null;
    gd.__cgmBusy = false;
  }

  /* ----- wiring */

  function attach() {
    const gd = graph();
    if (!gd || gd.__cgmAttached || !gd.on) return;
    gd.__cgmAttached = true;
    gd.on("plotly_relayout", function (change) {
      if (!Object.keys(change).some((name) => name.startsWith("xaxis."))) return;
      zoomed(gd);
      push(gd);
    });
    gd.on("plotly_afterplot", function () {
      zoomed(gd);
      if (!gd.__cgmBusy) dim(gd);
      if (at) show(gd, at.index === null ? null : nearest(readings(gd), at.x), at.x, false);
    });
    zoomed(gd);
    if (!gd.layout.meta.zoomed && !isWhole(gd.layout.meta, gd._fullLayout.xaxis.range)) push(gd);
  }

  function onPointer(event) {
    const gd = graph();
    const area = box();
    if (!gd || !area || !area.contains(event.target)) {
      if (event.type === "pointerdown" || event.pointerType === "mouse") hide();
      return;
    }
    if (event.pointerType === "mouse") {
      if (event.buttons) hide();
      else pointAt(gd, event.clientX, false);
      return;
    }
    fingers.set(event.pointerId, event.clientX);
    if (event.type === "pointerdown" && fingers.size === 2) startPinch(gd);
    if (pinch) movePinch(gd);
    else if (fingers.size === 1) pointAt(gd, event.clientX, false);
  }

  function startPinch(gd) {
    hide();
    const axis = gd._fullLayout.xaxis;
    const origin = gd.getBoundingClientRect().left + gd._fullLayout._size.l;
    const xs = Array.from(fingers.values()).map((clientX) => clientX - origin);
    pinch = { origin: origin, data: xs.map((px) => axis.p2d(px)), waiting: false };
  }

  /* The instants under the two fingers stay under them. */
  function movePinch(gd) {
    if (pinch.waiting || fingers.size < 2) return;
    const px = Array.from(fingers.values()).slice(0, 2).map((clientX) => clientX - pinch.origin);
    if (Math.abs(px[1] - px[0]) < 20) return;
    const perPx = (pinch.data[1] - pinch.data[0]) / (px[1] - px[0]);
    if (!(perPx > 0)) return;
    const start = pinch.data[0] - px[0] * perPx;
    pinch.waiting = true;
    window.requestAnimationFrame(function () {
      const done = () => pinch && (pinch.waiting = false);
      Promise.resolve(zoomTo(gd, [start, start + perPx * gd._fullLayout._size.w])).then(done, done);
    });
  }

  function onLift(event) {
    if (event.pointerType === "mouse") return;
    fingers.delete(event.pointerId);
    if (fingers.size < 2) pinch = null;
    if (event.type === "pointercancel") hide();
  }

  function onKey(event) {
    const gd = graph();
    if (!gd || event.target !== box() || event.altKey || event.ctrlKey || event.metaKey) return;
    const list = readings(gd).filter((r) => r.x >= gd._fullLayout.xaxis.range[0] && r.x <= gd._fullLayout.xaxis.range[1]);
    const all = readings(gd);
    const here = at ? at.x : null;
    let target = null;
    if (event.key === "Escape") hide();
    else if (event.key === "+" || event.key === "=") scale(gd, 0.5);
    else if (event.key === "-") scale(gd, 2);
    else if (event.key === "0") zoomTo(gd, null);
    else if (list.length && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      target = step(list, here, event.key, event.shiftKey);
    } else return;
    event.preventDefault();
    if (target) show(gd, all.indexOf(target), target.x, true);
  }

  function step(list, here, key, far) {
    if (key === "Home") return list[0];
    if (key === "End" || here === null) return list[list.length - 1];
    const way = key === "ArrowLeft" ? -1 : 1;
    const from = nearest(list, here);
    const many = far && list[from].kind === "column" ? 10 : 1;
    if (!far || many > 1) return list[Math.min(Math.max(from + way * many, 0), list.length - 1)];
    return list[nearest(list, list[from].x + way * HOUR_S)];
  }

  document.addEventListener("pointermove", onPointer, true);
  document.addEventListener("pointerdown", onPointer, true);
  document.addEventListener("pointerup", onLift, true);
  document.addEventListener("pointercancel", onLift, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", function (event) {
    const gd = graph();
    if (gd && event.target.closest("#zoom-reset")) zoomTo(gd, null);
  });
  document.addEventListener("dblclick", function (event) {
    const gd = graph();
    if (gd && box().contains(event.target)) zoomTo(gd, null);
  });
  document.addEventListener("focusout", function (event) {
    if (event.target === box()) hide();
  });
  document.addEventListener("cgm:state", function () {
    const gd = graph();
    if (gd) dim(gd);
  });
  window.setInterval(attach, 300);
})();
