// Lists with check boxes: one for all rows, the number of chosen ones, what is there only for a choice, or for none.
export function startSelection() {
  document.addEventListener("change", (event) => {
    const list = event.target.closest("[data-selection]");
    if (!list) return;
    if (event.target.matches("[data-all]")) {
      for (const box of boxes(list)) box.checked = event.target.checked;
    }
    refreshSelection(list);
  });
  for (const list of document.querySelectorAll("[data-selection]")) refreshSelection(list);
}

export function refreshSelection(list) {
  const chosen = boxes(list).filter((box) => box.checked).length;
  const all = list.querySelector("[data-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes(list).length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
  for (const box of boxes(list)) box.closest("tr")?.classList.toggle("chosen", box.checked);
  for (const part of list.querySelectorAll("[data-chosen]")) part.textContent = String(chosen);
  for (const part of list.querySelectorAll("[data-if-chosen]")) part.hidden = chosen === 0;
  for (const part of list.querySelectorAll("[data-if-none]")) part.hidden = chosen > 0;
}

function boxes(list) {
  return [...list.querySelectorAll('input[type="checkbox"][data-row]')];
}
