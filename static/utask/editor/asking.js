// Questions to our own server; a refusal comes back as an Error that has its fields.
export async function ask(form, address, fields = null) {
  const options = { headers: { "X-Requested-With": "XMLHttpRequest" } };
  if (fields) {
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    options.method = "POST";
    options.body = new URLSearchParams({ csrfmiddlewaretoken: token, ...fields });
  }
  const answer = await fetch(address, options);
  if (answer.redirected) throw new Error("you are logged out: log in again in another tab");
  const kind = answer.headers.get("Content-Type") || "";
  if (!kind.includes("json")) throw new Error(`the server answered ${answer.status}`);
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.refused || String(answer.status)), { fields: found.fields || {} });
  return found;
}
