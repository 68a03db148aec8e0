// The list of steps narrows as one types, and stays so when it is renewed.
const box = document.querySelector("[data-filters]");

function narrow() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll(`#${box.dataset.filters} [data-words]`)) {
    const text = row.dataset.words.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}

if (box) {
  box.addEventListener("input", narrow);
  document.addEventListener("utask:refreshed", narrow);
}
