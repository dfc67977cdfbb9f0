// The head of the panel: the counts, the field, and what concerns all jobs.
// It does not know rows.
import { GROUPS, hasEnded } from "./store.mjs";
import { number, plural } from "./format.mjs";
import { element, setAttribute, setText } from "./row.mjs";
import { canNotify, isNotifying, setNotifying } from "./notify.mjs";

// How many milliseconds a question stands.
const QUESTION = 4000;

const LOST = "Disconnected: the kernel has ended or was restarted. This is how the jobs were.";

export class Head {
  // `on.choose()` is called when another group or other words are chosen, `on.draw()` when anything else has changed.
  constructor(link, { group, text }, on) {
    this.link = link;
    this.group = group;
    this.text = text;
    this.on = on;
    this.trouble = "";
    this.live = [];
    this.nodes = [this.#toolbar(), this.#banner(), this.#front()];
  }

  // Whether not all jobs are shown.
  get isChosen() {
    return this.group !== "all" || this.text.trim() !== "";
  }

  clear() {
    this.field.value = "";
    this.#choose(this.group, "");
  }

  // Shows the counts, and how many of the jobs shown can be stopped.
  draw(counts, jobs) {
    for (const [key, { chip, count }] of this.chips) {
      setText(count, number(counts[key]));
      setAttribute(chip, "aria-pressed", this.group === key);
      chip.hidden = counts[key] === 0 && key !== "all" && this.group !== key;
    }
    this.toolbar.hidden = counts.all === 0;
    setAttribute(this.bell, "aria-pressed", isNotifying());
    this.#drawStopAll(jobs);
    this.#drawBanner();
    this.#drawFront();
  }

  #toolbar() {
    this.chips = new Map();
    const chips = element("div", { class: "bgjobs-chips", role: "group", "aria-label": "Show" });
    for (const { key, name } of GROUPS) {
      const count = element("span", { class: "bgjobs-count" });
      const chip = element("button", { type: "button", class: `bgjobs-chip bgjobs-chip-${key}` }, `${name} `, count);
      chip.addEventListener("click", () => this.#choose(this.group === key ? "all" : key, this.text));
      chips.append(chip);
      this.chips.set(key, { chip, count });
    }
    const about = "Show only the jobs with these words in their name, last line or place, or with this #number";
    this.field = element("input", { type: "search", placeholder: "Filter", "aria-label": about, title: about });
    this.field.value = this.text;
    this.field.addEventListener("input", () => this.#choose(this.group, this.field.value));
    this.stopAll = element("button", { type: "button", class: "bgjobs-stop" });
    this.stopAll.addEventListener("click", () => this.#stopAll());
    this.bell = element("button", { type: "button", class: "bgjobs-bell" }, "Notify");
    this.bell.title = "A notification of the browser when a job ends while this page is not in view";
    this.bell.hidden = !canNotify();
    this.bell.addEventListener("click", () => this.#ring());
    this.toolbar = element("div", { class: "bgjobs-toolbar" }, chips, this.field, this.stopAll, this.bell);
    return this.toolbar;
  }

  #banner() {
    this.banner = element("p", { class: "bgjobs-banner", role: "status" });
    return this.banner;
  }

  #front() {
    this.waits = element("bdi");
    this.letGo = element("button", { type: "button", class: "bgjobs-stop" }, "To background");
    this.letGo.title = "Ends the wait of the cell; the job goes on";
    this.letGo.addEventListener("click", () => this.link.letGo(this.link.store.front));
    this.front = element("p", { class: "bgjobs-front" }, this.waits, " ", this.letGo);
    return this.front;
  }

  #choose(group, text) {
    this.group = group;
    this.text = text;
    this.on.choose();
  }

  #drawStopAll(jobs) {
    this.live = jobs.filter((job) => !hasEnded(job)).map((job) => job.id);
    this.stopAll.hidden = !this.isChosen || this.live.length < 2 || !this.link.isConnected;
    const count = number(this.live.length);
    setText(this.stopAll, this.isQuestion ? `Really stop ${count}?` : `Stop these ${count}`);
  }

  #stopAll() {
    if (this.isQuestion) {
      this.isQuestion = false;
      this.link.stop(this.live);
    } else {
      this.isQuestion = true;
      setTimeout(() => {
        this.isQuestion = false;
        this.on.draw();
      }, QUESTION);
    }
    this.on.draw();
  }

  #drawBanner() {
    const { behind } = this.link.store;
    const coming = behind > 0 ? `${plural(behind, "job")} still to come ...` : "";
    setText(this.banner, this.link.isConnected ? this.trouble || coming : LOST);
    this.banner.hidden = this.banner.textContent === "";
  }

  #drawFront() {
    const { store, letGos, isConnected } = this.link;
    const id = store.front.at(-1);
    this.front.hidden = id === undefined || !isConnected;
    if (this.front.hidden) {
      return;
    }
    const asked = letGos.get(id);
    const late = asked === "late" ? ". It is heard when the cell ends; to interrupt the kernel does the same at once" : "";
    setText(this.waits, `A cell waits for #${id} ${store.jobs.get(id)?.label ?? ""}${late}`);
    this.letGo.disabled = asked !== undefined;
  }

  async #ring() {
    this.trouble = await setNotifying(!isNotifying());
    this.on.draw();
  }
}
