// Forms marked data-sends="METHOD" send what is written in them as it stands; the answer takes the place of the page.
"use strict";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-sends]");
  if (!form) return;
  event.preventDefault();
  const method = form.dataset.sends;
  if (method === "DELETE" && !window.confirm("Delete it?")) return;
  const answer = await fetch(form.action, {
    method,
    body: form.elements.body ? form.elements.body.value : null,
    credentials: "same-origin",
    headers: {
      Accept: "text/html",
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("main").dataset.csrf,
    },
  });
  const text = await answer.text();
  if (!text) {
    window.location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
  window.scrollTo(0, 0);
});
