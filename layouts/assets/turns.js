/* While a document is loaded its charts are drawn one after the other, those in sight first, each in a task of its own:
   drawn all at once they would keep the page from answering for as long as all of them take. Once they stand, those of
   the next page are drawn at once: a page between that shows some of them costs more than it gives. */
(function () {
  "use strict";
  const waiting = [];
  const channel = new MessageChannel();
  let busy = false;
  let loaded = false;
  let held;

  const isInSight = (element) => element.getBoundingClientRect().top < window.innerHeight;

  function next() {
    busy = waiting.length > 0;
    loaded = !busy;
    if (busy) channel.port2.postMessage(0); // a task at once; timers in a row are held back by browsers
  }

  channel.port1.onmessage = function () {
    const first = waiting.findIndex((one) => isInSight(one.element));
    const [{ element, draw, done, failed }] = waiting.splice(Math.max(first, 0), 1);
    // Whoever left the page meanwhile has taken the chart's place with them.
    const drawn = element.isConnected ? draw() : Promise.resolve();
    drawn.then(done, failed).finally(next);
  };

  function inTurn(library) {
    return function (element, ...rest) {
      if (loaded || element._fullLayout) return library.react(element, ...rest);
      return new Promise(function (done, failed) {
        waiting.push({ element, draw: () => library.react(element, ...rest), done, failed });
        if (!busy) next();
      });
    };
  }

  Object.defineProperty(window, "Plotly", {
    configurable: true,
    get: () => held,
    set: function (library) {
      held = Object.assign(Object.create(library), { react: inTurn(library) });
    },
  });
})();
