// The gallery narrows as one types: every word must be somewhere in the template's words.
const search = document.getElementById("gallery-search");
const cards = [...document.querySelectorAll("#gallery [data-words]")];

search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const card of cards) {
    const text = card.dataset.words.toLowerCase();
    card.hidden = !words.every((word) => text.includes(word));
    found += card.hidden ? 0 : 1;
  }
  document.getElementById("gallery-none").hidden = found > 0 || !cards.length;
});
search.addEventListener("keydown", (event) => {
  const first = cards.find((card) => !card.hidden && card.href);
  if (event.key === "Enter" && first) location.assign(first.href);
});
