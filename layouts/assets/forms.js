/* Forms: faults and hints tied to their fields for those who hear the page, a password shown or hidden, seconds counted
   down while a form waits, the focus on what came of it, and the page opened anew once the program is back. */
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  let counting = 0;

  /* Fields say by class that they are wrong; name that for screen readers, with the words that stand below. */
  function tie() {
    document.querySelectorAll("#main .field").forEach(function (box) {
      const control = box.querySelector("input, select");
      if (!control) return;
      const wrong = String(control.classList.contains("is-invalid"));
      const words = Array.from(box.querySelectorAll(".hint, .fault")).filter((e) => e.id && e.textContent);
      const about = words.map((e) => e.id).join(" ");
      if (control.getAttribute("aria-invalid") !== wrong) control.setAttribute("aria-invalid", wrong);
      if ((control.getAttribute("aria-describedby") || "") !== about) control.setAttribute("aria-describedby", about);
    });
  }

  /* A section that is drawn anew takes the focus away with its old parts: it goes to what is wrong now, else back. */
  let last = null;
  document.addEventListener("focusin", (event) => (last = event.target.closest("#page [id]") === event.target ? event.target : null));
  function refocus() {
    if (!last || last.isConnected) return;
    const again = byId(last.id);
    last = null;
    if (!again || document.activeElement !== document.body) return;
    const section = again.closest(".setting");
    const wrong = section && section.querySelector(".is-invalid");
    (wrong || again).focus({ preventScroll: !wrong });
  }
  new MutationObserver(refocus).observe(document.documentElement, { childList: true, subtree: true });
  new MutationObserver(tie).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["class"] });

  function label(visible) {
    const button = byId("connect-show");
    if (!button) return;
    button.textContent = visible ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-pressed", String(visible));
  }

  function shown() {
    const visible = byId("connect-password").type === "password";
    label(visible);
    return visible ? "text" : "password";
  }

  function count(form) {
    const left = form.querySelector("[data-seconds]");
    if (!left) return;
    const until = Date.now() + 1000 * Number(left.dataset.seconds);
    window.clearInterval(counting);
    const write = () => (left.textContent = left.dataset.pattern.replace("{n}", Math.max(0, Math.ceil((until - Date.now()) / 1000))));
    counting = window.setInterval(write, 250);
    write();
  }
  function sent(event) {
    label(false);
    count(event.target);
  }
  document.addEventListener("submit", sent, true);

  /* What came of a form gets the focus: it stands above the fields, and a phone may have scrolled past it. */
  function told(children) {
    window.clearInterval(counting);
    if (children) window.setTimeout(() => byId("connect-message") && byId("connect-message").focus(), 0);
  }

  /* Without the query: it names a person of the database that was served before. */
  function ready(is) {
    if (is) window.location.replace(window.location.pathname);
  }

  /* The form beside waits for the program in the same way. */
  function disconnected(since) {
    if (!since) return;
    window.dash_clientside.set_props("connect-since", { data: since });
    window.dash_clientside.set_props("connect-tick", { disabled: false });
  }

  window.cgm = Object.assign(window.cgm || {}, { forms: { shown: shown, told: told, ready: ready, disconnected: disconnected } });
})();
