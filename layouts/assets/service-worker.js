/* Answers a page that cannot be had with one that says so, and does nothing else. Nothing about anybody's health is ever
   kept: no layout, no answer of a callback, no document of ours but the offline page and the three files it needs.

   Pages, scripts and answers go to the network as if this were not there: navigations by the browser's own preload, so
   that starting this script costs them no time, everything else by routes that do not start it. A new version takes over
   at once (there is nothing in an open page that the old one could miss) and throws away what the old one kept. */
(function () {
  "use strict";
  const PREFIX = "offline-";
  const CACHE = PREFIX + "[[version]]";
  const FOLDER = "/offline/";
  const FILES = ["", "cgm.css", "page.css", "page.js", "theme.js"].map((name) => FOLDER + name);
  const GATEWAY = [502, 504];
  const PARTS = ["cors", "no-cors", "same-origin"];

  async function keep() {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  }

  /* Without these, of a browser that does not know them, every part of a page passes by here: slower, nothing else. */
  async function goPast(event) {
    if (!event.addRoutes) return;
    const parts = { or: PARTS.map((mode) => ({ requestMode: mode })) };
    try {
      await event.addRoutes([
        { condition: { urlPattern: FOLDER + "*" }, source: { cacheName: CACHE } },
        { condition: parts, source: "network" },
      ]);
    } catch (_unknown) {
      return;
    }
  }

  async function takeOver() {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
    if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  }

  /* A gateway in front of a server that is gone answers in its own words; they say nothing about readings. */
  async function navigate(event) {
    try {
      const answer = (await event.preloadResponse) || (await fetch(event.request));
      return GATEWAY.includes(answer.status) ? offline() : answer;
    } catch (_unreachable) {
      return offline();
    }
  }

  /* Not a page that went well: no history and no cache may hold it. */
  async function offline() {
    const kept = await caches.match(FOLDER, { cacheName: CACHE });
    if (!kept) return Response.error();
    const headers = new Headers(kept.headers);
    ["Content-Encoding", "Content-Length", "ETag"].forEach((name) => headers.delete(name));
    headers.set("Cache-Control", "no-store");
    return new Response(await kept.blob(), { status: 503, statusText: "Offline", headers: headers });
  }

  async function file(request) {
    return (await caches.match(request, { cacheName: CACHE })) || fetch(request);
  }

  self.addEventListener("install", function (event) {
    self.skipWaiting();
    event.waitUntil(Promise.all([keep(), goPast(event)]));
  });
  self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
  self.addEventListener("fetch", function (event) {
    const address = new URL(event.request.url);
    if (event.request.method !== "GET") return;
    if (event.request.mode === "navigate") event.respondWith(navigate(event));
    else if (address.origin === self.location.origin && FILES.includes(address.pathname)) event.respondWith(file(event.request));
  });
})();
