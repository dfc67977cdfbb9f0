// Times and numbers as people read them.
import assert from "node:assert/strict";
import test from "node:test";
import { coarse, duration, plural, progress, rough, share } from "../../bgjobs/panel/page/format.mjs";

test("a time has the unit that suits it", () => {
  assert.deepEqual([0, 0.0042, 1.26, 59.94, 59.99, 185, 9659, 200000, null].map(duration), [
    "0 ms",
    "4 ms",
    "1.3 s",
    "59.9 s",
    "59 s",
    "3 min 5 s",
    "2 h 40 min",
    "2 d 7 h",
    "",
  ]);
});

test("a time that passes has no tenths", () => {
  assert.deepEqual([0.4, 1.9, 61].map(coarse), ["0 s", "1 s", "1 min 1 s"]);
});

test("a time that is a guess has one unit", () => {
  assert.deepEqual([0.4, 47, 156, 3600, 9000, 500000].map(rough), ["1 s", "47 s", "3 min", "60 min", "3 h", "6 d"]);
});

test("progress is percent and text, or a count", () => {
  assert.equal(progress({ done: 2, total: 3, text: "fit" }), "66% · fit");
  assert.equal(progress({ done: 9, total: 3, text: null }), "100%");
  assert.equal(progress({ done: 1234, total: null, text: null }), "1,234 done");
  assert.equal(progress({ done: 0, total: null, text: "load" }), "load");
  assert.equal(progress({}), "");
  assert.equal(share({ done: 1, total: null }), null);
});

test("one is not many", () => {
  assert.deepEqual([plural(1, "job"), plural(5000, "job")], ["1 job", "5,000 jobs"]);
});
