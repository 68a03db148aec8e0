// Questions before acts, documents in a window, texts to the clipboard.
//
// <button data-opens="id">            opens <dialog id="id">; a place in it marked data-from="x" takes the button's data-x
// <button data-closes>                closes the dialog around it
// <button data-document="/task/…">    shows what the API answers there, as YAML or JSON, to read and copy
// <button data-copies="id">           copies the text of the element with this id
// <button aria-disabled="true">       is there to say why not: a click says so

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, [data-opens]");
    if (!button) return;
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      explain(button);
    } else if (button.dataset.opens) {
      // A form is complete before it asks whether one is sure: behind the dialog nothing could be told.
      if (button.form && !button.form.reportValidity()) return;
      open(document.getElementById(button.dataset.opens), button.dataset);
    } else if (button.hasAttribute("data-closes")) {
      button.closest("dialog").close();
    } else if (button.dataset.document) {
      showDocument(button.dataset.document, button.dataset.called || "Document");
    } else if (button.dataset.copies) {
      copy(document.getElementById(button.dataset.copies).textContent, button);
    }
  });
  document.addEventListener("utask:refreshed", forgetWhatHoldsNoMore);
  document.addEventListener("submit", (event) => {
    // A second click sends nothing twice.
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });
}

// What pointing at a button tells, for those who cannot point; it stays while the page renews itself, as long as it holds.
function explain(button) {
  const note = document.getElementById("why-not") || document.createElement("p");
  note.id = "why-not";
  note.className = "notice warning";
  note.setAttribute("role", "status");
  note.dataset.added = "";
  button.parentElement.after(note);
  note.textContent = whyNot(button);
}

function whyNot(button) {
  return `${button.textContent.trim()}: ${button.title}`;
}

function forgetWhatHoldsNoMore() {
  const note = document.getElementById("why-not");
  const shut = [...document.querySelectorAll('button[aria-disabled="true"]')];
  if (note && !shut.some((button) => whyNot(button) === note.textContent)) note.remove();
}

function open(dialog, words) {
  if (!dialog) return;
  for (const place of dialog.querySelectorAll("[data-from]")) {
    const text = words[place.dataset.from] || "";
    if (place.matches("input")) place.value = text;
    else place.textContent = text;
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  dialog.showModal();
  const first = dialog.querySelector("[autofocus], textarea, input:not([type=hidden]), button.primary");
  if (first) first.focus();
}

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy by hand";
  }
  setTimeout(() => (button.textContent = before), 1600);
}

async function showDocument(address, called) {
  const dialog = document.createElement("dialog");
  dialog.className = "wide";
  dialog.setAttribute("aria-label", called);
  dialog.innerHTML = `
    <div class="line"><h2></h2>
      <span class="segments push"><button type="button" data-kind="yaml" aria-pressed="true">YAML</button><button type="button" data-kind="json" aria-pressed="false">JSON</button></span>
      <button type="button" data-copies="document-text">Copy</button><button type="button" data-closes>Close</button></div>
    <pre id="document-text" class="exact" tabindex="0"></pre>`;
  dialog.querySelector("h2").textContent = called;
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  const fill = async (kind) => {
    const accept = kind === "yaml" ? "application/x-yaml" : "application/json";
    const answer = await fetch(address, { headers: { Accept: accept, "X-Requested-With": "XMLHttpRequest" } });
    const text = await answer.text();
    dialog.querySelector("pre").textContent = kind === "json" ? indented(text) : text;
    for (const button of dialog.querySelectorAll("[data-kind]")) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    }
  };
  dialog.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-kind]");
    if (chosen) fill(chosen.dataset.kind);
  });
  await fill("yaml");
  dialog.showModal();
}

// Spread over lines without reading the numbers, whose notation counts.
function indented(text) {
  let depth = 0;
  let quoted = false;
  let out = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      out += letter;
      if (letter === "\\") out += text[++at];
      else if (letter === '"') quoted = false;
    } else if (letter === '"') {
      quoted = true;
      out += letter;
    } else if (letter === "{" || letter === "[") {
      const empty = text[at + 1] === "}" || text[at + 1] === "]";
      out += empty ? letter + text[++at] : letter + newline(++depth);
    } else if (letter === "}" || letter === "]") {
      out += newline(--depth) + letter;
    } else if (letter === ",") {
      out += letter + newline(depth);
    } else if (letter === ":") {
      out += ": ";
    } else if (letter.trim()) {
      out += letter;
    }
  }
  return out;
}

function newline(depth) {
  return "\n" + "  ".repeat(depth);
}
