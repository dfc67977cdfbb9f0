// What a page makes of messages: rows, orders, filters, logs, times.
import assert from "node:assert/strict";
import test from "node:test";
import { Store, held } from "../../bgjobs/panel/page/store.mjs";

const message = (number, jobs, rest = {}) => ({
  kind: "jobs",
  number,
  is_whole: number === 1,
  now: 100,
  behind: 0,
  front: [],
  jobs,
  gone: [],
  details: {},
  ...rest,
});

const job = (id, state, rest = {}) => ({ id, state, label: `job ${id}`, since: 90, ...rest });

function storeOf(...jobs) {
  const store = new Store(() => 5);
  store.apply(message(1, jobs));
  return store;
}

const ids = (jobs) => jobs.map(({ id }) => id);

test("a change is merged into its row and the rest stays", () => {
  const store = storeOf(job(1, "running", { done: 1, total: 4 }));
  store.apply(message(2, [{ id: 1, done: 2 }]));
  assert.deepEqual(store.jobs.get(1), { ...job(1, "running"), done: 2, total: 4 });
});

test("a message that was missed is noticed, and a whole one mends it", () => {
  const store = storeOf(job(1, "running"));
  assert.equal(store.apply(message(3, [])).isMissing, true);
  assert.equal(store.apply(message(4, [])).isMissing, true, "nothing is known until then");
  assert.equal(store.apply(message(5, [job(2, "done")], { is_whole: true })).isMissing, false);
  assert.deepEqual([...store.jobs.keys()], [2]);
});

test("jobs that end are told once, and not those that had ended before the page came", () => {
  const store = storeOf(job(1, "done"), job(2, "running"), job(3, "running"));
  assert.deepEqual(ids(store.apply(message(2, [{ id: 2, state: "failed" }])).ended), [2]);
  assert.deepEqual(ids(store.apply(message(3, [{ id: 2, line: "x" }])).ended), []);
  const whole = message(4, [job(1, "done"), job(2, "failed"), job(3, "stopped")], { is_whole: true });
  assert.deepEqual(ids(store.apply(whole).ended), [3]);
});

test("a job that started and ended between two messages is told too", () => {
  const store = storeOf();
  assert.deepEqual(ids(store.apply(message(2, [job(1, "done")])).ended), [1]);
});

test("a forgotten job takes its details and its verdict along", () => {
  const store = storeOf(job(1, "done"));
  store.verdicts.set(1, "stopped");
  store.apply(message(2, [], { details: { 1: { where: "", failure: "", names: [] } } }));
  store.apply(message(3, [], { gone: [1] }));
  assert.deepEqual([store.jobs.size, store.details.size, store.verdicts.size], [0, 0, 0]);
});

test("what runs comes first, then what is next, then the last to end", () => {
  const store = storeOf(
    job(1, "done", { since: 95 }),
    job(2, "queued"),
    job(3, "running"),
    job(4, "failed", { since: 97 }),
    job(5, "queued"),
    job(6, "stopping"),
  );
  assert.deepEqual(ids(store.select("all", "")), [6, 3, 2, 5, 4, 1]);
});

test("a group and words select, in any part of a row, and a number with # is the job's", () => {
  const store = storeOf(
    job(1, "failed", { label: "fit(3)", line: "KeyError: 'price'" }),
    job(11, "running", { label: "load(1)", place: "on farm" }),
    job(12, "running", { label: "fit(12)", text: "epoch" }),
  );
  assert.deepEqual(ids(store.select("failed", "")), [1]);
  assert.deepEqual(ids(store.select("all", "keyerror fit")), [1]);
  assert.deepEqual(ids(store.select("running", "FARM")), [11]);
  assert.deepEqual(ids(store.select("all", "epoch")), [12]);
  assert.deepEqual(ids(store.select("all", "#1")), [1]);
  assert.deepEqual(ids(store.select("all", "nothing")), []);
});

test("counts are of groups, and include the jobs that are still to come", () => {
  const store = storeOf(job(1, "running"));
  store.apply(message(2, [], { behind: 6, counts: { running: 3, stopping: 2, created: 1, done: 1 } }));
  const counts = { all: 7, running: 5, waiting: 1, failed: 0, stopped: 0, done: 1 };
  assert.deepEqual(store.counts(), counts);
  store.apply(message(3, [job(2, "done")]));
  assert.deepEqual(store.counts(), counts);
});

test("rows stay where they are while the pointer is there, and new ones come last", () => {
  const jobs = [job(4, "running"), job(3, "running"), job(1, "done")];
  assert.deepEqual(ids(held(jobs, [1, 2, 3])), [1, 3, 4]);
});

test("times are those of the kernel, whatever the clock of the page says", () => {
  let now = 5;
  const store = new Store(() => now);
  store.apply(message(1, [job(1, "running", { since: 90, left: 20 }), job(2, "done", { ran: 3 }), job(3, "created", { since: null })]));
  now = 12;
  assert.equal(store.elapsed(store.jobs.get(1)), 17);
  assert.equal(store.left(store.jobs.get(1)), 13);
  assert.equal(store.elapsed(store.jobs.get(2)), 3);
  assert.equal(store.left(store.jobs.get(2)), null);
  assert.equal(store.elapsed(store.jobs.get(3)), null);
  // A message that took its time does not set the clock back.
  now = 14;
  store.apply(message(2, [], { now: 105 }));
  assert.equal(store.elapsed(store.jobs.get(1)), 19);
});

const log = (from, to, lines, pending = [], missed = 0) => ({ from, to, lines, pending, missed });
const line = (text) => [text, false];

test("a log grows by what follows, and is replaced by what does not", () => {
  const store = storeOf(job(1, "running"));
  const tell = (number, news) => store.apply(message(number, [], { details: { 1: news } }));
  tell(2, { where: "here", failure: "", names: [], log: log(null, 2, [line("a"), line("b")], [line("c")]) });
  tell(3, { log: log(2, 3, [line("cd")]) });
  assert.deepEqual(store.details.get(1).lines, [line("a"), line("b"), line("cd")]);
  assert.deepEqual(store.details.get(1).pending, []);
  assert.equal(store.details.get(1).where, "here");
  tell(4, { log: log(null, 900, [line("z")], [], 899) });
  assert.deepEqual(store.details.get(1).lines, [line("z")]);
  assert.equal(store.details.get(1).missed, 899);
});

test("a page holds the newest 200 lines of a log and counts the others", () => {
  const store = storeOf(job(1, "running"));
  const many = Array.from({ length: 200 }, (_, index) => line(String(index)));
  store.apply(message(2, [], { details: { 1: { log: log(null, 200, many) } } }));
  store.apply(message(3, [], { details: { 1: { log: log(200, 203, [line("x"), line("y"), line("z")]) } } }));
  const { lines, missed } = store.details.get(1);
  assert.deepEqual([lines.length, lines[0], lines[199], missed], [200, line("3"), line("z"), 3]);
});

test("12,000 jobs are filtered and sorted within a frame or two", () => {
  const states = ["running", "queued", "done", "failed"];
  const store = storeOf(...Array.from({ length: 12000 }, (_, id) => job(id, states[id % 4], { label: `fit(${id})` })));
  store.select("all", "fit(1");
  const began = performance.now();
  assert.ok(store.select("all", "fit(11").length > 1000);
  // It takes 5 ms; this finds a quadratic one even on a busy machine.
  assert.ok(performance.now() - began < 500);
});
