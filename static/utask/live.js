// A page that keeps itself fresh: it asks for itself again and takes over what changed in its [data-live] parts.
//
// <main data-events="/task/…/events" data-poll="5">: news come by server-sent events; where there are none, or the
// stream ends before the task, the page asks every data-poll seconds. Nothing is asked while the tab is hidden.
import { morph } from "./morph.js";
import { refreshSelection } from "./selection.js";
import { refreshTimes } from "./times.js";

const SOON = 120;

export function startLive() {
  const main = document.querySelector("main[data-poll]");
  if (main) new Live(main).resume();
}

class Live {
  constructor(main) {
    this.poll = Number(main.dataset.poll) * 1000;
    this.events = main.dataset.events || "";
    this.failures = 0;
    this.last = Date.now();
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.resume(true)));
    window.addEventListener("pagehide", () => this.pause());
    document.addEventListener("click", (event) => this.follow(event));
    window.addEventListener("popstate", () => this.refresh());
  }

  resume(behind = false) {
    if (document.hidden) return;
    this.pause();
    if (behind) this.refresh();
    if (this.events && this.main.dataset.over === undefined) this.listen();
    else this.tick();
  }

  get main() {
    return document.querySelector("main[data-poll]");
  }

  pause() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    this.soon = null;
  }

  listen() {
    const source = (this.source = new EventSource(this.events));
    const heard = () => this.refreshSoon();
    for (const kind of ["task", "resolution", "step", "act", "progress"]) source.addEventListener(kind, heard);
    source.addEventListener("open", () => {
      clearTimeout(this.timer);
      this.tell("live", "");
    });
    source.addEventListener("end", () => {
      source.close();
      this.source = null;
      this.refreshSoon();
    });
    source.addEventListener("error", () => {
      // Closed: the server has no stream for us (204). Else the browser tries again by itself; until then we ask.
      if (source.readyState === EventSource.CLOSED) this.source = null;
      this.tick();
    });
  }

  tick() {
    clearTimeout(this.timer);
    if (this.main.dataset.over !== undefined) return this.tell("finished", "still");
    const wait = Math.min(this.poll * 2 ** this.failures, 60000);
    this.timer = setTimeout(() => this.refresh().then(() => this.isStreaming() || this.tick()), wait);
  }

  isStreaming() {
    return this.source?.readyState === EventSource.OPEN;
  }

  refreshSoon() {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.refresh();
    }, SOON);
  }

  async refresh() {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "XMLHttpRequest" } });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.reload();
      if (!answer.ok && answer.status !== 404 && answer.status !== 403) throw new Error(String(answer.status));
      this.take(await answer.text());
      this.failures = 0;
      this.last = Date.now();
      this.tell(this.main.dataset.over === undefined ? "live" : "finished", this.main.dataset.over === undefined ? "" : "still");
    } catch {
      this.failures += 1;
      this.tell(`disconnected since ${new Date(this.last).toLocaleTimeString()}`, "off");
    } finally {
      this.asking = false;
    }
    if (this.again) {
      this.again = false;
      this.refreshSoon();
    }
  }

  take(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const over = fresh.querySelector("main[data-over]");
    if (over) this.main.dataset.over = "";
    else delete this.main.dataset.over;
    for (const part of document.querySelectorAll("[data-live]")) {
      const wanted = fresh.getElementById(part.id);
      if (wanted) morph(part, wanted);
    }
    for (const list of document.querySelectorAll("[data-selection]")) refreshSelection(list);
    refreshTimes();
    document.dispatchEvent(new CustomEvent("utask:refreshed"));
  }

  // Links marked data-stay change the address and the live parts, not the page.
  follow(event) {
    const link = event.target.closest("a[data-stay], .graph a[data-step]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    this.refresh().then(() => {
      const wanted = document.getElementById(link.dataset.stay || "panel");
      if (wanted && wanted.getBoundingClientRect().top > window.innerHeight - 120) wanted.scrollIntoView({ block: "start" });
    });
  }

  tell(text, kind) {
    for (const pulse of document.querySelectorAll("[data-pulse]")) {
      pulse.textContent = text;
      pulse.className = `pulse ${kind}`;
    }
  }
}
