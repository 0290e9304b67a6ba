/* Person and range live in the address, so that a link shows the same thing to whoever opens it; the unit is the
   viewer's own and goes into a cookie, so that the first paint has it already. */
(function () {
  "use strict";
  const NONE = () => window.dash_clientside.no_update;

  function read(search) {
    const fields = new URLSearchParams(search || "");
    const range = fields.get("range") || "12h";
    return { person: fields.get("person") || "", range: range.includes("..") ? "dates" : range, whole: range };
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
    if (cause === "url") return [NONE(), asked.range, asked.person || NONE()];
    if (cause === "dates-apply" && from && to) return [write(person, from + ".." + to), "dates", NONE()];
    if (cause === "range-select" && range && range !== "dates") return [write(person, range), NONE(), NONE()];
    if (cause === "person-select" && person) return [write(person, asked.whole), NONE(), NONE()];
    return [NONE(), NONE(), NONE()];
  }

  document.addEventListener("change", function (event) {
    if (!event.target.closest || !event.target.closest("#unit-select")) return;
    document.cookie = "cgm_unit=" + event.target.value + "; Path=/; Max-Age=31536000; SameSite=Lax";
  });

  window.cgm = Object.assign(window.cgm || {}, { address: address });
})();
