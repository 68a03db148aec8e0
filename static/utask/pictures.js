// Zoom and pan of a picture: <div class="picture pans" data-pans> around one SVG, buttons [data-zoom="in|out|fit"].
//
// Pull it to move it; the wheel zooms with Ctrl, so that it goes on scrolling the page without; with the focus in the
// picture + and − zoom, the arrows move, 0 shows all of it.
const views = new WeakMap();
const SMALLEST = 1.8;
const STEP = 60;
const KEYS = {
  "+": (view) => view.in(),
  "=": (view) => view.in(),
  "-": (view) => view.out(),
  0: (view) => view.fit(),
  ArrowLeft: (view) => view.move(-STEP, 0),
  ArrowRight: (view) => view.move(STEP, 0),
  ArrowUp: (view) => view.move(0, -STEP),
  ArrowDown: (view) => view.move(0, STEP),
};

export function startPictures() {
  for (const frame of document.querySelectorAll("[data-pans]")) arm(frame);
  document.addEventListener("utask:refreshed", () => {
    for (const frame of document.querySelectorAll("[data-pans]")) {
      if (!views.has(frame)) arm(frame);
      views.get(frame)?.renew();
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (!button) return;
    const view = views.get(button.closest(".card").querySelector("[data-pans]"));
    if (view) view[button.dataset.zoom]();
  });
}

function arm(frame) {
  if (frame.querySelector("svg")) views.set(frame, new View(frame));
}

class View {
  constructor(frame) {
    this.frame = frame;
    this.begin();
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.grab(event));
    // A pull that begins on a step is not the browser's own dragging of a link.
    frame.addEventListener("dragstart", (event) => event.preventDefault());
    frame.addEventListener("utask:redrawn", () => this.begin());
    frame.addEventListener("keydown", (event) => this.key(event));
    frame.addEventListener("focusin", (event) => this.follow(event.target));
  }

  get svg() {
    return this.frame.querySelector("svg");
  }

  get whole() {
    return { x: 0, y: 0, w: Number(this.svg.getAttribute("width")), h: Number(this.svg.getAttribute("height")) };
  }

  renew() {
    if (this.svg) this.show();
  }

  // At first: the whole picture, or of one that were too small to be read, its beginning.
  begin() {
    const { w, h } = this.whole;
    // As high as the picture needs at this width, within the bounds of the style sheet.
    this.frame.style.height = `${Math.ceil(h * Math.max(Math.min(1, this.frame.clientWidth / w), 1 / SMALLEST)) + 24}px`;
    this.fit(SMALLEST);
  }

  // The whole picture, never larger than it was drawn.
  fit(smallest = Infinity) {
    const { w, h } = this.whole;
    const scale = Math.min(Math.max(w / this.frame.clientWidth, h / this.frame.clientHeight, 1), smallest);
    const wide = this.frame.clientWidth * scale;
    const high = this.frame.clientHeight * scale;
    this.box = { x: Math.min(0, (w - wide) / 2), y: Math.min(0, (h - high) / 2), w: wide, h: high };
    this.show();
  }

  in() {
    this.zoom(0.8, 0.5, 0.5);
  }

  out() {
    this.zoom(1.25, 0.5, 0.5);
  }

  zoom(factor, atX, atY) {
    const { x, y, w, h } = this.box;
    const wide = Math.min(Math.max(w * factor, 120), this.whole.w * 4 + 800);
    const used = wide / w;
    this.box = { x: x + w * (1 - used) * atX, y: y + h * (1 - used) * atY, w: wide, h: h * used };
    this.show();
  }

  // By pixels of the screen.
  move(dx, dy) {
    const scale = this.box.w / this.frame.clientWidth;
    this.box = { ...this.box, x: this.box.x + dx * scale, y: this.box.y + dy * scale };
    this.show();
  }

  key(event) {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(this);
  }

  // A step that the keyboard has reached is brought into sight.
  follow(target) {
    if (target === this.frame || !target.matches(":focus-visible")) return;
    const area = this.frame.getBoundingClientRect();
    const part = target.getBoundingClientRect();
    const off = (low, high, from, to) => (low < from ? low - from - 20 : high > to ? high - to + 20 : 0);
    this.move(off(part.left, part.right, area.left, area.right), off(part.top, part.bottom, area.top, area.bottom));
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) {
      this.frame.classList.add("hinted");
      clearTimeout(this.hint);
      this.hint = setTimeout(() => this.frame.classList.remove("hinted"), 1200);
      return;
    }
    event.preventDefault();
    const area = this.frame.getBoundingClientRect();
    const factor = event.deltaY > 0 ? 1.12 : 0.89;
    this.zoom(factor, (event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
  }

  grab(start) {
    if (start.button) return;
    const from = { ...this.box };
    const scale = this.box.w / this.frame.clientWidth;
    let moved = false;
    const move = (event) => {
      const [dx, dy] = [event.clientX - start.clientX, event.clientY - start.clientY];
      moved ||= Math.hypot(dx, dy) > 4;
      if (!moved) return;
      this.frame.classList.add("held");
      this.box = { ...from, x: from.x - dx * scale, y: from.y - dy * scale };
      this.show();
    };
    const stop = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", stop);
      window.removeEventListener("pointercancel", stop);
      this.frame.classList.remove("held");
      if (moved) {
        // The click that ends a pull is none.
        const swallow = (event) => {
          event.preventDefault();
          event.stopPropagation();
        };
        window.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
      }
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
  }

  show() {
    const { x, y, w, h } = this.box;
    this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
  }
}
