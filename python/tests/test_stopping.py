"""What a stop answers, and how a body notices it; what it interrupts is in `test_cancel_race`."""

from __future__ import annotations

import pickle
import re
import threading
import time

import pytest

import bgjobs
from bgjobs import BackgroundJobManager, Stopped, stopping


@pytest.fixture
def jobs() -> BackgroundJobManager:
    return BackgroundJobManager()


def running(job, entered):
    """The job, once its body runs."""
    assert entered.wait(30)
    return job


def test_a_sleep_notices_the_stop_at_once_and_knows_its_reason(jobs):
    reasons = []

    def body():
        entered.set()
        try:
            bgjobs.sleep(3600)
        except Stopped as error:
            reasons.append(str(error))
            raise

    entered = threading.Event()
    job = running(jobs.new(body), entered)
    verdict = job.stop("not needed", timeout=30)
    assert verdict.stopped and verdict and str(verdict).startswith("stopped after ")
    assert reasons == ["not needed"]
    sent = pickle.loads(pickle.dumps(job.exception()))
    assert type(sent) is Stopped and str(sent) == "not needed"
    assert (job.outcome, job.stat_code, job.finished) == ("stopped", -1, None)
    assert job.status == "Dead (Stopped), call jobs.traceback() for details"


def test_a_body_may_ask_whether_it_was_stopped_and_complete(jobs):
    def body():
        entered.set()
        while not bgjobs.cancelled():
            time.sleep(0)
        return "cleaned up"

    entered = threading.Event()
    job = running(jobs.new(body), entered)
    # Only the first rung of the ladder, so that the body is not interrupted before it asks.
    job._ask_stop("enough")
    job.join()
    assert job.result == "cleaned up"
    assert str(job.stop()) == "had completed before"


def test_a_body_that_has_asked_before_gets_a_moment_to_return(jobs):
    def body():
        while not bgjobs.cancelled():
            entered.set()
            time.sleep(0)
        return "cleaned up"

    entered = threading.Event()
    job = running(jobs.new(body), entered)
    verdict = job.stop("enough", timeout=30)
    assert (job.result, str(verdict)) == ("cleaned up", "had completed before it noticed the stop")


def test_a_body_that_has_never_asked_is_interrupted_at_once(jobs, monkeypatch):
    # So long that the test would fail by its limit of time.
    monkeypatch.setattr(stopping, "_COURTESY", 3600.0)

    def body():
        entered.set()
        while True:
            pass

    entered = threading.Event()
    job = running(jobs.new(body), entered)
    assert job.stop(timeout=30).stopped


def test_outside_of_jobs_sleep_is_sleep_and_nothing_is_cancelled():
    began = time.monotonic()
    bgjobs.sleep(0.01)
    assert time.monotonic() - began >= 0.01
    assert not bgjobs.cancelled()


def test_a_function_of_c_that_a_job_calls_itself_is_where_it_is(jobs):
    lock = threading.Lock()
    lock.acquire()
    job = jobs.new(lock.acquire, True, 60)
    assert job.ident
    assert job.where().splitlines()[1:] == ["  in lock.acquire(True, 60)"]
    assert re.search(r": in a C call at lock.acquire\(True, 60\), for at least \d+ ms; ", str(job.stop(timeout=0)))
    lock.release()
    job.join()


def test_the_verdict_on_a_job_in_a_c_call_says_where_and_for_how_long(jobs):
    entered, lock = threading.Event(), threading.Lock()
    lock.acquire()
    job = running(jobs.new("entered.set() or lock.acquire()", {"entered": entered, "lock": lock}), entered)
    verdict = job.stop(timeout=0.05)
    assert not verdict and not verdict.stopped
    assert "in a C call at line 1 of its expression, for at least " in str(verdict)
    assert str(verdict).endswith("; it stops when that returns")
    assert "    entered.set() or lock.acquire()" in job.where()
    lock.release()
    job.join()
    assert job.outcome == "stopped"


def test_the_verdict_on_a_job_that_has_ended_says_so(jobs):
    done, dead = jobs.new(int), jobs.new("1 / 0", {})
    done.join(), dead.join()
    assert str(done.stop()) == "had completed before"
    assert str(dead.stop()) == "had failed before"
    assert done.where() == f"{done!r} is not running: Completed"


def test_the_verdict_on_a_job_that_stops_itself_says_that_it_runs(jobs):
    job = jobs.new(lambda: str(job_of().stop(timeout=30)))

    def job_of():
        return jobs[0]

    job.join()
    # It is interrupted as soon as the answer is given.
    assert job.outcome == "stopped"


def test_raising_the_stop_of_another_job_is_a_failure(jobs):
    def body():
        raise Stopped("of another")

    job = jobs.new(body)
    job.join()
    assert job.outcome == "failed"
    assert str(job.exception()) == "of another"


def test_the_verdict_tells_a_body_that_swallows_the_stop_from_one_in_a_c_call(jobs):
    def body():
        entered.set()
        while not gate.is_set():
            try:
                while not gate.is_set():
                    time.sleep(0.001)
            except BaseException as error:
                swallowed.append(str(error))

    entered, gate, swallowed = threading.Event(), threading.Event(), []
    job = running(jobs.new(body), entered)
    verdict = job.stop("enough", timeout=1.0)
    gate.set()
    job.join()
    assert "its body has swallowed the stop, or still cleans up; it is now at " in str(verdict)
    assert swallowed == ["enough"], "even a body that did not ask learns the reason"
