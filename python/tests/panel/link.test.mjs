// The page's end of the line to the kernel, with a model that notes what it is sent.
import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { Link } from "../../bgjobs/panel/page/link.mjs";
import { textOf } from "../../bgjobs/panel/page/notify.mjs";

globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};

class Model {
  sent = [];
  handlers = {};
  isDead = false;

  get() {
    return "picture";
  }

  on(event, handler) {
    this.handlers[event] = handler;
  }

  send(message) {
    if (this.isDead) {
      throw new Error("Cannot send");
    }
    this.sent.push(message);
  }

  receive(message) {
    this.handlers["msg:custom"](message);
  }

  kinds() {
    return this.sent.map(({ kind }) => kind);
  }
}

const whole = (number, jobs = []) => ({ kind: "jobs", number, is_whole: true, now: 1, behind: 0, front: [], jobs, gone: [], details: {} });
const running = { id: 1, state: "running", label: "fit", since: 1 };

function linked() {
  mock.timers.enable({ apis: ["setTimeout"] });
  const model = new Model();
  const link = new Link(model);
  model.receive(whole(1, [running]));
  return { model, link };
}

test.afterEach(() => mock.timers.reset());

test("a page says hello when it is loaded, and again when it has missed a message, but not with each", () => {
  const { model } = linked();
  assert.deepEqual(model.kinds(), ["hello"]);
  model.receive({ ...whole(3), is_whole: false });
  model.receive({ ...whole(4), is_whole: false });
  assert.deepEqual(model.kinds(), ["hello", "hello"]);
});

test("what is in view is told once it has settled, and only if it is new", () => {
  const { model, link } = linked();
  link.views.add({ seen: [2, 1], open: new Set([1]) });
  link.views.add({ seen: [1, 3], open: new Set() });
  link.looked();
  link.looked();
  mock.timers.tick(1000);
  link.looked();
  mock.timers.tick(1000);
  const looks = model.sent.filter(({ kind }) => kind === "look");
  assert.deepEqual(looks, [{ kind: "look", seen: [1, 2, 3], open: [1], page: link.page }]);
});

test("a stop that is not heard in time says so until it is", () => {
  const { model, link } = linked();
  link.stop([1]);
  assert.deepEqual(model.sent.at(-1), { kind: "stop", ids: [1], page: link.page });
  assert.equal(link.stops.get(1), "asked");
  mock.timers.tick(1500);
  assert.equal(link.stops.get(1), "late");
  model.receive({ kind: "asked", ids: [1] });
  assert.equal(link.stops.get(1), "heard");
  model.receive({ kind: "verdict", id: 1, text: "still running" });
  assert.equal(link.stops.has(1), false);
  assert.equal(link.store.verdicts.get(1), "still running");
});

test("a stop that is heard is never late", () => {
  const { model, link } = linked();
  link.stop([1]);
  model.receive({ kind: "asked", ids: [1] });
  mock.timers.tick(1500);
  assert.equal(link.stops.get(1), "heard");
});

test("a page whose kernel has gone knows it, and knows when it is back", () => {
  const { model, link } = linked();
  const told = [];
  link.listeners.add(() => told.push(link.isConnected));
  model.isDead = true;
  model.handlers.comm_live_update();
  assert.equal(link.isConnected, false);
  model.isDead = false;
  model.handlers.comm_live_update();
  assert.equal(link.isConnected, true);
  assert.deepEqual(told, [false, true]);
});

test("listeners hear which jobs have ended", () => {
  const { model, link } = linked();
  const heard = [];
  link.listeners.add((ended) => heard.push(...ended.map(({ id }) => id)));
  model.receive({ ...whole(2, [{ id: 1, state: "done" }]), is_whole: false });
  assert.deepEqual(heard, [1]);
});

test("a notification names one job, and counts many", () => {
  const ended = (id, state) => ({ id, state, label: `fit(${id})`, line: "" });
  assert.deepEqual(textOf([{ ...ended(3, "failed"), line: "KeyError: 'x'" }]), {
    title: "Job #3 has failed",
    body: "fit(3)\nKeyError: 'x'",
  });
  const { title, body } = textOf([ended(1, "done"), ended(2, "done"), ended(3, "stopped")]);
  assert.equal(title, "3 jobs ended: 2 done, 1 stopped");
  assert.equal(body, "#1 fit(1)\n#2 fit(2)\n#3 fit(3)");
});
