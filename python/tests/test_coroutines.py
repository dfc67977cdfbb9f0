"""Coroutines as jobs: what runs, how a stop cancels it, where it is, and what is left of its loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import random
import subprocess
import sys
import threading
import time
import warnings

import pytest
from hosts import environment

import bgjobs
from bgjobs import BackgroundJobBase, BackgroundJobManager, Stopped, failures, stopping

LONG = 30  # seconds; nothing waits that long unless it has failed
ROUNDS = 3_000 if os.environ.get("BGJOBS_PROVE") else 150


@pytest.fixture
def jobs() -> BackgroundJobManager:
    return BackgroundJobManager()


@pytest.fixture
def patient(monkeypatch):
    """Stops that wait for a body that has asked for a moment until the test fails."""
    monkeypatch.setattr(stopping, "_COURTESY", 3600.0)


@pytest.fixture
def plain(monkeypatch):
    """Tracebacks of the standard library."""
    monkeypatch.setitem(sys.modules, "IPython", None)


async def add(a, b=2):
    await asyncio.sleep(0)
    return a + b


class Adder:
    async def __call__(self, a):
        return await add(a)


class Waiting:
    """A coroutine that waits for ever, once the test has seen that it does."""

    def __init__(self):
        self.begun = threading.Event()
        self.cleaned = []

    async def __call__(self):
        try:
            await self.wait()
        finally:
            await asyncio.sleep(0)
            self.cleaned.append("waited to clean up")

    async def wait(self):
        asyncio.get_running_loop().call_soon(self.begun.set)
        await asyncio.Event().wait()  # the line of the wait


def waiting(jobs, body, *args):
    """A job that runs this body, which has `begun` to wait."""
    job = jobs.new(body, *args)
    assert body.begun.wait(LONG)
    return job


# What runs


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize(
    "function",
    [add, functools.partial(add, b=2), Adder(), lambda a: add(a)],
    ids=["function", "partial", "object", "lambda"],
)
def test_a_coroutine_that_a_call_returns_is_run(jobs, function, process):
    job = jobs.new(function, 1, process=process)
    assert (job.exception(LONG), job.result, job.status) == (None, 3, "Completed")


@pytest.mark.parametrize("process", [False, True])
@pytest.mark.parametrize("expression", ["add(n)", "await add(n)", "[await add(k) for k in (n,)][0]"])
def test_an_expression_may_await_or_give_a_coroutine(jobs, expression, process):
    job = jobs.new(expression, {"add": add, "n": 1}, process=process)
    assert (job.exception(LONG), job.result, str(job)) == (None, 3, expression)


def test_submit_and_map_run_coroutines_too(jobs):
    several = [jobs.submit(add, 1, b=5), *jobs.map(add, [1, 2])]
    assert [job.exception(LONG) or job.result for job in several] == [6, 3, 4]


def test_a_derived_class_may_have_a_coroutine_as_its_call_and_a_run_around_it(jobs):
    class Mine(BackgroundJobBase):
        strform = "mine"

        def __init__(self):
            self._init()

        async def call(self):
            return await add(1)

    class Around(Mine):
        def run(self):
            super().run()
            self.seen = self.result

    mine, around = jobs.start(Mine()), jobs.start(Around())
    bgjobs.wait_all([mine, around], LONG)
    assert (mine.result, around.result, around.seen) == (3, 3, 3)


def test_a_job_that_is_run_by_hand_runs_its_coroutine():
    job = bgjobs.BackgroundJobFunc(add, 1)
    job.run()
    assert job.result == 3


def test_another_awaitable_is_the_result_and_is_not_awaited(jobs):
    async def steps():
        yield 1

    loop = asyncio.new_event_loop()
    future = loop.create_future()
    given, generator = jobs.new(lambda: future), jobs.new(steps)
    bgjobs.wait_all([given, generator], LONG)
    assert given.result is future and not future.done()
    assert type(generator.result).__name__ == "async_generator"
    loop.close()


def test_a_coroutine_may_await_other_jobs_and_its_prints_go_to_its_log(jobs):
    async def body():
        print("begun")
        return await jobs.new(pow, 2, 5) + sum(await asyncio.gather(*[jobs.new(len, "abc")]))

    job = jobs.new(body)
    assert (job.exception(LONG), job.result, list(job.log)) == (None, 35, ["begun"])


def test_a_coroutine_that_fails_is_called_again_on_a_new_loop(jobs):
    loops = []

    async def body():
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0)
        if len(loops) < 3:
            raise ValueError("not yet")
        return "at last"

    job = jobs.new(body, retry=3, backoff=0.001)
    assert (job.exception(LONG), job.result) == (None, "at last")
    assert len(set(loops)) == 3 and all(loop.is_closed() for loop in loops)


def test_a_time_limit_cancels_a_coroutine(jobs):
    body = Waiting()
    job = jobs.new(body, time_limit=0.2)
    assert isinstance(job.exception(LONG), Stopped)
    assert body.cleaned == ["waited to clean up"] * body.begun.is_set()


def test_the_loop_of_a_coroutine_ends_with_it(jobs):
    seen = {}

    async def steps():
        try:
            while True:
                yield 1
        finally:
            seen["generator"] = "ended"

    async def stay():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen["task"] = "cancelled"
            raise

    async def body():
        seen["left"] = asyncio.create_task(stay())
        seen["steps"] = steps()
        await seen["steps"].__anext__()
        await asyncio.to_thread(seen.setdefault, "thread", "ended")
        seen["loop"] = asyncio.get_running_loop()

    assert jobs.new(body).exception(LONG) is None
    assert (seen["generator"], seen["task"], seen["thread"]) == ("ended", "cancelled", "ended")
    assert seen["loop"].is_closed() and seen["left"].cancelled()


def test_a_job_without_a_coroutine_does_not_import_asyncio():
    code = "import sys, bgjobs; bgjobs.BackgroundJobManager().new('1 + 1').join(); print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


def test_a_loop_that_a_notebook_has_patched_to_be_nested_changes_nothing():
    name = next((name for name in ("nest_asyncio2", "nest_asyncio") if _is_installed(name)), None)
    if name is None:
        pytest.skip("needs nest_asyncio")
    code = f"""
import {name}, asyncio, test_coroutines as these
{name}.apply()
jobs = these.BackgroundJobManager()
assert jobs.new(these.add, 1).exception(30) is None
job = these.waiting(jobs, these.Waiting())
print(job.where().count("File "), job.where().splitlines()[-1].strip(), job.stop().stopped)
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 await asyncio.Event().wait()  # the line of the wait True\n", done.stderr


def _is_installed(name):
    import importlib.util

    return importlib.util.find_spec(name) is not None


# Stops


def test_a_stop_cancels_a_coroutine_that_awaits_and_waits_for_its_clean_up(jobs, patient):
    body = Waiting()
    job = waiting(jobs, body)
    verdict = job.stop("not needed", timeout=LONG)
    assert verdict.stopped and body.cleaned == ["waited to clean up"]
    assert (job.outcome, job.finished) == ("stopped", None)
    assert job.status == "Dead (Stopped), call jobs.traceback() for details"
    with pytest.raises(Stopped, match="not needed"):
        raise job.exception()


def test_a_coroutine_hears_a_stop_as_a_cancel_of_its_task(jobs, patient):
    heard = []

    class Body(Waiting):
        async def wait(self):
            try:
                await super().wait()
            except asyncio.CancelledError:
                heard.append((bgjobs.cancelled(), asyncio.current_task().cancelled()))
                raise

    assert waiting(jobs, Body()).stop(timeout=LONG).stopped
    assert heard == [(True, False)]


def test_a_stop_without_time_to_wait_for_it_cancels_too(jobs):
    body = Waiting()
    job = waiting(jobs, body)
    job.stop(timeout=0)
    job.join(LONG)
    assert (job.outcome, body.cleaned) == ("stopped", ["waited to clean up"])


def test_several_coroutines_are_stopped_at_once_whether_they_await_or_not(jobs):
    begun = threading.Event()

    async def spin():
        begun.set()
        while True:
            pass

    bodies = [Waiting(), Waiting()]
    for body in bodies:
        waiting(jobs, body)
    jobs.new(spin)
    assert begun.wait(LONG)
    verdicts = jobs.stop("running", timeout=LONG)
    assert [verdict.stopped for verdict in verdicts.values()] == [True] * 3
    assert [body.cleaned for body in bodies] == [["waited to clean up"]] * 2


def test_a_stop_interrupts_a_coroutine_that_does_not_await_and_leaves_its_clean_up_alone(jobs):
    begun, cleaned = threading.Event(), []

    async def spin():
        begun.set()
        while True:
            pass

    async def body():
        try:
            await spin()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append("waited to clean up")

    job = jobs.new(body)
    assert begun.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    assert cleaned == ["waited to clean up"]


def test_a_blocking_sleep_in_a_coroutine_hears_a_stop_at_once_and_leaves_its_clean_up_alone(jobs, patient):
    begun, cleaned = threading.Event(), []

    async def body():
        try:
            begun.set()
            bgjobs.sleep(3600)
        finally:
            await asyncio.sleep(0.05)
            cleaned.append("waited to clean up")

    job = jobs.new(body)
    assert begun.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    assert cleaned == ["waited to clean up"]


def test_the_verdict_says_that_a_coroutine_swallows_a_stop_and_the_next_stop_cancels_again(jobs):
    begun, swallowed, cancels = threading.Event(), threading.Event(), []

    async def body():
        while len(cancels) < 2:
            try:
                asyncio.get_running_loop().call_soon(begun.set)
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                cancels.append(error)
                swallowed.set()
        return "went on"

    job = jobs.new(body)
    assert begun.wait(LONG)
    job.stop(timeout=0)
    assert swallowed.wait(LONG)
    place = job._coroutine.place()
    assert place.startswith("its body has swallowed the stop, or still cleans up; it is now at ")
    assert place.endswith(", in body")
    job.stop(timeout=LONG)
    assert (job.exception(LONG), job.result, len(cancels)) == (None, "went on", 2)


def test_a_coroutine_that_is_asked_to_stop_before_it_begins_never_does(jobs):
    entered, began = threading.Event(), []

    async def never():
        began.append("began")

    def body():
        coroutine = never()
        entered.set()
        while not bgjobs.cancelled():
            pass
        return coroutine

    job = jobs.new(body)
    assert entered.wait(LONG)
    with warnings.catch_warnings(record=True) as shown:
        job._ask_stop("enough")
        assert str(job.exception(LONG)) == "enough"
        gc.collect()
    assert (job.outcome, began, shown) == ("stopped", [], [])


def test_a_cancel_that_no_stop_has_asked_for_is_a_failure(jobs):
    async def body():
        asyncio.current_task().cancel()
        await asyncio.sleep(LONG)

    job = jobs.new(body)
    assert isinstance(job.exception(LONG), asyncio.CancelledError)
    assert job.outcome == "failed"


def test_what_a_coroutine_raises_instead_of_the_cancel_is_a_failure(jobs, patient):
    class Body(Waiting):
        async def wait(self):
            try:
                await super().wait()
            finally:
                raise ValueError("in the clean-up")

    job = waiting(jobs, Body())
    job.stop(timeout=LONG)
    assert (job.outcome, str(job.exception())) == ("failed", "in the clean-up")


def test_a_stop_cancels_what_a_coroutine_gathers(jobs, patient):
    first, second = Waiting(), Waiting()

    async def body():
        await asyncio.gather(first(), second())

    job = jobs.new(body)
    assert first.begun.wait(LONG) and second.begun.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    assert first.cleaned == second.cleaned == ["waited to clean up"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs asyncio.TaskGroup")
def test_a_stop_that_interrupts_one_task_of_a_group_ends_all_of_it(jobs):
    begun, beside = threading.Event(), Waiting()

    async def spin():
        while not beside.begun.is_set():
            await asyncio.sleep(0)
        begun.set()
        while True:
            pass

    async def body():
        async with asyncio.TaskGroup() as group:
            group.create_task(beside())
            group.create_task(spin())

    job = jobs.new(body)
    assert begun.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    assert beside.cleaned == ["waited to clean up"]


def test_a_stop_does_not_wait_for_the_threads_of_to_thread(jobs, patient):
    begun, gate = threading.Event(), threading.Event()

    def block():
        begun.set()
        gate.wait(LONG)

    async def body():
        await asyncio.to_thread(block)

    job = jobs.new(body)
    assert begun.wait(LONG)
    assert job.stop(timeout=LONG).stopped
    gate.set()


def test_a_stop_reaches_what_a_coroutine_has_left_behind(jobs):
    left, gate = Waiting(), []

    async def stubborn():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        gate.append("swallowed the cancel at the end")
        await left()

    async def body():
        left_behind = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        return left_behind and "done"

    job = jobs.new(body)
    assert left.begun.wait(LONG)
    assert job._coroutine.place() == "its coroutine has ended, and asyncio waits for other tasks or threads of it"
    job.stop(timeout=LONG)
    assert (job.result, gate) == ("done", ["swallowed the cancel at the end"])
    assert left.cleaned == ["waited to clean up"]


def test_a_stop_interrupts_a_coroutine_in_a_process_and_its_clean_up_runs(jobs):
    async def body():
        import asyncio
        import contextlib

        @contextlib.asynccontextmanager
        async def tidy():
            try:
                yield
            finally:
                await asyncio.sleep(0)
                print("cleaned")

        async with tidy():
            print("begun")
            await asyncio.Event().wait()

    job = jobs.new(body, process=True)
    assert next(iter(job.log.follow())) == "begun"
    assert job.stop(timeout=LONG).stopped
    assert list(job.log) == ["begun", "cleaned"]
    assert "await asyncio.Event().wait()" in job.remote_traceback
    assert "selectors" not in job.remote_traceback and "bgjobs" not in job.remote_traceback


def test_a_stop_at_any_moment_ends_a_coroutine_closes_its_loop_and_hits_no_other_job(jobs, monkeypatch):
    accidents, loops, cleaned = [], [], []
    monkeypatch.setattr(sys, "unraisablehook", accidents.append)
    monkeypatch.setattr(threading, "excepthook", accidents.append)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10e-6)

    async def body(steps):
        loops.append(asyncio.get_running_loop())
        try:
            for _ in range(steps):
                await asyncio.sleep(0)
            await asyncio.sleep(0.0001)
        finally:
            cleaned.append(steps)

    chance = random.Random(5)
    try:
        for _ in range(ROUNDS):
            job = jobs.new(body, chance.randrange(30))
            time.sleep(chance.uniform(0, 0.003))
            verdict = job.stop(timeout=LONG)
            bystander = jobs.new(pow, 2, 5)
            assert verdict.finished and job.outcome in ("done", "stopped"), verdict
            assert (bystander.exception(LONG), bystander.result) == (None, 32)
    finally:
        sys.setswitchinterval(interval)
    # A garbage collection swallows a stop that is raised in what it calls.
    assert [one for one in accidents if not isinstance(one.exc_value, Stopped)] == []
    assert len(cleaned) == len(loops)
    assert all(loop.is_closed() for loop in loops)


# Where it is


def test_where_shows_the_lines_of_a_coroutine_that_awaits_and_none_of_asyncio(jobs):
    @contextlib.asynccontextmanager
    async def managed(body):
        await body()
        yield

    async def steps(body):
        async with managed(body):
            yield 1

    async def outer(body):
        async for _ in steps(body):
            pass

    body = Waiting()
    job = jobs.new(outer, body)
    assert body.begun.wait(LONG)
    where = job.where()
    names = [line.rpartition(", in ")[2] for line in where.splitlines() if line.startswith("  File ")]
    names = [name for name in names if name != "__aenter__"]
    assert names == ["outer", "steps", "managed", "__call__", "wait"]
    assert where.endswith("await asyncio.Event().wait()  # the line of the wait")
    assert "asyncio/" not in where and "selectors" not in where
    assert job.stop(timeout=LONG).stopped


def test_where_shows_an_expression_that_awaits(jobs):
    body = Waiting()
    job = jobs.new("await body()", {"body": body})
    assert body.begun.wait(LONG)
    assert '"<BackgroundJob compilation>", line 1, in <module>\n    await body()\n' in job.where()
    assert job.stop(timeout=LONG).stopped


def test_where_shows_the_step_that_runs(jobs):
    begun, gate = threading.Event(), threading.Event()

    async def inner():
        begun.set()
        gate.wait(LONG)

    async def body():
        await asyncio.sleep(0)
        await inner()

    job = jobs.new(body)
    assert begun.wait(LONG)
    lines = job.where().splitlines()
    names = [line.rpartition(", in ")[2] for line in lines if line.startswith("  File ")]
    assert names[:2] == ["body", "inner"]
    gate.set()


def test_where_lists_the_other_tasks_of_a_coroutine(jobs):
    bodies = [Waiting() for _ in range(12)]

    async def body():
        await asyncio.gather(*[body() for body in bodies])

    job = jobs.new(body)
    assert all(body.begun.wait(LONG) for body in bodies)
    lines = job.where().splitlines()
    at = lines.index("    await asyncio.gather(*[body() for body in bodies])")
    others = lines[at + 1 :]
    assert len(others) == 11 and others[-1] == "and 2 more tasks"
    assert all(line.startswith("Task-") and line.endswith(", in wait") for line in others[:-1])
    assert job.stop(timeout=LONG).stopped


# Tracebacks


async def fail(n):
    await asyncio.sleep(0)
    return n / 0  # the line that fails


async def call_fail():
    return await asyncio.wait_for(fail(1), LONG)


def functions(text):
    return [line.rpartition(", in ")[2] for line in text.splitlines() if line.startswith("  File ")]


def test_the_traceback_of_a_coroutine_begins_with_it(jobs, plain):
    job, awaited = jobs.new(fail, 1), jobs.new("await fail(1)", {"fail": fail})
    bgjobs.wait_all([job, awaited], LONG)
    assert functions(failures.text_of(job)) == ["fail"]
    assert functions(failures.text_of(awaited)) == ["<module>", "fail"]
    assert "the line that fails" in failures.text_of(job)


def test_what_the_body_itself_calls_in_asyncio_stays_in_the_traceback(jobs, plain):
    job = jobs.new(call_fail)
    job.join(LONG)
    names = functions(failures.text_of(job))
    assert (names[0], names[-1]) == ("call_fail", "fail")
    assert "wait_for" in names


def test_the_traceback_of_a_stop_ends_where_the_coroutine_was(jobs, plain):
    job = waiting(jobs, Waiting())
    assert job.stop(timeout=LONG).stopped
    text = failures.text_of(job)
    assert functions(text) == ["__call__", "wait"]
    assert text.endswith("bgjobs.Stopped: stopped by its user")
    assert "During handling" not in text and "direct cause" not in text


def test_ipython_shows_the_coroutine_only(jobs):
    pytest.importorskip("IPython")
    job = jobs.new(fail, 1)
    job.join(LONG)
    text = failures.text_of(job)
    assert "the line that fails" in text
    assert "asyncio" not in text.replace(__file__, "").replace("await asyncio.sleep(0)", "") and "bgjobs" not in text


def test_a_process_tells_where_its_coroutine_failed(jobs):
    job = jobs.new(fail, 1, process=True)
    assert isinstance(job.exception(LONG), ZeroDivisionError)
    assert functions(job.remote_traceback) == ["fail"]


def test_an_exit_of_a_task_is_the_end_of_its_job_and_shows_its_line(jobs, plain):
    async def leave():
        sys.exit(3)

    tasks = []

    async def body():
        tasks.append(asyncio.create_task(leave()))
        await asyncio.wait(tasks)

    job = jobs.new(body)
    assert isinstance(job.exception(LONG), SystemExit)
    assert tasks[0].exception() is job.exception()
    assert functions(failures.text_of(job)) == ["leave"]
