"""What a stop interrupts; it never hits another job, however close to the end of its own it comes."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import queue
import random
import select
import sys
import threading
import time

import pytest

import bgjobs
from bgjobs import BackgroundJobManager, stopping

LONG = 30  # seconds; nothing waits that long unless it has failed
SHORT = 0.1  # seconds for a stop that is expected to fail

PROVE = bool(os.environ.get("BGJOBS_PROVE"))
ROUNDS = 12_000 if PROVE else 500  # of three jobs each


@pytest.fixture
def jobs():
    return BackgroundJobManager()


def forever():
    """Python code that ends only when it is interrupted."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        pass
    raise AssertionError("it was not interrupted")


# The race


def spin(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return "spun"


@pytest.fixture
def hasty(monkeypatch):
    """Stops that interrupt at once, and threads that take turns 500 times as often as usual."""
    monkeypatch.setattr(stopping, "_COURTESY", 0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def accidents(monkeypatch):
    """The exceptions raised where no code could catch them: in a worker between two jobs."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", found.append)
    monkeypatch.setattr(threading, "excepthook", found.append)
    # A garbage collection calls Python code in whatever job it happens in, and swallows a stop that is raised there.
    gc.disable()
    yield found
    gc.enable()


def stop_once(victim):
    victim.stop(timeout=0)


def interrupt_often(victim):
    """Interrupts like many threads that all stop the job: most interrupts arrive while it is ending."""
    victim._ask_stop("now")
    for _ in range(50):
        victim._interrupt(stopping.stop_type(victim))


@pytest.mark.parametrize("stop", [stop_once, interrupt_often])
def test_a_stop_near_the_end_of_a_job_hits_that_job_or_none(jobs, hasty, accidents, stop):
    chance = random.Random(4)
    victims, bystanders = [], []
    for _ in range(ROUNDS):
        length = chance.uniform(0, 0.4e-3)
        victim = jobs.new(spin, length)
        victims.append(victim)
        while victim.ident is None:
            pass
        end = time.perf_counter() + length
        bystanders += jobs.map(spin, [0.05e-3] * 2)  # they may run on the victim's worker
        spin(end + chance.uniform(-0.1e-3, 0.05e-3) - time.perf_counter())
        stop(victim)
    deadline = time.monotonic() + LONG
    for job in victims + bystanders:
        job.join(max(0, deadline - time.monotonic()))
    stuck = [job for job in victims + bystanders if not job.done()]
    hit = [job for job in bystanders if job.outcome != "done"]
    died = [job for job in victims if job.outcome not in ("done", "stopped")]
    assert (stuck, hit, died, accidents) == ([], [], [], [])
    assert {job.result for job in bystanders} == {"spun"}
    assert all(isinstance(job.exception(), (type(None), bgjobs.Stopped)) for job in victims)
    # The workers are alive, and none has a pending stop.
    after = jobs.map(spin, [0.2e-3] * 200)
    bgjobs.wait_all(after, timeout=LONG)
    assert {job.outcome for job in after} == {"done"} and accidents == []


def test_one_of_many_simultaneous_stops_is_enough_and_the_others_do_no_harm(jobs, hasty, accidents):
    for _ in range(2000 if PROVE else 20):
        victim = jobs.new(forever)
        bystanders = jobs.map(spin, [0.1e-3] * 3)
        threads = [threading.Thread(target=victim.stop, kwargs={"timeout": LONG}) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
        assert victim.outcome == "stopped"
        bystanders += jobs.map(spin, [0.1e-3] * 3)
        bgjobs.wait_all(bystanders, timeout=LONG)
        assert {job.outcome for job in bystanders} == {"done"}
    assert accidents == []


# What is interrupted


def calls():
    def inner(n):
        return n + 1

    n = 0
    while n < 10**9:
        n = inner(n)


def list_comprehension():
    return [n for n in iter(int, 1) if n]


def generator_expression():
    return any(n for n in iter(int, 1))


def sort_with_a_python_key():
    return sorted([0] * 3_000_000, key=lambda n: sum(k for k in range(20)))


def loop_of_short_waits():
    event = threading.Event()
    while not event.wait(0.01):
        pass


def loop_of_short_sleeps():
    while True:
        time.sleep(0.01)


def loop_that_catches_exceptions():
    while True:
        with contextlib.suppress(Exception):
            forever()


def cooperating_sleep():
    bgjobs.sleep(1000)


@pytest.mark.parametrize(
    "code",
    [
        forever,
        calls,
        list_comprehension,
        generator_expression,
        sort_with_a_python_key,
        loop_of_short_waits,
        loop_of_short_sleeps,
        loop_that_catches_exceptions,
        cooperating_sleep,
    ],
    ids=lambda code: code.__name__,
)
def test_a_stop_interrupts(jobs, code):
    entered = threading.Event()

    def body():
        entered.set()
        code()

    job = jobs.new(body)
    assert entered.wait(LONG)
    verdict = job.stop(timeout=LONG)
    assert verdict.stopped and job.outcome == "stopped" and job.stat_code == -1


def test_an_interrupted_body_cleans_up(jobs):
    entered, cleaned = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def tidy():
        try:
            yield
        finally:
            cleaned.set()

    def body():
        with tidy():
            entered.set()
            forever()

    job = jobs.new(body)
    assert entered.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    assert cleaned.is_set()


# What is interrupted only when a call returns


class Gate:
    """A blocking call into C, and a function that makes it return."""

    def lock(self):
        lock = threading.Lock()
        lock.acquire()
        return lock.acquire, lock.release

    def event(self):
        event = threading.Event()
        return event.wait, event.set

    def queue(self):
        items = queue.Queue()
        return items.get, lambda: items.put(0)

    def simple_queue(self):
        items = queue.SimpleQueue()
        return items.get, lambda: items.put(0)

    def read(self):
        reader, writer = os.pipe()
        return lambda: os.read(reader, 1), lambda: os.write(writer, b"x")

    def select(self):
        reader, writer = os.pipe()
        return lambda: select.select([reader], [], []), lambda: os.write(writer, b"x")

    def join(self):
        event = threading.Event()
        thread = threading.Thread(target=event.wait, daemon=True)
        thread.start()
        return thread.join, event.set


@pytest.mark.parametrize("kind", [name for name in vars(Gate) if not name.startswith("_")])
def test_a_blocking_call_is_interrupted_when_it_returns(jobs, kind):
    entered = threading.Event()
    wait, end_it = getattr(Gate(), kind)()
    passed = []

    def body():
        entered.set()
        wait()
        forever()
        passed.append(1)

    job = jobs.new(body)
    assert entered.wait(LONG)
    verdict = job.stop(timeout=SHORT)
    assert not verdict and not verdict.stopped and job.is_alive()
    assert str(verdict).startswith("still running")
    end_it()
    job.join(LONG)
    assert job.outcome == "stopped" and not passed


def test_a_long_sleep_is_interrupted_when_it_ends(jobs):
    entered = threading.Event()

    def body():
        entered.set()
        time.sleep(1)
        forever()

    job = jobs.new(body)
    assert entered.wait(LONG)
    began = time.monotonic()
    verdict = job.stop(timeout=SHORT)
    if time.monotonic() - began < 0.9:  # otherwise the machine stood still for the whole sleep
        assert not verdict.finished
        assert "time.sleep(1)" in job.where() and "in a C call at" in str(verdict)
    job.join(LONG)
    assert job.outcome == "stopped"


def test_a_loop_in_c_is_interrupted_when_it_ends(jobs):
    entered = threading.Event()

    def body():
        entered.set()
        sum(itertools.repeat(1, 5_000_000))  # holds the interpreter's lock
        forever()

    job = jobs.new(body)
    assert entered.wait(LONG)
    assert job.stop(timeout=LONG).stopped


# What swallows it


def test_a_body_that_catches_everything_swallows_the_stop_and_the_verdict_says_that_it_still_runs(jobs):
    entered, swallowed, gate = threading.Event(), threading.Event(), threading.Event()

    def wait():
        entered.set()
        while not gate.is_set():
            pass

    def body():
        while not gate.is_set():
            try:
                # A call, because at the jump of a loop CPython 3.13 raises outside of the loop's own `try`.
                wait()
            except BaseException:
                swallowed.set()
        return "went on"

    job = jobs.new(body)
    assert entered.wait(LONG)
    verdict = job.stop(timeout=SHORT)
    assert swallowed.wait(LONG)
    assert not verdict.finished and job.is_alive()
    gate.set()
    job.join(LONG)
    assert (job.outcome, job.result) == ("done", "went on")


def test_an_exception_that_the_user_injects_is_not_mistaken_for_a_stop(jobs):
    import ctypes

    entered = threading.Event()

    def body():
        entered.set()
        forever()

    job = jobs.new(body)
    assert entered.wait(LONG)
    inject = ctypes.pythonapi.PyThreadState_SetAsyncExc
    assert inject(ctypes.c_ulong(job.ident), ctypes.py_object(bgjobs.Stopped)) == 1
    job.join(LONG)
    assert job.outcome == "failed"


def test_stopping_a_job_that_has_ended_does_nothing(jobs):
    job = jobs.new(spin, 0)
    job.join(LONG)
    verdict = job.stop()
    assert verdict.finished and not verdict.stopped
    assert job.outcome == "done"
