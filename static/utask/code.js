// Boxes for code: Tab indents, Shift+Tab takes back, Enter keeps the indentation; Escape lets the next Tab leave.
for (const box of document.querySelectorAll("textarea[data-code]")) {
  let leaving = false;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaving = true;
    } else if (event.key === "Tab" && !leaving) {
      event.preventDefault();
      event.shiftKey ? outdent(box) : insert(box, "  ");
    } else if (event.key === "Enter") {
      event.preventDefault();
      const line = box.value.slice(0, box.selectionStart).split("\n").pop();
      insert(box, "\n" + line.match(/^ */)[0]);
    } else {
      leaving = leaving && event.key === "Shift";
    }
  });
  box.addEventListener("blur", () => (leaving = false));
}

function insert(box, text) {
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function outdent(box) {
  const start = box.value.lastIndexOf("\n", box.selectionStart - 1) + 1;
  const spaces = box.value.slice(start).match(/^ {0,2}/)[0].length;
  if (!spaces) return;
  box.setRangeText("", start, start + spaces, "preserve");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
