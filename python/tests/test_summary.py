"""A job as data: what `job.summary()` and `jobs.to_json()` say."""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime, timezone

import pytest

from bgjobs import BackgroundJobBase, BackgroundJobFunc, BackgroundJobManager, _core, workers


@pytest.fixture
def jobs():
    return BackgroundJobManager()


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()


def test_a_finished_job_has_all_its_times_and_what_it_is(jobs):
    before = time.time()
    job = jobs.new(print, "one\ntwo", daemon=True)
    job.join()
    summary = job.summary()
    created, started, finished = (moment(summary.pop(name)) for name in ("created", "started", "finished"))
    waited, ran = summary.pop("waited"), summary.pop("ran")
    assert before - 0.2 < created <= started <= finished < time.time() + 0.2
    assert abs(started - created - waited) < 0.001 and abs(finished - started - ran) < 0.001
    assert summary == {
        "id": 0,
        "name": "print('one\\ntwo')",
        "daemon": True,
        "state": "done",
        "group": None,
        "why": [],
        "attempts": [],
        "stop_reason": None,
        "lines": 2,
        "progress": None,
        "remaining": None,
        "failure": None,
    }


def test_a_job_that_was_not_started_has_the_same_keys(jobs):
    unstarted, started = BackgroundJobFunc(print).summary(), jobs.new("1", {}).summary()
    assert unstarted.keys() == started.keys()
    assert unstarted["id"] is None and unstarted["state"] == "created" and unstarted["created"] is None
    unstarted["why"].append("mine")
    assert BackgroundJobFunc(print).summary()["why"] == []


def test_the_state_is_a_word_of_the_engine(jobs):
    gate, begun = threading.Event(), threading.Event()

    def body():
        begun.set()
        gate.wait(60)

    entered = BackgroundJobFunc(print)
    entered.num = workers.enter(entered, _core.Table())
    summary = entered.summary()
    assert summary["state"] == "created" and summary["created"] and summary["started"] is summary["ran"] is None
    workers.push(entered)
    entered.join()
    job = jobs.new(body)
    begun.wait(60)
    summary = job.summary()
    assert summary["state"] == "running" and summary["started"] and summary["finished"] is None
    assert not job.stop("not needed", timeout=0).stopped
    summary = job.summary()
    assert (summary["state"], summary["stop_reason"], summary["failure"]) == ("stopping", "not needed", None)
    gate.set()
    job.join()
    summary = job.summary()
    assert summary["state"] == "stopped" and summary["finished"]
    assert summary["failure"] == {"kind": "stop", "message": "not needed"}


def test_a_failure_is_its_kind_and_its_message(jobs):
    def body():
        error = ValueError("no rows")
        if sys.version_info >= (3, 11):
            error.add_note("a note")
        raise error

    job = jobs.new(body)
    job.join()
    summary = job.summary()
    assert summary["state"] == "failed"
    assert summary["failure"] == {"kind": "error", "message": "ValueError: no rows"}
    job = jobs.new("{}['x' * 1_000_000]", {})
    job.join()
    assert len(job.summary()["failure"]["message"]) < 1100


def test_the_times_of_attempts_are_texts_too():
    class Retried(BackgroundJobFunc):
        def _summary(self):
            failed = {"number": 1, "started": 0.0, "ended": 0.9999999, "failure": {"kind": "error", "message": "no"}}
            running = {"number": 2, "started": 1.25, "ended": None, "failure": None}
            return {"state": "running", "attempts": [failed, running]}

    first, second = Retried(print).summary()["attempts"]
    assert (first["started"], first["ended"]) == ("1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:01.000000Z")
    assert (second["started"], second["ended"]) == ("1970-01-01T00:00:01.250000Z", None)


def test_all_jobs_as_json_are_their_summaries_by_number(jobs, capsys):
    for n in (1, 0):
        jobs.new(divmod, 1, n).join()
    assert json.loads(jobs.to_json()) == [jobs[0].summary(), jobs[1].summary()]
    assert "\n  {" in jobs.to_json(indent=2)
    assert jobs.to_json() == json.dumps(json.loads(jobs.to_json()))
    assert BackgroundJobManager().to_json() == "[]"
    assert jobs._status_new(), "it is not a report"


def test_any_text_is_safe_in_json(jobs):
    evil = "</script>\x1b[2J\udcff\u202e"

    class Evil(BackgroundJobBase):
        def __init__(self):
            self.strform = evil
            self._init()

        def call(self):
            raise ValueError(evil)

    job = jobs.start(Evil())
    job.join()
    text = jobs.to_json()
    assert text.isascii() and text.isprintable()
    assert json.loads(text)[0]["failure"]["message"] == f"ValueError: {evil}"


def test_a_class_with_a_summary_of_its_own_does_not_change_the_json(jobs):
    class Mine(BackgroundJobBase):
        def __init__(self):
            self.summary = self.label = "of mine"
            self.strform = "mine"
            self._init()

        def call(self):
            """Does nothing."""

    jobs.start(Mine()).join()
    assert json.loads(jobs.to_json())[0]["name"] == "mine"


def test_the_result_is_not_in_the_summary(jobs):
    job = jobs.new("object()")
    job.join()
    assert "result" not in job.summary()
    assert json.loads(jobs.to_json())[0]["state"] == "done"
