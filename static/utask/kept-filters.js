// Filters that somebody keeps under a name, as links; in this browser's storage.
const KEY = "utask-filters";
const place = document.querySelector("[data-kept]");
const form = document.getElementById("keep-form");

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

function write(kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is shut: the links live as long as the page.
  }
  show(kept);
}

function show(kept) {
  place.replaceChildren(...Object.entries(kept).map(([name, query]) => {
    const tag = Object.assign(document.createElement("span"), { className: "tag" });
    const link = Object.assign(document.createElement("a"), { href: query, textContent: name });
    const drop = Object.assign(document.createElement("button"), { type: "button", className: "bare", textContent: "✗" });
    drop.setAttribute("aria-label", `Forget the filter ${name}`);
    drop.addEventListener("click", () => {
      const rest = read();
      delete rest[name];
      write(rest);
    });
    if (query === location.search) link.setAttribute("aria-current", "page");
    tag.append(link, drop);
    return tag;
  }));
}

form.addEventListener("submit", () => {
  const query = new URLSearchParams(location.search);
  query.delete("last");
  for (const [name, value] of [...query]) if (value === "") query.delete(name, value);
  write({ ...read(), [document.getElementById("keep-name").value.trim()]: `?${query}` });
});
show(read());
