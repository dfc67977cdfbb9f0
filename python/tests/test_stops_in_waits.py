"""A stop reaches the waits of this package at once; clean-up code that waits is left to do so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Callable

import pytest

import bgjobs
from bgjobs import BackgroundJobManager, Stopped
from bgjobs.jobs import BackgroundJobBase

Manager = BackgroundJobManager
Job = BackgroundJobBase

LONG = 60
"""More seconds than anything takes that does not hang."""


@pytest.fixture
def jobs() -> Manager:
    return Manager()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def awaited(jobs: Manager, gate: threading.Event) -> Job:
    """A job that goes on to the end of the test."""
    return jobs.new(gate.wait, group="awaited")


def waits_in(jobs: Manager, wait: Callable[[], object]) -> Job:
    """A job whose body waits like this."""
    job = jobs.new(wait)
    reach_wait(job)
    return job


def reach_wait(job: Job) -> None:
    """Returns when the body of the job waits."""
    while job._wake is None:
        assert not job.done(), job._tb


async def in_a_coroutine(wait: Callable[[], object]) -> None:
    wait()


WAITS: dict[str, Callable[[Manager, Job], object]] = {
    "join": lambda jobs, job: job.join(),
    "join with a limit": lambda jobs, job: job.join(LONG),
    "get": lambda jobs, job: job.get(),
    "get with a limit": lambda jobs, job: job.get(LONG),
    "exception": lambda jobs, job: job.exception(),
    "wait_all": lambda jobs, job: bgjobs.wait_all([job]),
    "wait_all with a limit": lambda jobs, job: bgjobs.wait_all([job], LONG),
    "wait_any": lambda jobs, job: bgjobs.wait_any([job]),
    "as_completed": lambda jobs, job: list(bgjobs.as_completed([job])),
    "jobs.wait": lambda jobs, job: jobs.wait(),
    "group.wait": lambda jobs, job: jobs.group("awaited").wait(),
    "a wait in a coroutine": lambda jobs, job: bgjobs.wait_all([job]),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_stop_ends_a_wait_at_once(jobs: Manager, awaited: Job, wait: str) -> None:
    def body() -> Any:
        try:
            WAITS[wait](jobs, awaited)
        except Stopped as error:
            seen.append(str(error))
            raise

    seen: list[str] = []
    start = (lambda: in_a_coroutine(body)) if "coroutine" in wait else body
    job = waits_in(jobs, start)
    assert job.stop("not needed", timeout=LONG).stopped
    assert seen == ["not needed"]
    assert not awaited.done() and job._wake is None


@pytest.mark.parametrize("wait", ["join", "as_completed"])
def test_a_stop_as_the_awaited_job_ends_hits_the_waiting_job_or_none(jobs: Manager, wait: str) -> None:
    for _ in range(100):
        gate = threading.Event()
        awaited = jobs.new(gate.wait)
        job = waits_in(jobs, lambda awaited=awaited: WAITS[wait](jobs, awaited))  # type: ignore[misc]
        opening = threading.Thread(target=gate.set)
        opening.start()
        assert job.stop(timeout=LONG).finished
        opening.join()
        awaited.join()
        assert awaited.outcome == "done" and job.outcome in ("done", "stopped")
    assert jobs.new("1 + 1", {}).get(LONG) == 2


def test_a_stop_reaches_a_job_that_stops_another(jobs: Manager, gate: threading.Event) -> None:
    def swallow() -> None:
        try:
            entered.set()
            gate.wait()
        except Stopped:
            gate.wait()

    entered = threading.Event()
    swallowing = jobs.new(swallow)
    assert entered.wait(LONG)
    job = waits_in(jobs, lambda: swallowing.stop(timeout=LONG))
    assert job.stop(timeout=LONG).stopped
    assert not swallowing.done()


def test_a_stop_reaches_a_job_that_awaits_another(jobs: Manager, awaited: Job) -> None:
    async def body() -> None:
        entered.set()
        await awaited

    entered = threading.Event()
    job = jobs.new(body)
    assert entered.wait(LONG)
    assert job.stop(timeout=LONG).stopped


def test_a_time_limit_ends_a_wait_at_once(jobs: Manager, awaited: Job) -> None:
    job = jobs.new(awaited.join, time_limit=0.01)
    job.join(LONG)
    assert job.outcome == "stopped" and str(job.exception()) == "time limit of 10ms"


def test_a_job_that_was_stopped_in_a_wait_has_its_slot_back_for_its_clean_up(
    jobs: Manager, awaited: Job, gate: threading.Event
) -> None:
    def body() -> None:
        try:
            awaited.join()
        finally:
            running.append(net.running)

    running: list[int] = []
    net = jobs.group("net", limit=1)
    job = net.submit(body)
    reach_wait(job)
    assert net.running == 0
    assert job.stop(timeout=LONG).stopped and running == [1]


def test_clean_up_code_waits_for_other_jobs_after_a_stop(jobs: Manager, awaited: Job, gate: threading.Event) -> None:
    def body() -> None:
        try:
            awaited.join()
        finally:
            stopped.set()
            bgjobs.wait_all([awaited])
            awaited.join()
            seen.append(awaited.outcome)

    stopped, seen = threading.Event(), []
    job = waits_in(jobs, body)
    assert not job.stop(timeout=0.05)
    assert stopped.wait(LONG)
    gate.set()
    job.join(LONG)
    assert (job.outcome, seen) == ("stopped", ["done"])


def test_clean_up_code_waits_after_a_sleep_that_has_noticed_the_stop(
    jobs: Manager, awaited: Job, gate: threading.Event
) -> None:
    def body() -> None:
        entered.set()
        try:
            bgjobs.sleep(LONG)
        finally:
            awaited.join()
            seen.append(awaited.outcome)

    entered, seen = threading.Event(), []
    job = jobs.new(body)
    assert entered.wait(LONG)
    reach_wait(job)
    # Long after the moment that a body has to react to the request.
    assert not job.stop(timeout=0.2)
    gate.set()
    job.join(LONG)
    assert (job.outcome, seen) == ("stopped", ["done"])


def test_a_second_stop_ends_a_wait_of_the_clean_up_code(jobs: Manager, awaited: Job) -> None:
    def body() -> None:
        try:
            awaited.join()
        finally:
            stopped.set()
            awaited.join()

    stopped = threading.Event()
    job = waits_in(jobs, body)
    job.stop(timeout=0)
    assert stopped.wait(LONG)
    reach_wait(job)
    assert job.stop(timeout=LONG).stopped


def test_the_verdict_on_clean_up_that_waits_names_the_users_line(jobs: Manager, awaited: Job) -> None:
    def body() -> None:
        try:
            awaited.join()
        finally:
            stopped.set()
            awaited.join()

    stopped = threading.Event()
    job = waits_in(jobs, body)
    verdict = job.stop(timeout=1.0)
    assert stopped.is_set()
    place = f"its body has swallowed the stop, or still cleans up; it is now at {__file__}:"
    assert place in str(verdict) and str(verdict).endswith(", in body")
    job.stop(timeout=LONG)


def test_a_thread_that_a_job_has_started_waits_on(jobs: Manager, awaited: Job, gate: threading.Event) -> None:
    def body() -> None:
        other = threading.Thread(target=awaited.join)
        other.start()
        try:
            started.set()
            gate.wait()
        finally:
            other.join()

    started = threading.Event()
    job = jobs.new(body)
    assert started.wait(LONG)
    job.stop(timeout=0)
    gate.set()
    job.join(LONG)
    assert job.outcome == "stopped"
