// The body of an open row: where the job is, why it failed, its names, what it printed.
import { element, setText } from "./row.mjs";
import { plural } from "./format.mjs";

const TITLES = { failure: "Failure", where: "Place", names: "Names", log: "Log" };

export class Details {
  constructor(node) {
    this.parts = {};
    for (const [key, title] of Object.entries(TITLES)) {
      const text = element("pre", { tabindex: "0", "aria-label": title });
      const part = element("section", { class: `bgjobs-${key}` }, element("h4", {}, title), text);
      part.hidden = true;
      this.parts[key] = { part, text };
      node.append(part);
    }
    this.wait = element("p", { class: "bgjobs-dim" }, "Asking the kernel ...");
    node.append(this.wait);
  }

  // Shows what is known; nothing is yet if `details` is undefined.
  show(details) {
    const isKnown = details !== undefined && details.where !== undefined;
    this.wait.hidden = isKnown;
    if (!isKnown) {
      return;
    }
    this.#show("failure", details.failure);
    this.#show("where", details.where);
    this.#show("names", details.names.map(([name, value]) => `${name} = ${value}`).join("\n"));
    this.#showLog(details);
  }

  #show(key, text) {
    this.parts[key].part.hidden = text === "";
    setText(this.parts[key].text, text);
  }

  #showLog({ lines, pending, missed, end, is_final: isFinal }) {
    const { part, text } = this.parts.log;
    const shown = JSON.stringify([end, missed, pending, isFinal]);
    if (shown === this.shown) {
      return;
    }
    this.shown = shown;
    part.hidden = false;
    const isAtEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 4;
    const nodes = [...lines, ...pending].map(([line, isError], index) => {
      const kind = (isError ? "bgjobs-error " : "") + (index >= lines.length ? "bgjobs-pending" : "");
      return element("bdi", { class: kind.trim() }, line === "" ? " " : line);
    });
    if (missed > 0) {
      nodes.unshift(element("bdi", { class: "bgjobs-dim" }, `${plural(missed, "line")} before these`));
    }
    if (nodes.length === 0) {
      nodes.push(element("bdi", { class: "bgjobs-dim" }, isFinal ? "It printed nothing." : "Nothing printed yet."));
    }
    text.replaceChildren(...nodes);
    if (isAtEnd) {
      text.scrollTop = text.scrollHeight;
    }
  }
}
