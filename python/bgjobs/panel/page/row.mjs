// A job as a row of the list.
import { hasEnded } from "./store.mjs";
import { coarse, duration, progress, rough, share } from "./format.mjs";

// The marks of states, drawn on 16 by 16 units.
const MARKS = {
  created: "M4 7h8v2H4z",
  queued: "M3 7h2v2H3z M7 7h2v2H7z M11 7h2v2h-2z",
  running: "M4 2.5 13 8l-9 5.5z",
  stopping: "M3.5 3.5h9v9h-9z M5 5v6h6V5z",
  stopped: "M3.5 3.5h9v9h-9z",
  done: "M6.3 10.4 13 3.7l1.3 1.3-8 8L1.9 8.6l1.3-1.3z",
  failed: "M3.6 2.3 8 6.7l4.4-4.4 1.3 1.3L9.3 8l4.4 4.4-1.3 1.3L8 9.3l-4.4 4.4-1.3-1.3L6.7 8 2.3 3.6z",
};

// An element with these attributes and children; texts never become markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Sets a text or an attribute only if it changes, so that a screen reader is told of nothing else.
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

export function setAttribute(node, name, value) {
  if (value === null) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value);
  }
}

function mark() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "bgjobs-mark");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

let nextName = 0;

export class Row {
  // `on.toggle(id)` is called to open or close the row, `on.stop(id)` to stop its job.
  constructor(id, on) {
    this.id = id;
    this.mark = mark();
    this.state = element("span", { class: "bgjobs-hidden" });
    this.label = element("bdi", { class: "bgjobs-label" });
    this.head = element(
      "button",
      { type: "button", class: "bgjobs-head", "aria-expanded": "false" },
      this.mark,
      element("span", { class: "bgjobs-id" }, `#${id}`),
      " ",
      this.label,
      " ",
      this.state,
    );
    this.text = element("bdi", { class: "bgjobs-progress-text" });
    this.fill = element("i");
    this.bar = element("div", { role: "progressbar", class: "bgjobs-bar" }, this.fill);
    this.progress = element("div", { class: "bgjobs-progress" }, this.text, this.bar);
    this.time = element("span", { class: "bgjobs-time" });
    this.line = element("bdi", { class: "bgjobs-line" });
    this.stop = element("button", { type: "button", class: "bgjobs-stop" }, "Stop");
    this.body = element("div", { class: "bgjobs-body", id: `bgjobs-body-${nextName++}` });
    this.body.hidden = true;
    this.head.setAttribute("aria-controls", this.body.id);
    const cells = [this.head, this.progress, this.time, this.line, element("span", { class: "bgjobs-do" }, this.stop)];
    this.node = element("li", { class: "bgjobs-row", "data-id": id }, element("div", { class: "bgjobs-cells" }, ...cells));
    this.node.append(this.body);
    this.head.addEventListener("click", () => on.toggle(id));
    this.stop.addEventListener("click", () => on.stop(id));
  }

  // Shows a job; `stop` is how far the request to stop it is: undefined, `asked`, `late` or `heard`.
  show(job, store, { isConnected, stop }) {
    const hasGone = hasEnded(job);
    setAttribute(this.node, "data-state", job.state);
    setAttribute(this.mark.firstChild, "d", MARKS[job.state] ?? MARKS.created);
    setText(this.state, `, ${job.state}`);
    setText(this.label, job.label);
    setAttribute(this.label, "title", job.label);
    this.#showProgress(job, hasGone);
    this.showTime(job, store);
    const line = lineOf(job, stop, store.verdicts.get(job.id));
    setText(this.line, line);
    setAttribute(this.line, "title", line);
    this.stop.hidden = hasGone;
    this.stop.disabled = !isConnected || stop === "asked" || stop === "heard";
    setAttribute(this.stop, "aria-label", `Stop job ${job.id}, ${job.label}`);
  }

  // What changes while time passes.
  showTime(job, store) {
    const elapsed = store.elapsed(job);
    const left = store.left(job);
    const shown = hasEnded(job) ? duration(elapsed) : coarse(elapsed);
    setText(this.time, [shown, left === null ? "" : `${rough(left)} left`].filter(Boolean).join(" · "));
  }

  #showProgress(job, hasGone) {
    const text = hasGone ? "" : progress(job);
    this.progress.hidden = text === "";
    if (text === "") {
      return;
    }
    const whole = share(job);
    setText(this.text, text);
    setAttribute(this.text, "title", text);
    setAttribute(this.bar, "aria-valuemin", 0);
    setAttribute(this.bar, "aria-valuemax", 100);
    setAttribute(this.bar, "aria-valuenow", whole === null ? null : Math.floor(whole * 100));
    setAttribute(this.bar, "aria-label", `Progress of job ${job.id}`);
    this.bar.classList.toggle("bgjobs-endless", whole === null);
    this.fill.style.transform = whole === null ? "" : `scaleX(${whole})`;
  }
}

function lineOf(job, stop, verdict) {
  if (hasEnded(job)) {
    return job.line || (job.state === "stopped" ? verdict : "") || "";
  }
  const asked = { asked: "asked ...", heard: "stopping ...", late: "it is heard when the cell ends" }[stop];
  return asked ?? verdict ?? [job.place, job.line].filter(Boolean).join(" · ");
}
