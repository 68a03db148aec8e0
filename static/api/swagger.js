"use strict";

// Its own style sheet has a dark half; which one is chosen as for all our pages.
document.documentElement.classList.toggle("dark-mode", document.documentElement.dataset.theme === "dark");
const place = document.getElementById("swagger");
window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  // Links within the buttons that unfold an operation are reached by no keyboard.
  deepLinking: false,
  docExpansion: "list",
  displayRequestDuration: true,
  persistAuthorization: false,
});

// What it leaves without a name, and what it scrolls without a way to reach it.
const NAMES = [
  ["#servers", "Server"],
  [".parameters-col_description > select", "Value"],
  [".examples-select-element", "Example"],
  [".content-type", "Media type"],
];
new MutationObserver(() => {
  for (const [selector, name] of NAMES) {
    for (const each of place.querySelectorAll(`${selector}:not([aria-label])`)) each.setAttribute("aria-label", name);
  }
  for (const each of place.querySelectorAll(".microlight:not([tabindex])")) each.tabIndex = 0;
}).observe(place, { childList: true, subtree: true });
