/* Alarms in the browser: which of them is loud now, their sound, and the one that no server can tell because it is gone
   or has not noticed that time passed. clock.js asks once a second and says what it knows; time is the server's.

   Sound needs a click first: browsers let no page be heard without one. It is scheduled ahead on the audio clock, which
   runs on in a hidden page whose timers do not. */
(function () {
  "use strict";
  const AHEAD_S = 70;
  const KEY = "cgm_alarm_sound";
  const ORDER = ["urgent-low", "low", "no-data"];
  /* Tones as [Hz, start, length] in seconds, and how often: told apart without looking. */
  const PATTERNS = {
    "urgent-low": { every: 6, tones: [[988, 0, 0.16], [740, 0.2, 0.16], [988, 0.4, 0.16], [740, 0.6, 0.16], [988, 0.8, 0.3]] },
    low: { every: 12, tones: [[660, 0, 0.35], [494, 0.45, 0.5]] },
    "no-data": { every: 20, tones: [[392, 0, 0.12], [392, 0.24, 0.12], [392, 0.48, 0.12]] },
    test: { every: 0, tones: [[523, 0, 0.2], [659, 0.25, 0.25]] },
  };
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  let context = null;
  let playing = null;
  let quietUntil = 0;
  let clock = 0;
  let lead = null;
  let words = 0;

  /* ----- sound */

  function wanted() {
    try {
      return window.localStorage.getItem(KEY) === "on";
    } catch (error) {
      return Boolean(context);
    }
  }

  function remember(on) {
    try {
      window.localStorage.setItem(KEY, on ? "on" : "off");
    } catch (error) {
      /* A browser that keeps nothing is asked again next time. */
    }
  }

  function audible() {
    return Boolean(context) && context.state === "running";
  }

  function open() {
    const Kind = window.AudioContext || window.webkitAudioContext;
    if (!Kind) return;
    if (!context) {
      context = new Kind();
      context.onstatechange = show;
    }
    if (context.state !== "running") context.resume().then(show, show);
  }

  function tone(into, hertz, start, seconds) {
    const source = context.createOscillator();
    const volume = context.createGain();
    source.type = "triangle";
    source.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.5, start + 0.02);
    volume.gain.setValueAtTime(0.5, start + seconds - 0.03);
    volume.gain.linearRampToValueAtTime(0, start + seconds);
    source.connect(volume).connect(into);
    source.start(start);
    source.stop(start + seconds);
  }

  function sequence(kind) {
    const into = context.createGain();
    into.connect(context.destination);
    return { kind: kind, into: into, next: context.currentTime + 0.05 };
  }

  function extend() {
    const pattern = PATTERNS[playing.kind];
    while (playing.next < context.currentTime + AHEAD_S) {
      pattern.tones.forEach(([hertz, start, seconds]) => tone(playing.into, hertz, playing.next + start, seconds));
      playing.next += pattern.every;
    }
  }

  function hush() {
    if (playing) playing.into.disconnect();
    playing = null;
  }

  function sound() {
    if (playing && (playing.kind !== lead || !wanted())) hush();
    if (!lead || !wanted() || !audible()) return;
    if (playing && playing.next < context.currentTime) hush();
    if (!playing) playing = sequence(lead);
    extend();
  }

  function turn(on) {
    remember(on);
    if (on) {
      open();
      if (context) PATTERNS.test.tones.forEach(([hertz, start, seconds]) => tone(context.destination, hertz, context.currentTime + 0.05 + start, seconds));
    } else if (context) {
      hush();
    }
    show();
  }

  function show() {
    const state = !wanted() ? "off" : audible() ? "on" : "blocked";
    if (root.dataset.sound !== state) root.dataset.sound = state;
    const button = byId("alarm-sound");
    if (!button || button.dataset.sound === state) return;
    button.dataset.sound = state;
    button.setAttribute("aria-pressed", String(state !== "off"));
    button.setAttribute("aria-label", button.dataset[state]);
    button.title = button.dataset[state];
  }

  /* ----- what is loud */

  function bars() {
    return Array.from(document.querySelectorAll("#alarm .alarm-bar"));
  }

  /* What the clock says is lost counts before what the server last said of the same person. */
  function told(lost) {
    return bars().filter((bar) => bar.dataset.here !== "true" || (bar.dataset.kind === "no-data") === lost);
  }

  function loud(bar) {
    const until = bar.dataset.silentUntil;
    const now = String(!(until && clock < Number(until)));
    if (bar.dataset.loud !== now) bar.dataset.loud = now;
    return now === "true";
  }

  function own(lost, low) {
    const area = byId("client-alarm");
    const kept = byId("alarm-reserve");
    if (!area || !kept) return null;
    const there = bars().some((bar) => bar.dataset.here === "true" && bar.dataset.kind === "no-data");
    if (!lost || there) {
      if (area.firstChild) area.replaceChildren();
      return null;
    }
    if (!area.firstChild) {
      const bar = kept.firstElementChild.cloneNode(true);
      bar.setAttribute("role", "alert");
      area.append(bar);
    }
    const bar = area.firstElementChild;
    if (low) bar.dataset.lostLow = "true";
    if (quietUntil > clock) bar.dataset.silentUntil = String(quietUntil);
    else delete bar.dataset.silentUntil;
    return bar;
  }

  /* state: of clock.js. age: of the newest reading, null for none. staleS: its limit. now: the server's time. */
  function judge(known) {
    clock = known.now;
    const sign = document.querySelector("#sign > span");
    const watched = Boolean(sign) && sign.dataset.watched === "true";
    const old = known.age === null || known.age >= known.staleS;
    const lost = watched && (known.state === "stale" || known.state === "none" || (known.state === "offline" && old));
    root.toggleAttribute("data-lost", lost);
    const low = bars().some((bar) => bar.dataset.here === "true" && bar.dataset.kind !== "no-data");
    const mine = own(lost, low);
    const kinds = told(lost).concat(mine ? [mine] : []).filter(loud).map((bar) => bar.dataset.kind);
    lead = ORDER.find((kind) => kinds.includes(kind)) || null;
    if ((root.dataset.alarm || "") !== (lead || "")) root.dataset.alarm = lead || "";
    show();
    sound();
  }

  function title(plain) {
    const kept = byId("alarm-reserve");
    return lead && kept ? `${JSON.parse(kept.dataset.names)[lead]} · ${plain}` : plain;
  }

  function icon(plain) {
    if (!lead) return plain;
    return lead === "no-data" ? "favicon-alarm.svg" : "favicon-low.svg";
  }

  /* ----- what a person does */

  function acknowledge(button) {
    const bar = button.closest(".alarm-bar");
    words += 1;
    const word = { person: bar.dataset.person, seen: bar.dataset.seen, minutes: Number(button.dataset.minutes), n: words };
    window.dash_clientside.set_props("alarm-ack", { data: word });
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "alarm-sound") turn(!wanted() || !audible());
    else if ("soundOn" in button.dataset) turn(true);
    else if (button.dataset.minutes && button.closest(".alarm-bar")) acknowledge(button);
    else if (button.dataset.quiet) quietUntil = clock + 60 * Number(button.dataset.quiet);
    else return;
    sound();
  });

  /* Who chose sound before need not choose again: the first touch of the page lets it be heard. */
  ["pointerdown", "keydown"].forEach((name) => document.addEventListener(name, () => wanted() && !audible() && open(), true));

  /* A tab that holds a lock is not put to sleep. */
  if (navigator.locks) navigator.locks.request("cgm-alarm", { mode: "shared" }, () => new Promise(() => {})).catch(() => {});
  if (wanted()) open();

  window.cgm = Object.assign(window.cgm || {}, { alarm: { judge: judge, title: title, icon: icon } });
})();
