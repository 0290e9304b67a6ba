/* The viewer's own choices stand in the page Settings and in the frame: both places stay in step. Unit and look belong to
   the frame's controls, which keep them; the language goes into a cookie, and the page is asked for anew. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const set = (id, value) => byId(id) && window.dash_clientside.set_props(id, { value: value });

  function look(wanted) {
    for (let turns = 0; turns < 3 && document.documentElement.dataset.look !== wanted; turns += 1) byId("theme-switch").click();
  }

  document.addEventListener("change", function (event) {
    const target = event.target;
    if (!target.closest) return;
    if (target.closest("#settings-unit")) {
      const twin = document.querySelector("#unit-select input[value='" + target.value + "']");
      if (twin && !twin.checked) twin.click();
    } else if (target.closest("#unit-select")) {
      set("settings-unit", target.value);
    } else if (target.closest("#settings-look")) {
      look(target.value);
    } else if (target.closest("#settings-language")) {
      document.cookie = "cgm_lang=" + target.value + "; Path=/; Max-Age=31536000; SameSite=Lax";
      window.location.reload();
    }
  });

  document.addEventListener("click", function (event) {
    if (!event.target.closest("#toast-close")) return;
    window.dash_clientside.set_props("toast-words", { children: "" });
    window.dash_clientside.set_props("undo", { hidden: true });
  });

  /* The look is known to this browser alone; the page comes with "as the device". */
  function tell() {
    const box = byId("settings-look");
    const chosen = document.documentElement.dataset.look;
    const shown = box && box.querySelector("input:checked");
    if (shown && chosen && shown.value !== chosen && window.dash_clientside) set("settings-look", chosen);
  }
  new MutationObserver(tell).observe(document.documentElement, { attributes: true, attributeFilter: ["data-look"] });
  new MutationObserver(tell).observe(document.documentElement, { childList: true, subtree: true });
})();
