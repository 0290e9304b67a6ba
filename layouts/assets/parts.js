/* The browser's half of our own components: layouts/drawings/drawing.py, layouts/still.py. */
(function () {
  "use strict";
  window.cgm_parts = window.cgm_parts || {};

  /* One element with the SVG it is given. */
  window.cgm_parts.Drawing = function (props) {
    return window.React.createElement("span", {
      id: props.id,
      className: props.className,
      dangerouslySetInnerHTML: { __html: props.svg || "" },
    });
  };

  /* What Dash describes as HTML components, as plain elements. */
  function element(node) {
    if (node === null || typeof node !== "object") return node;
    const react = window.React;
    if (Array.isArray(node)) return react.createElement(react.Fragment, null, ...node.map(element));
    if (node.namespace === "cgm_parts") return react.createElement(window.cgm_parts[node.type], node.props);
    const { children, ...props } = node.props;
    const inside = Array.isArray(children) ? children : [children];
    return react.createElement(node.type.toLowerCase(), props, ...inside.map(element));
  }

  window.cgm_parts.Still = (props) => element(props.tree);
})();
