// The text is kept in this browser as it is typed, one draft for each template; files come in and go out.
import { ask } from "./asking.js";

export function startDrafts(form, area, check) {
  const place = `utask-draft:${form.dataset.wanted}`;
  const original = area.text;
  const notice = document.getElementById("draft");
  let mark = form.dataset.mark;

  const kept = read(place);
  if (kept && kept.text !== original) {
    area.text = kept.text;
    document.getElementById("draft-since").textContent = new Date(kept.since).toLocaleString();
    notice.hidden = false;
  }
  area.box.addEventListener("input", () => {
    if (area.text === original) forget(place);
    else keep(place, area.text);
  });
  document.getElementById("draft-drop").addEventListener("click", () => {
    area.text = original;
    forget(place);
    notice.hidden = true;
    area.box.focus();
  });

  document.getElementById("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([area.text], { type: "text/yaml" }));
    link.download = `${form.dataset.called || form.dataset.wanted || "template"}.yaml`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  const file = document.getElementById("import-file");
  document.getElementById("import").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    if (file.files.length) area.text = await file.files[0].text();
    file.value = "";
    check();
  });

  document.getElementById("save")?.addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      const saved = await ask(form, form.dataset.save, { text: area.text, mark });
      mark = saved.mark;
      forget(place);
      tell(button, "Saved and loaded");
    } catch (refusal) {
      alertIn(form, refusal.message);
    } finally {
      button.disabled = false;
    }
  });
}

function tell(button, words) {
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => (button.textContent = before), 2000);
}

function alertIn(form, words) {
  form.querySelector(".notice.error")?.remove();
  const notice = document.createElement("p");
  notice.className = "notice error";
  notice.setAttribute("role", "alert");
  notice.textContent = `Not saved: ${words}`;
  form.prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}

function keep(place, text) {
  try {
    localStorage.setItem(place, JSON.stringify({ text, since: Date.now() }));
  } catch {
    // Storage is shut or full: the text is in the box all the same.
  }
}

function forget(place) {
  try {
    localStorage.removeItem(place);
  } catch {
    // There was none, then.
  }
}
