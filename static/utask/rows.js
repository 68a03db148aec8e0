// Lists in forms: <div data-rows> holds rows; its <template> is a new one; [data-add] adds, [data-remove] takes away.
export function startRows() {
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add]");
    const remove = event.target.closest("[data-remove]");
    if (add) {
      const list = add.closest("[data-rows]");
      const row = list.querySelector("template").content.cloneNode(true);
      add.before(row);
      const fields = add.previousElementSibling.querySelectorAll("input, select, textarea");
      if (fields.length) fields[0].focus();
      changed(list);
    } else if (remove) {
      const list = remove.closest("[data-rows]");
      const row = remove.closest(".row");
      const next = row.nextElementSibling;
      row.remove();
      const target = next && next.querySelector && next.querySelector("input, select");
      (target || list.querySelector("[data-add]")).focus();
      changed(list);
    }
  });
  document.addEventListener("keydown", (event) => {
    // Enter in a row of one field adds the next row, as in a list.
    const list = event.target.closest("[data-rows]");
    if (event.key === "Enter" && list && event.target.matches("input")) {
      event.preventDefault();
      list.querySelector("[data-add]").click();
    }
  });
}

function changed(list) {
  list.dispatchEvent(new Event("change", { bubbles: true }));
}
