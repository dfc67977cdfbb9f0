// The page's end of the line to the kernel: what is told and asked, and whether anybody answers.
// It knows the store, but not the document.
import { Store } from "./store.mjs";
import { Still } from "./still.mjs";

// After how many milliseconds a stop that is not answered counts as late: the kernel hears it when its cell ends.
const PATIENCE = 1500;

// How many milliseconds a list that scrolls has to settle.
const SETTLED = 150;

// How many milliseconds the kernel has to answer a page that knows nothing, until it is asked again.
const AGAIN = 10000;

export class Link {
  // Each of `listeners` is called after each change, with the jobs that have ended; each of `views` says what it shows.
  constructor(model, store = new Store()) {
    this.model = model;
    this.store = store;
    this.still = new Still(model);
    this.page = pageName();
    this.isConnected = true;
    this.stops = new Map();
    this.letGos = new Map();
    this.listeners = new Set();
    this.views = new Set();
    this.onHide = () => this.#send({ kind: "bye" });
    addEventListener("pagehide", this.onHide);
    model.on("msg:custom", (message) => this.#receive(message));
    // The widget's line to the kernel was cut, or is whole again.
    model.on("comm_live_update", () => this.hello());
    this.hello();
  }

  close() {
    removeEventListener("pagehide", this.onHide);
    this.onHide();
  }

  // Asks for all that there is to know.
  hello() {
    this.askedAt = performance.now();
    this.#send({ kind: "hello", keeps: this.still.isKept });
    this.told = "";
    this.looked();
  }

  // Says which rows are in view and open, if that is new.
  looked() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const all = (key) => [...new Set([...this.views].flatMap((view) => [...view[key]]))].sort((one, other) => one - other);
      const look = { kind: "look", seen: all("seen"), open: all("open") };
      const text = JSON.stringify(look);
      if (text !== this.told) {
        this.told = text;
        this.#send(look);
      }
    }, SETTLED);
  }

  stop(ids) {
    ids.forEach((id) => this.store.verdicts.delete(id));
    this.#request("stop", ids, this.stops);
  }

  // Ends the waits of cells for these jobs.
  letGo(ids) {
    this.#request("let_go", ids, this.letGos);
  }

  #request(kind, ids, states) {
    ids.forEach((id) => states.set(id, "asked"));
    this.#send({ kind, ids });
    setTimeout(() => {
      const late = ids.filter((id) => states.get(id) === "asked");
      late.forEach((id) => states.set(id, "late"));
      if (late.length > 0) {
        this.#tell([]);
      }
    }, PATIENCE);
    this.#tell([]);
  }

  #send(message) {
    const was = this.isConnected;
    try {
      this.model.send({ ...message, page: this.page });
      this.isConnected = true;
    } catch {
      this.isConnected = false;
    }
    if (was !== this.isConnected) {
      this.#tell([]);
    }
  }

  #receive(message) {
    if (message.kind === "jobs") {
      const { ended, isMissing } = this.store.apply(message);
      if (isMissing) {
        // A kernel that runs a cell may hear it only then.
        if (performance.now() - this.askedAt > AGAIN || this.knewAll) {
          this.hello();
        }
        this.knewAll = false;
        return;
      }
      this.knewAll = true;
      ended.forEach(({ id }) => this.stops.delete(id));
      this.#tell(ended);
    } else if (message.kind === "asked") {
      message.ids.forEach((id) => this.stops.set(id, "heard"));
      this.#tell([]);
    } else if (message.kind === "gone_on") {
      message.ids.forEach((id) => this.letGos.delete(id));
      this.#tell([]);
    } else if (message.kind === "verdict") {
      this.stops.delete(message.id);
      this.store.verdicts.set(message.id, message.text);
      this.#tell([]);
    } else if (message.kind === "still") {
      this.still.keep(message.html);
    }
  }

  #tell(ended) {
    this.listeners.forEach((listener) => listener(ended));
  }
}

// A page has its name again when it is loaded again, so that the kernel forgets what it showed before.
function pageName() {
  const made = Math.random().toString(36).slice(2);
  try {
    const name = sessionStorage.getItem("bgjobs-page") ?? made;
    sessionStorage.setItem("bgjobs-page", name);
    return name;
  } catch {
    return made;
  }
}
