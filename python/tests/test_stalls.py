"""Which job kept the prompt from running: C code that holds the interpreter's lock, for real."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bgjobs import BackgroundJobManager, stalls, workers

pytestmark = pytest.mark.skipif(
    not hasattr(time, "pthread_getcpuclockid"), reason="the clocks of threads are not known here"
)


class Told(list):
    """What a watch has told; a job's end does not mean that it was."""

    def __init__(self) -> None:
        super().__init__()
        self.any = threading.Event()

    def __call__(self, stall: stalls.Stall) -> None:
        self.append(stall)
        self.any.set()


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    workers.on_start = stalls.StallMonitor(told).add
    yield told
    workers.on_start = None


@pytest.fixture(scope="module")
def size() -> int:
    """How far a sum goes that takes a second of the processor in one call into C."""
    size = 1_000_000
    began = time.thread_time()
    sum(range(size))
    return int(size / (time.thread_time() - began))


def test_a_job_that_holds_the_lock_is_named_with_its_call(told: Told, size: int) -> None:
    jobs = BackgroundJobManager()
    left: list[bool] = []

    def body() -> None:
        sum(range(size))
        # It stays in this function, where the watch sees it.
        while not left:
            time.sleep(0.001)

    job = jobs.new(body)
    was_told = told.any.wait(30)
    left.append(True)
    job.join()
    assert was_told
    [stall] = told
    assert stall.job is job and stall.seconds >= 0.4
    assert stall.place is not None
    assert f"{__file__}:" in stall.place and stall.place.endswith("in body")


def test_a_job_that_ends_with_its_call_is_still_named(told: Told, size: int) -> None:
    job = BackgroundJobManager().new("sum(range(size))", {"size": size})
    assert told.any.wait(30)
    job.join()
    assert told[0].job is job
    assert "by job #0 (sum(range(size)))" in str(told[0])


def test_no_job_is_blamed_for_a_stall_by_the_prompt_itself(told: Told, size: int) -> None:
    jobs = BackgroundJobManager()
    gate = threading.Event()
    job = jobs.new(gate.wait)
    sum(range(size))
    gate.set()
    job.join()
    # The watch has had its last look when its thread has ended.
    deadline = time.monotonic() + 30
    while any(thread.name == "bgjobs: stalls" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not told


def test_without_jobs_no_monitor_runs(told: Told) -> None:
    BackgroundJobManager().new(int).join()
    deadline = time.monotonic() + 30
    while any(thread.name == "bgjobs: stalls" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
