// A text area over a coloured copy of itself, with numbered lines. The text area stays what it is: everything that
// browsers and screen readers know of text areas works.
import { colour } from "./colours.js";

const LINE = 20;
const TOP = 8;

export class CodeArea {
  constructor(form) {
    this.box = form.querySelector("#text");
    this.overlay = form.querySelector(".overlay");
    this.gutter = form.querySelector(".gutter");
    this.marks = new Map();
    this.onMove = () => {};
    this.box.addEventListener("input", () => {
      this.marks.clear();
      this.paint();
    });
    this.box.addEventListener("scroll", () => this.scrolled());
    document.addEventListener("selectionchange", () => document.activeElement === this.box && this.moved());
    this.paint();
  }

  get text() {
    return this.box.value;
  }

  set text(text) {
    this.box.value = text;
    this.box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The cursor's line, from 1.
  get line() {
    return this.text.slice(0, this.box.selectionStart).split("\n").length;
  }

  // Put an insertion into the undo history, where the browser still can.
  insert(text, start = this.box.selectionStart, end = this.box.selectionEnd) {
    this.box.focus();
    this.box.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, text)) {
      this.box.setRangeText(text, start, end, "end");
      this.box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  mark(problems) {
    this.marks.clear();
    for (const each of problems) {
      const before = this.marks.get(each.line);
      if (each.line && before !== "bad") this.marks.set(each.line, each.level === "error" ? "bad" : "retries");
    }
    this.paint();
  }

  goTo(line) {
    const lines = this.text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    this.box.focus();
    this.box.setSelectionRange(start, start + (lines[line - 1] || "").length);
    this.box.scrollTop = Math.max(0, (line - 4) * LINE);
    this.box.scrollLeft = 0;
    this.scrolled();
    this.moved();
    const shown = this.overlay.children[line - 1];
    shown?.classList.add("found");
    setTimeout(() => shown?.classList.remove("found"), 1200);
  }

  // Where the cursor is, in pixels from the corner of the area.
  place(at = this.box.selectionStart) {
    const before = this.text.slice(0, at).split("\n");
    this.width ??= this.measure();
    return {
      left: 12 + before[before.length - 1].length * this.width - this.box.scrollLeft,
      top: TOP + before.length * LINE - this.box.scrollTop,
    };
  }

  measure() {
    const probe = document.createElement("span");
    probe.textContent = "x".repeat(100);
    this.overlay.append(probe);
    const width = probe.getBoundingClientRect().width / 100;
    probe.remove();
    return width;
  }

  // Only lines that changed are made anew.
  paint() {
    const lines = this.text.split("\n");
    const painted = colour(lines);
    lines.forEach((line, at) => {
      const kind = `l ${this.marks.get(at + 1) || ""}`.trim();
      const html = painted[at];
      let shown = this.overlay.children[at];
      if (!shown) this.overlay.append((shown = document.createElement("span")));
      if (shown.className !== kind) shown.className = kind;
      if (shown.dataset.html !== html) {
        shown.innerHTML = html;
        shown.dataset.html = html;
      }
      let number = this.gutter.children[at];
      if (!number) {
        number = document.createElement("span");
        number.textContent = String(at + 1);
        this.gutter.append(number);
      }
    });
    while (this.overlay.children.length > lines.length) this.overlay.lastChild.remove();
    while (this.gutter.children.length > lines.length) this.gutter.lastChild.remove();
    this.moved();
    this.scrolled();
  }

  moved() {
    const here = this.line;
    [...this.gutter.children].forEach((number, at) => {
      const kind = `${this.marks.get(at + 1) || ""}${at + 1 === here ? " here" : ""}`.trim();
      if (number.className !== kind) number.className = kind;
    });
    this.onMove();
  }

  scrolled() {
    this.overlay.scrollTop = this.gutter.scrollTop = this.box.scrollTop;
    this.overlay.scrollLeft = this.box.scrollLeft;
  }
}
