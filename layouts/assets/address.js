/* Person and range live in the address, so that a link shows the same thing to whoever opens it; the unit is the
   viewer's own and goes into a cookie, so that the first paint has it already. */
(function () {
  "use strict";
  const NONE = () => window.dash_clientside.no_update;

  /* Dash asks for the layout without the page's query; the server needs it to paint the right person at once. */
  const plainFetch = window.fetch;
  window.fetch = function (input, init) {
    const layout = typeof input === "string" && input.endsWith("_dash-layout");
    return plainFetch.call(window, layout ? input + window.location.search : input, init);
  };

  const first = () => (document.querySelector('#person-select option:not([value=""])') || { value: "" }).value;

  /* Whether the calendar has the date: 30 February would become 2 March. No year 0: the server's has none. */
  function exists(text) {
    const day = new Date(text + "T00:00:00Z");
    return !text.startsWith("0000") && !isNaN(day) && day.toISOString().slice(0, 10) === text;
  }

  function read(search) {
    const fields = new URLSearchParams(search || "");
    const asked = fields.get("range") || "";
    const dates = /^\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$/.test(asked) && asked.split("..").every(exists);
    const known = Array.from(document.querySelectorAll("#range-select input")).some((e) => e.value === asked && asked !== "dates");
    const whole = dates || known ? asked : "12h";
    return { person: fields.get("person") || first(), range: dates ? "dates" : whole, whole: whole };
  }

  function write(person, range) {
    const fields = [];
    if (person) fields.push("person=" + encodeURIComponent(person));
    fields.push("range=" + encodeURIComponent(range));
    return "?" + fields.join("&");
  }

  /* Arguments and results in the order of the callback's: address, range, person; then the click and the two dates. */
  function address(search, range, person, _clicks, from, to) {
    const asked = read(search);
    const cause = window.dash_clientside.callback_context.triggered_id;
    if (cause === "url") return [NONE(), asked.range, asked.person];
    if (cause === "dates-apply" && from && to) return [write(person, from + ".." + to), "dates", NONE()];
    if (cause === "range-select" && range && range !== "dates") return [write(person, range), NONE(), NONE()];
    if (cause === "person-select" && person) return [write(person, asked.whole), NONE(), NONE()];
    return [NONE(), NONE(), NONE()];
  }

  document.addEventListener("change", function (event) {
    if (!event.target.closest || !event.target.closest("#unit-select")) return;
    document.cookie = "cgm_unit=" + event.target.value + "; Path=/; Max-Age=31536000; SameSite=Lax";
  });

  /* From the first paint on the address names the person, so that the Back button always leads to somebody. */
  const arrival = window.setInterval(function () {
    const select = document.getElementById("person-select");
    if (!select) return;
    window.clearInterval(arrival);
    const asked = new URLSearchParams(window.location.search);
    if (!select.value || asked.get("person")) return;
    window.history.replaceState(null, "", write(select.value, read(window.location.search).whole));
  }, 100);

  window.cgm = Object.assign(window.cgm || {}, { address: address });
})();
