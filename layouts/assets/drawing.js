/* The browser's half of layouts/drawings/drawing.py: one element with the SVG it is given. */
(function () {
  "use strict";
  window.cgm_parts = window.cgm_parts || {};
  window.cgm_parts.Drawing = function (props) {
    return window.React.createElement("span", {
      id: props.id,
      className: props.className,
      dangerouslySetInnerHTML: { __html: props.svg || "" },
    });
  };
})();
