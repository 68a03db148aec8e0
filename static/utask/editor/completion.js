// Completion from the JSON schema: which keys and values may stand where the cursor is. The place is told by
// indentation, so it works while the text is no YAML yet.
import { outline } from "./outline.js";

const KEY = /^\s*(?:- +)*(?:"([^"]+)"|'([^']+)'|([^\s:#"'-][^:#]*?))\s*:(?:\s|$)/;
const MOST = 60;

export class Completion {
  constructor(area, known) {
    this.area = area;
    this.known = known;
    this.list = document.getElementById("offers");
    this.offers = [];
    this.chosen = 0;
    const box = area.box;
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", "offers");
    box.addEventListener("keydown", (event) => this.pressed(event), { capture: true });
    box.addEventListener("input", (event) => (event.inputType === "insertText" ? this.open(false) : this.close()));
    box.addEventListener("blur", () => this.close());
    box.addEventListener("click", () => this.close());
    box.addEventListener("scroll", () => this.close());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.take([...this.list.children].indexOf(item));
    });
    this.startSkeletons();
  }

  pressed(event) {
    if (event.key === " " && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.open(true);
      return;
    }
    if (this.list.hidden) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) this.choose((this.chosen + moves[event.key] + this.offers.length) % this.offers.length);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Asked for: whatever fits, else only once a word has begun.
  open(isAsked) {
    const text = this.area.text;
    const at = this.area.box.selectionStart;
    const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
    const word = line.match(/[\w.:-]*$/)[0].replace(/^-+/, "");
    if (!isAsked && (!word || text[at] > " ")) return this.close();
    const found = this.fitting(text, at, line);
    const begun = word.toLowerCase();
    this.offers = found.filter((each) => each.text.toLowerCase().startsWith(begun) && each.text !== word).slice(0, MOST);
    this.start = at - word.length;
    if (this.offers.length) this.show();
    else this.close();
  }

  fitting(text, at, line) {
    const above = text.slice(0, at - line.length).split("\n").slice(0, -1);
    const path = pathOf(above, line);
    const inValue = line.match(KEY);
    if (inValue) {
      const name = inValue[1] || inValue[2] || inValue[3];
      return this.values(this.schemaAt([...path, name], above, line), [...path, name], text);
    }
    if (path[path.length - 1] === "dependencies") return this.steps(text);
    const schema = this.schemaAt(path, above, line);
    if (/^\s*-\s*[^:]*$/.test(line) && !this.keys(schema).length) return this.values(schema, path, text);
    return this.keys(schema);
  }

  steps(text) {
    return outline(text).map((step) => ({ text: step.name, about: "step" }));
  }

  keys(schema) {
    return variants(this.known.template, schema).flatMap((each) =>
      Object.entries(each.properties || {}).map(([name, inner]) => {
        const required = (each.required || []).includes(name) ? "required. " : "";
        return { text: name, after: ": ", about: required + (inner.description || "") };
      }),
    );
  }

  values(schema, path, text) {
    if (path[path.length - 1] === "dependencies") return this.steps(text);
    return variants(this.known.template, schema).flatMap((each) => {
      if (each.enum) return each.enum.map((value) => ({ text: String(value), about: this.known.about[value] || "" }));
      return [].concat(each.type || []).includes("boolean") ? [{ text: "true" }, { text: "false" }] : [];
    });
  }

  // The schema of the value at a path; the configuration of an action is that action's own.
  schemaAt(path, above, line) {
    let schemas = [this.known.template];
    for (let at = 0; at < path.length; at++) {
      if (path[at] === "configuration" && /^(action|pre_hook)$/.test(path[at - 1] || "")) {
        const own = this.known.configurations[actionAbove(above, this.area.text, line)];
        schemas = own ? [own] : [];
        continue;
      }
      schemas = schemas.flatMap((schema) => inside(this.known.template, schema, path[at]));
    }
    return { anyOf: schemas };
  }

  show() {
    const { left, top } = this.area.place(this.start);
    this.list.replaceChildren(
      ...this.offers.map((each, number) => {
        const item = document.createElement("li");
        item.id = `offer-${number}`;
        item.setAttribute("role", "option");
        item.textContent = each.text;
        if (each.about) {
          const about = document.createElement("span");
          about.className = "about";
          about.textContent = each.about;
          item.append(about);
        }
        return item;
      }),
    );
    this.list.hidden = false;
    const room = this.area.box.clientHeight;
    const high = this.list.offsetHeight;
    this.list.style.left = `${Math.max(4, Math.min(left, this.area.box.clientWidth - this.list.offsetWidth - 8))}px`;
    this.list.style.top = `${top + high > room && top - 24 > high ? top - 24 - high : top}px`;
    this.choose(0);
  }

  choose(number) {
    this.chosen = number;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === number)));
    this.list.children[number]?.scrollIntoView({ block: "nearest" });
    this.area.box.setAttribute("aria-activedescendant", `offer-${number}`);
  }

  take(number) {
    const offer = this.offers[number];
    const at = this.area.box.selectionStart;
    const behind = this.area.text.slice(at, at + 1);
    this.area.insert(offer.text + (behind === ":" ? "" : offer.after || ""), this.start, at);
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.area.box.removeAttribute("aria-activedescendant");
  }

  // The menu that adds a step right below "steps:", indented like the others.
  startSkeletons() {
    const menu = document.getElementById("add-step");
    menu.append(...Object.keys(this.known.skeletons).map((name) => new Option(name, name)));
    menu.addEventListener("change", () => {
      if (menu.value) this.addStep(this.known.skeletons[menu.value]);
      menu.value = "";
    });
  }

  addStep(skeleton) {
    const lines = this.area.text.split("\n");
    const steps = outline(this.area.text);
    const names = new Set(steps.map((step) => step.name));
    const plain = skeleton.slice(0, skeleton.indexOf(":"));
    let name = plain;
    for (let number = 2; names.has(name); number++) name = `${plain}${number}`;
    const depth = steps.length ? lines[steps[0].line - 1].search(/\S/) : 2;
    const made = skeleton.replace(plain, name).split("\n").map((line) => " ".repeat(depth) + line);
    let at = lines.findIndex((line) => /^(["']?)steps\1\s*:/i.test(line)) + 1;
    if (!at) {
      while (lines.length && !lines[lines.length - 1].trim()) lines.pop();
      made.unshift("", "steps:");
      at = lines.length;
      this.area.insert("\n" + made.join("\n") + "\n", this.area.text.trimEnd().length, this.area.text.length);
      this.area.goTo(at + 3);
      return;
    }
    const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    const end = start > this.area.text.length ? "\n" : "";
    this.area.insert(end + made.join("\n") + "\n", Math.min(start, this.area.text.length), Math.min(start, this.area.text.length));
    this.area.goTo(at + 1);
  }
}

// The keys from the outside in that lead to the place where a line stands.
function pathOf(above, line) {
  let depth = depthOf(line);
  const path = [];
  for (let at = above.length - 1; at >= 0 && depth > 0; at--) {
    const each = above[at];
    const key = each.match(KEY);
    if (!each.trim() || each.trim().startsWith("#") || !key) continue;
    const own = depthOf(each);
    const isItem = /^\s*-/.test(line);
    if (own < depth || (own === depth && isItem && path.length === 0 && !/^\s*-/.test(each) && each.trim().endsWith(":"))) {
      path.unshift(key[1] || key[2] || key[3]);
      depth = Math.min(own, each.search(/\S/));
      if (/^\s*-/.test(each)) depth = own > each.search(/\S/) ? each.search(/\S/) + 1 : own;
    }
  }
  return path;
}

// Where the key of a line begins: "- name" begins at the name.
function depthOf(line) {
  return line.match(/^\s*(?:- *)*/)[0].length;
}

// The type that stands beside the configuration around the cursor.
function actionAbove(above, text, line) {
  const rows = [...above, line];
  let depth = depthOf(line);
  for (let at = rows.length - 1; at >= 0; at--) {
    const key = rows[at].match(KEY);
    if (!key || depthOf(rows[at]) >= depth) continue;
    depth = depthOf(rows[at]);
    if ((key[1] || key[2] || key[3]) === "configuration") return siblingType(text.split("\n"), at, depth);
  }
  return "";
}

function siblingType(lines, at, depth) {
  const isBlock = (line) => !line.trim() || depthOf(line) >= depth;
  let first = at;
  while (first > 0 && isBlock(lines[first - 1])) first--;
  for (let row = first; row < lines.length && (row <= at || isBlock(lines[row])); row++) {
    const found = depthOf(lines[row]) === depth && lines[row].match(/^\s*(?:- +)?type\s*:\s*["']?([\w:.-]+)/);
    if (found) return found[1];
  }
  return "";
}

// A schema and everything that it refers to or chooses from.
function variants(root, schema) {
  if (!schema || typeof schema !== "object") return [];
  const referred = schema.$ref ? variants(root, root.definitions[schema.$ref.split("/").pop()]) : [];
  const chosen = [...(schema.anyOf || []), ...(schema.oneOf || []), ...(schema.allOf || [])];
  const items = schema.items ? variants(root, schema.items) : [];
  return [schema, ...referred, ...chosen.flatMap((each) => variants(root, each)), ...items];
}

function inside(root, schema, key) {
  return variants(root, schema).flatMap((each) => {
    if (each.properties?.[key]) return [each.properties[key]];
    return each.additionalProperties && typeof each.additionalProperties === "object" ? [each.additionalProperties] : [];
  });
}
