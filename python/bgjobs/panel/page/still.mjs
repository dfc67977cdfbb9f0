// The still pictures of the panel: each stands below a live view, for when there is no kernel.
// It knows JupyterLab's notebook, where the page is one.
import { element } from "./row.mjs";

export class Still {
  constructor(model) {
    this.model = model;
    this.mark = `bgjobs-of-${model.get("still")}`;
  }

  // A style that hides the pictures while the page has it.
  hiding() {
    return element("style", {}, `.${this.mark}, .jp-OutputArea-child:has(.${this.mark}) { display: none !important; }`);
  }

  // Whether the pictures can be changed here: in JupyterLab and Notebook.
  get isKept() {
    return this.#cells() !== null;
  }

  // Has the notebook of this page keep a picture.
  keep(html) {
    for (const { outputs } of this.#cells() ?? []) {
      for (let at = 0; at < (outputs?.length ?? 0); at += 1) {
        const { type, data, metadata } = outputs.get(at);
        if (type === "display_data" && String(data["text/html"]).includes(this.mark)) {
          outputs.set(at, { output_type: type, data: { ...data, "text/html": html }, metadata });
        }
      }
    }
  }

  #cells() {
    try {
      // Not every page's manager of widgets knows a notebook.
      return [...this.model.widget_manager.context.model.cells];
    } catch {
      return null;
    }
  }
}
