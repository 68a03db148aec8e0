// The editor of templates: what is typed is coloured at once, and checked by the server after each pause.
//
// code-area.js colours and numbers lines; completion.js offers words; drafts.js keeps the text; dry-run.js plays.
import "../code.js";
import { CodeArea } from "./code-area.js";
import { Completion } from "./completion.js";
import { startDrafts } from "./drafts.js";
import { DryRun } from "./dry-run.js";
import { ask } from "./asking.js";
import { lineOfStep, stepAt } from "./outline.js";

const PAUSE = 350;
const form = document.getElementById("editor");
const area = new CodeArea(form);
const dryRun = new DryRun(form);
let asked = 0;
let waiting = null;

function checkSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE);
}

async function check() {
  const mine = ++asked;
  tell("idle", "…", "checking");
  try {
    const found = await ask(form, form.dataset.check, { text: area.text });
    if (mine === asked) show(found);
  } catch (failure) {
    if (mine === asked) tell("retries", "!", `cannot be checked: ${failure.message}`);
  }
}

function show(found) {
  const errors = found.problems.filter((each) => each.level === "error").length;
  const warnings = found.problems.length - errors;
  if (errors) tell("bad", "✗", `refused: ${errors} error${errors === 1 ? "" : "s"}`);
  else if (warnings) tell("retries", "!", `accepted, ${warnings} warning${warnings === 1 ? "" : "s"}`);
  else tell("good", "✓", "accepted");
  area.mark(found.problems);
  list(found.problems);
  draw(found.graph);
  dryRun.take(found);
  if (found.forms) showForms(found.forms);
  form.dataset.accepted = String(found.accepted);
  form.dataset.called = found.name;
}

function tell(family, sign, words) {
  const verdict = document.getElementById("verdict");
  verdict.className = `state ${family}`;
  verdict.replaceChildren(piece("span", "sign", sign), words);
  verdict.firstChild.setAttribute("aria-hidden", "true");
}

function list(problems) {
  const items = problems.map((each) => {
    const family = each.level === "error" ? "bad" : "retries";
    const place = piece("span", `state ${family}`, each.line ? `line ${each.line}` : "whole file");
    const button = document.createElement("button");
    button.type = "button";
    button.append(place, piece("span", "what", each.step ? `${each.step}: ${each.what}` : each.what));
    if (each.mend) button.append(piece("span", "mend", each.mend));
    button.addEventListener("click", () => area.goTo(each.line || 1));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  if (!items.length) items.push(piece("li", "muted", "None: a load would accept it as it is."));
  document.getElementById("problems").replaceChildren(...items);
  document.getElementById("problems-number").textContent = problems.length ? String(problems.length) : "";
}

function draw(svg) {
  const frame = document.getElementById("graph");
  frame.hidden = !svg;
  document.getElementById("graph-none").hidden = Boolean(svg);
  frame.dataset.drawn = String(Number(frame.dataset.drawn || 0) + 1);
  if (frame.dataset.last !== svg) {
    frame.innerHTML = svg;
    frame.dataset.last = svg;
    document.dispatchEvent(new CustomEvent("utask:refreshed"));
    if (svg) frame.dispatchEvent(new CustomEvent("utask:redrawn"));
  }
  follow();
}

// A form that stays the same keeps what somebody tries in it.
function showForms(forms) {
  for (const [name, html] of Object.entries(forms)) {
    const place = document.querySelector(`#asked-${name} .fields`);
    if (place.dataset.last === html) continue;
    place.innerHTML = html;
    place.dataset.last = html;
  }
}

// The step in which the cursor stands is marked in the graph.
function follow() {
  const name = stepAt(area.text, area.line);
  for (const node of document.querySelectorAll("#graph [data-step]")) {
    node.classList.toggle("chosen", node.dataset.step === name);
  }
}

export function piece(tag, kind, text) {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

document.getElementById("graph").addEventListener("click", (event) => {
  const node = event.target.closest("[data-step]");
  if (!node) return;
  event.preventDefault();
  area.goTo(lineOfStep(area.text, node.dataset.step));
});
for (const each of document.querySelectorAll("#editor, .asked form")) each.addEventListener("submit", (event) => event.preventDefault());
area.box.addEventListener("input", checkSoon);
area.onMove = follow;

startDrafts(form, area, check);
ask(form, form.dataset.known).then((known) => new Completion(area, known));
check();
