// The same rules as the server's, told at the field while one types; the server has the last word.
//
// <form data-validated>; fields: required, type=number, data-regex (found anywhere in the text, as the server does).
export function startValidation() {
  for (const form of document.querySelectorAll("form[data-validated]")) form.noValidate = true;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-validated]") || event.submitter?.formNoValidate) return;
    const wrong = fields(form).filter((field) => !isFine(field));
    if (wrong.length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      wrong[0].focus();
    }
  }, true);
  document.addEventListener("focusout", (event) => look(event.target));
  document.addEventListener("input", (event) => {
    if (event.target.getAttribute?.("aria-invalid") === "true") look(event.target);
  });
}

function look(field) {
  if (field.form?.matches("form[data-validated]") && (field.value !== "" || field.getAttribute("aria-invalid"))) isFine(field);
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && field.willValidate);
}

function isFine(field) {
  const what = fault(field);
  const place = field.closest(".field");
  if (!place) return !what;
  let list = place.querySelector(".errors");
  if (what && !list) {
    list = document.createElement("ul");
    list.className = "errors";
    list.id = `${field.id || field.name}-errors`;
    place.append(list);
  }
  if (list) {
    list.replaceChildren();
    if (what) list.append(Object.assign(document.createElement("li"), { textContent: what }));
    else list.remove();
  }
  if (what) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", list.id);
  } else {
    field.removeAttribute("aria-invalid");
  }
  return !what;
}

function fault(field) {
  if (field.validity.badInput) return "a number is expected";
  if (field.value === "") return field.required ? "this is required" : "";
  const pattern = field.dataset.regex;
  if (pattern) {
    try {
      if (!new RegExp(pattern, "u").test(field.value)) return `does not match ${pattern}`;
    } catch {
      return ""; // A pattern that only the server's engine knows.
    }
  } else if (field.hasAttribute("data-free") && field.value.includes('"')) {
    return 'a double quote (") is not accepted here';
  }
  return "";
}
