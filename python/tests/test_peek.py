"""A look at the names that a running job works with."""

from __future__ import annotations

import asyncio
import linecache
import os
import sys
import sysconfig
import threading

import pytest

from bgjobs import BackgroundJobManager
from bgjobs.cells import BackgroundJobCell, split

LONG = 30  # seconds; nothing waits that long unless it has failed

SOME_GLOBAL = "of the module"


@pytest.fixture
def jobs() -> BackgroundJobManager:
    return BackgroundJobManager()


class Pause:
    """Where a body waits until the test ends."""

    def __init__(self):
        self.reached, self.gate = threading.Event(), threading.Event()

    def wait(self, job):
        assert self.reached.wait(LONG)
        return job


@pytest.fixture
def pause():
    pause = Pause()
    yield pause
    pause.gate.set()


@pytest.fixture
def job(jobs, pause):
    """A job that waits in the standard library, which a function with names of its own has called."""

    def train(queue, limit):
        loss = 0.5
        pause.reached.set()
        pause.gate.wait(LONG)
        return loss, queue, limit

    return pause.wait(jobs.new(train, [1, 2, 3], 2))


def test_an_expression_sees_the_names_of_the_innermost_function_of_the_users(job):
    assert job.peek("len(queue), loss") == (3, 0.5)
    assert job.peek("SOME_GLOBAL, pause.reached.is_set()") == ("of the module", True)


def test_what_nests_in_an_expression_sees_all_names_too(job):
    assert job.peek("[n for n in queue if n > limit]") == [3]
    assert job.peek("(lambda n: n + limit + len(SOME_GLOBAL))(1)") == 16


def test_an_expression_may_be_indented(job):
    assert job.peek("  loss ") == 0.5


def test_an_assignment_does_not_reach_the_body_and_a_change_does(job, pause):
    assert job.peek("(loss := 7) and loss") == 7
    assert job.peek("loss") == 0.5
    job.peek("queue.append(4)")
    pause.gate.set()
    job.join(LONG)
    assert job.result == (0.5, [1, 2, 3, 4], 2)
    assert not hasattr(sys.modules[__name__], "loss")


def test_what_an_expression_raises_reaches_the_caller_and_not_the_job(job):
    with pytest.raises(ZeroDivisionError):
        job.peek("loss / 0")
    with pytest.raises(NameError, match="name 'lost' is not defined"):
        job.peek("lost")
    with pytest.raises(SyntaxError):
        job.peek("loss = 3")
    assert job.is_alive()


def test_an_expression_runs_on_the_callers_thread(job):
    ident = job.peek("__import__('threading').get_ident()")
    assert ident == threading.get_ident() != job.ident


def test_names_of_an_expression_are_those_that_it_was_given(jobs, pause):
    job = jobs.new("reached.set() or gate.wait(30) or n", {"reached": pause.reached, "gate": pause.gate, "n": 7})
    assert pause.wait(job).peek("n") == 7


def test_names_of_a_cell_are_those_that_it_has_assigned_so_far(jobs):
    reached, gate = threading.Event(), threading.Event()
    source = "x = 1\nreached.set()\ngate.wait(30)\ny = 2"
    job = jobs.start(BackgroundJobCell(source, *split(source, "a cell"), {"reached": reached, "gate": gate}))
    assert reached.wait(LONG)
    assert job.peek("x") == 1
    with pytest.raises(NameError):
        job.peek("y")
    gate.set()


def test_names_of_a_coroutine_that_awaits_are_its_own(jobs):
    begun = threading.Event()

    async def inner(step):
        asyncio.get_running_loop().call_soon(begun.set)
        await asyncio.sleep(LONG)

    async def body():
        loss = 0.25
        await inner(3)
        return loss

    job = jobs.new(body)
    assert begun.wait(LONG)
    assert job.peek("step") == 3
    assert job.stop(timeout=LONG).stopped


def test_code_of_an_installed_package_is_looked_into_only_if_there_is_no_other(jobs, pause):
    def installed(name):
        file = os.path.join(sysconfig.get_paths()["purelib"], "theirs", name)
        names: dict = {}
        code = "def wait(pause, own):\n    pause.reached.set()\n    pause.gate.wait(30)\n"
        linecache.cache[file] = (len(code), None, code.splitlines(True), file)
        exec(compile(code, file, "exec"), names)
        return names["wait"]

    def mine(function, loss):
        function(pause, "theirs")

    called = jobs.new(mine, installed("there.py"), 0.5)
    pause.wait(called)
    assert called.peek("loss") == 0.5
    pause.reached.clear()
    direct = pause.wait(jobs.new(installed("there.py"), pause, "theirs"))
    assert direct.peek("pause, own") == (pause, "theirs")


def test_there_is_nothing_to_look_at_before_a_job_begins_and_after_it_has_ended(jobs):
    done, dead = jobs.new(int), jobs.new("1 / 0", {})
    done.join(), dead.join()
    with pytest.raises(ValueError, match=r"^job #0 is not running \(status: Completed\); only a running job has names"):
        done.peek("x")
    with pytest.raises(ValueError, match=r"^job #1 is not running \(status: Dead \(Exception\)"):
        dead.peek("x")
    from bgjobs import BackgroundJobFunc

    with pytest.raises(ValueError, match=r"^job #None has not begun; only a running job has names to look at$"):
        BackgroundJobFunc(int).peek("x")


def test_a_job_in_a_process_says_that_it_cannot_be_looked_into(jobs):
    job = jobs.new("__import__('time').sleep(30)", process=True)
    with pytest.raises(ValueError, match=r"^job #0 runs in a process of its own, where 'x' can't be looked at"):
        job.peek("x")
    job.stop()
