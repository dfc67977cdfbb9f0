// The panel in the document: its head and its rows, the keys and signs of use.
import { Store, hasEnded, held } from "./store.mjs";
import { plural } from "./format.mjs";
import { Row, element, setAttribute, setText } from "./row.mjs";
import { Details } from "./details.mjs";
import { Link } from "./link.mjs";
import { notify, textOf } from "./notify.mjs";
import { Head } from "./head.mjs";

// How many rows are added when the end of the list comes into view.
const ROWS = 40;

export class View {
  constructor(el, link) {
    this.link = link;
    this.rows = new Map();
    this.details = new Map();
    this.order = [];
    this.inView = new Set();
    this.limit = ROWS;
    const { group = "all", text = "", open = [] } = link.last ?? {};
    this.open = new Set(open);
    this.top = new Head(link, { group, text }, { choose: () => this.#chosen(), draw: () => this.draw() });
    this.#build(el);
    this.observer = new IntersectionObserver((entries) => this.#observe(entries));
    this.observer.observe(this.more);
    this.listener = (ended) => this.#changed(ended);
    link.listeners.add(this.listener);
    link.views.add(this);
    this.onVisible = () => this.link.looked();
    document.addEventListener("visibilitychange", this.onVisible);
    this.timer = setInterval(() => this.#tick(), 1000);
    this.draw();
  }

  close() {
    this.observer.disconnect();
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
    removeEventListener("keydown", this.onKey, true);
    this.link.listeners.delete(this.listener);
    this.link.views.delete(this);
    this.link.looked();
    this.root.remove();
  }

  // The rows in view; none if the page is not.
  get seen() {
    return document.hidden ? [] : [...this.inView];
  }

  #build(el) {
    this.list = element("ul", { class: "bgjobs-list", role: "list" });
    this.more = element("li", { class: "bgjobs-more" });
    this.list.append(this.more);
    this.none = element("p", { class: "bgjobs-none" });
    this.spoken = element("p", { class: "bgjobs-hidden", "aria-live": "polite" });
    const attributes = { class: "bgjobs", "aria-label": "Background jobs" };
    this.root = element("section", attributes, ...this.top.nodes, this.list, this.none, this.spoken, this.link.still.hiding());
    // Before Jupyter, which listens at the document, and takes a key on a button as a command to the notebook.
    this.onKey = (event) => this.#press(event);
    addEventListener("keydown", this.onKey, true);
    this.list.addEventListener("pointerleave", () => this.draw());
    el.append(this.root);
  }

  #chosen() {
    this.limit = ROWS;
    this.selected = null;
    this.order = [];
    this.list.scrollTop = 0;
    this.#remember();
    this.draw();
  }

  #remember() {
    // For the next view of this panel.
    this.link.last = { group: this.top.group, text: this.top.text, open: [...this.open] };
  }

  #changed(ended) {
    if (ended.length > 0) {
      this.#speak(textOf(ended));
    }
    this.#drawSoon();
  }

  #speak({ title, body }) {
    setText(this.spoken, `${title}: ${body.replaceAll("\n", ", ")}`);
  }

  #drawSoon() {
    this.isDue = true;
    // A page that is not in view draws nothing.
    requestAnimationFrame(() => {
      if (this.isDue) {
        this.draw();
      }
    });
  }

  draw() {
    this.isDue = false;
    const { link } = this;
    const { store } = link;
    if (this.arrangement !== store.arrangement) {
      this.arrangement = store.arrangement;
      this.counts = store.counts();
      this.selected = null;
    }
    // Only words depend on more than states.
    if (this.selected === null || this.top.text.trim() !== "") {
      this.selected = store.select(this.top.group, this.top.text).map((job) => job.id);
    }
    let jobs = this.selected.map((id) => store.jobs.get(id));
    // The focus that a click leaves behind does not count.
    if (this.list.matches(":hover") || this.list.querySelector(":focus-visible") !== null) {
      jobs = held(jobs, this.order);
    }
    this.order = jobs.map((job) => job.id);
    this.top.draw(this.counts, jobs);
    const shown = jobs.slice(0, this.limit);
    this.#drawRows(shown);
    this.more.hidden = jobs.length <= this.limit;
    setText(this.more, `${plural(jobs.length - shown.length, "more job")}`);
    this.none.hidden = jobs.length > 0;
    setText(this.none, this.#whyNone());
    this.root.classList.toggle("bgjobs-lost", !link.isConnected);
    link.looked();
  }

  #whyNone() {
    if (this.link.store.number === null) {
      return "Asking the kernel ...";
    }
    return this.link.store.jobs.size === 0 ? "No jobs yet: what you start appears here." : "No such jobs.";
  }

  #drawRows(shown) {
    const wanted = new Set(shown.map((job) => job.id));
    for (const [id, row] of this.rows) {
      if (!wanted.has(id)) {
        this.observer.unobserve(row.node);
        row.node.remove();
        this.rows.delete(id);
        this.details.delete(id);
        this.inView.delete(id);
      }
    }
    let at = this.list.firstChild;
    for (const job of shown) {
      const row = this.rows.get(job.id) ?? this.#newRow(job.id);
      if (row.node === at) {
        at = at.nextSibling;
      } else {
        this.list.insertBefore(row.node, at);
      }
      row.show(job, this.link.store, { isConnected: this.link.isConnected, stop: this.link.stops.get(job.id) });
      this.#drawDetails(row);
    }
  }

  #newRow(id) {
    const row = new Row(id, { toggle: (of) => this.#toggle(of), stop: (of) => this.link.stop([of]) });
    this.rows.set(id, row);
    this.observer.observe(row.node);
    return row;
  }

  #drawDetails(row) {
    const isOpen = this.open.has(row.id);
    setAttribute(row.head, "aria-expanded", isOpen);
    row.body.hidden = !isOpen;
    if (isOpen) {
      const details = this.details.get(row.id) ?? new Details(row.body);
      this.details.set(row.id, details);
      details.show(this.link.store.details.get(row.id));
    }
  }

  #toggle(id) {
    if (!this.open.delete(id)) {
      this.open.add(id);
    }
    this.#remember();
    this.draw();
  }

  #observe(entries) {
    for (const { target, isIntersecting } of entries) {
      if (target === this.more) {
        if (isIntersecting && !this.more.hidden) {
          this.limit += ROWS;
          this.#drawSoon();
          // It may still be in view then, of which nobody would tell.
          this.observer.unobserve(this.more);
          this.observer.observe(this.more);
        }
      } else if (isIntersecting) {
        this.inView.add(Number(target.dataset.id));
      } else {
        this.inView.delete(Number(target.dataset.id));
      }
    }
    this.link.looked();
  }

  #tick() {
    const { store, isConnected } = this.link;
    if (isConnected && !document.hidden) {
      for (const id of this.inView) {
        const job = store.jobs.get(id);
        if (job && !hasEnded(job)) {
          this.rows.get(id)?.showTime(job, store);
        }
      }
    }
  }

  #press(event) {
    if (!this.root.contains(event.target) || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.stopPropagation();
    const { field } = this.top;
    if (event.key === "Escape" && event.target === field && field.value !== "") {
      this.top.clear();
      event.preventDefault();
      return;
    }
    const heads = [...this.list.querySelectorAll(".bgjobs-head")];
    const at = heads.indexOf(event.target);
    if (at < 0 && !(event.target === field && event.key === "ArrowDown")) {
      return;
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      (to < 0 ? field : heads[Math.min(to, heads.length - 1)])?.focus();
    }
  }
}

// Called once for each model: all its views in this page share what is known.
export default () => {
  let link;
  return {
    initialize({ model }) {
      link = new Link(model, new Store());
      link.listeners.add(notify);
      return () => link.close();
    },
    render({ el }) {
      const view = new View(el, link);
      return () => view.close();
    },
  };
};
