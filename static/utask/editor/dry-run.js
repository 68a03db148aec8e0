// A dry run played move by move: the graph shows each state as it was, the list what happened, the panel each call.
import { ask } from "./asking.js";

const FIELDS = ["inputs", "resolver_inputs", "script"];

export class DryRun {
  constructor(form) {
    this.form = form;
    this.touched = new Set();
    this.begin = null;
    for (const name of FIELDS) this.field(name).addEventListener("input", () => this.touched.add(name));
    const buttons = { run: () => this.run(), suggest: () => this.fill(true), first: () => this.go(0), last: () => this.go(Infinity) };
    buttons.back = () => this.go(this.at - 1);
    buttons.next = () => this.go(this.at + 1);
    for (const [id, deed] of Object.entries(buttons)) document.getElementById(id).addEventListener("click", deed);
    document.getElementById("place").addEventListener("input", (event) => this.go(Number(event.target.value)));
    document.getElementById("moves").addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.go([...item.parentNode.children].indexOf(item) + 1);
    });
    document.getElementById("run-graph").addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
  }

  field(name) {
    return document.getElementById(name);
  }

  // What the check found: values to begin with, and whether there is anything to run.
  take(found) {
    this.begin = found.begin;
    const button = document.getElementById("run");
    button.setAttribute("aria-disabled", String(!found.accepted));
    button.title = found.accepted ? "" : "The template is refused: mend it first";
    this.fill(false);
  }

  fill(isAsked) {
    if (!this.begin) return;
    for (const name of FIELDS) {
      if (isAsked) this.touched.delete(name);
      if (!this.touched.has(name)) this.field(name).value = this.begin[name];
    }
  }

  async run() {
    if (document.getElementById("run").getAttribute("aria-disabled") === "true") return;
    const fields = { text: this.form.querySelector("#text").value };
    for (const name of FIELDS) fields[name] = this.field(name).value;
    const refused = document.getElementById("run-refused");
    refused.textContent = "";
    for (const name of FIELDS) this.field(name).removeAttribute("aria-invalid");
    try {
      this.show(await ask(this.form, this.form.dataset.run, fields));
    } catch (refusal) {
      refused.textContent = refusal.message;
      for (const name of Object.keys(refusal.fields || {})) this.field(name)?.setAttribute("aria-invalid", "true");
    }
  }

  show(done) {
    this.done = done;
    document.getElementById("outcome").hidden = false;
    document.getElementById("run-graph").innerHTML = done.graph;
    document.getElementById("place").max = String(done.moments.length);
    document.getElementById("moves").replaceChildren(...done.moments.map((each) => moveItem(each)));
    this.go(0);
  }

  go(to) {
    if (!this.done) return;
    const moments = this.done.moments;
    this.at = Math.max(0, Math.min(to, moments.length));
    document.getElementById("place").value = String(this.at);
    const states = new Map();
    for (const each of moments.slice(0, this.at)) if (each.step && each.kind === "step") states.set(each.step, each);
    for (const node of document.querySelectorAll("#run-graph [data-step]")) paint(node, states.get(node.dataset.step));
    const items = [...document.getElementById("moves").children];
    items.forEach((item, at) => {
      item.classList.toggle("now", at === this.at - 1);
      item.classList.toggle("later", at >= this.at);
    });
    const list = document.getElementById("moves");
    const now = items[this.at - 1];
    if (now) list.scrollTop = now.offsetTop - list.offsetTop - list.clientHeight / 2;
    document.getElementById("said").textContent = this.at ? said(moments[this.at - 1], this.at, moments.length) : `Before the first of ${moments.length} moves`;
    this.tellCall();
    this.tellEnd();
  }

  // The call that led to this move, or the step's last one before it.
  tellCall() {
    const place = document.getElementById("call");
    const step = this.done.moments[this.at - 1]?.step;
    const calls = this.done.moments.slice(0, this.at).flatMap((each) => each.calls).filter((call) => call.step === step);
    const call = calls.pop();
    place.replaceChildren();
    if (!call) return;
    place.append(make("h3", `${call.step} was given`), make("p", `${call.action}${call.pre_hook ? ", as pre_hook" : ""}, try ${call.attempt}`, "small muted"));
    place.append(make("pre", call.configuration || "no configuration"));
  }

  tellEnd() {
    const { done } = this;
    const place = document.getElementById("end");
    place.replaceChildren();
    if (this.at < done.moments.length) return;
    const line = make("p", "", "line");
    line.append(state(done.state, done.look), make("strong", done.title));
    place.append(make("h3", "How it ended"), line);
    if (done.cut_off) place.append(make("p", `Stopped: ${done.cut_off}.`, "notice warning"));
    if (done.result) place.append(make("h3", "Result"), make("pre", done.result));
    if (done.result_error) place.append(make("pre", done.result_error, "error"));
    for (const [step, text] of Object.entries(done.errors)) place.append(make("h3", `Error of ${step}`), make("pre", text, "error"));
    for (const [step, text] of Object.entries(done.outputs)) {
      const fold = make("details", "", "fold");
      fold.append(make("summary", `Output of ${step}`), make("pre", text));
      place.append(fold);
    }
  }
}

function paint(node, moment) {
  const look = moment ? moment.look : { family: "idle", sign: "○" };
  const word = moment ? moment.after : "TODO";
  node.setAttribute("class", `node ${look.family}${word === "PRUNE" ? " pruned" : ""}`);
  node.querySelector(".sign").textContent = look.sign;
  node.querySelector(".state").textContent = word;
  node.querySelector("title").textContent = `step ${node.dataset.step}, ${word}`;
}

function moveItem(moment) {
  const item = make("li", "");
  const line = make("div", "", "line");
  line.append(make("strong", moment.step || moment.kind), make("span", moment.event + (moment.attempt ? `, try ${moment.attempt}` : "")));
  if (moment.after && moment.after !== moment.before) line.append(state(moment.after, moment.look));
  line.append(make("span", after(moment.seconds), "push muted"));
  item.append(line);
  if (moment.detail) item.append(make("div", moment.detail, "muted prewrap"));
  return item;
}

function said(moment, number, of) {
  const change = moment.after && moment.after !== moment.before ? `: ${moment.before ? `${moment.before} → ` : ""}${moment.after}` : "";
  return `${number} of ${of}, ${moment.step || moment.kind}, ${moment.event}${change}`;
}

function after(seconds) {
  if (seconds < 1) return "at once";
  if (seconds < 120) return `after ${Math.round(seconds)} s`;
  return seconds < 7200 ? `after ${Math.round(seconds / 60)} min` : `after ${Math.round(seconds / 3600)} h`;
}

function state(word, look) {
  const made = make("span", "", `state ${look.family}`);
  const sign = make("span", look.sign, "sign");
  sign.setAttribute("aria-hidden", "true");
  made.append(sign, word);
  return made;
}

function make(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
