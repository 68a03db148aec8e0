// Light or dark before the first paint: what was chosen here last, else what the system prefers.
(function () {
  "use strict";
  var root = document.documentElement;
  var chosen = null;
  try { chosen = localStorage.getItem("utask-theme"); } catch (error) { /* storage is shut: follow the system */ }
  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = chosen || (dark ? "dark" : "light");
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-theme-switch]")) { return; }
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("utask-theme", root.dataset.theme); } catch (error) { /* only for this page, then */ }
  });
})();
