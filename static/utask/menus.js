// Menus close on Escape and on a click elsewhere; "/" goes to the search; a choice marked data-submit sends its form, one
// marked data-shows="id" data-for="value" shows that part while it has this value, data-names="id" writes its words there.
// On a phone the present section is brought into sight.
export function startMenus() {
  const sections = document.querySelector(".shell .sections");
  const present = sections?.querySelector("[aria-current]");
  if (present) sections.scrollLeft = present.offsetLeft - sections.offsetLeft - 40;
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (wanted) {
      event.preventDefault();
      wanted.focus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    const shown = document.getElementById(event.target.dataset.shows);
    if (shown) shown.hidden = event.target.value !== event.target.dataset.for;
    const named = document.getElementById(event.target.dataset.names);
    if (named) named.textContent = event.target.selectedOptions[0].textContent;
  });
}
