"""Waiting for jobs: callbacks, `await`, waits for several, and what a job shares with a future."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import logging
import sys
import threading
import traceback

import pytest

import bgjobs
from bgjobs import BackgroundJobFunc, BackgroundJobManager, Stopped, as_completed, wait_all, wait_any, workers


@pytest.fixture
def jobs() -> BackgroundJobManager:
    return BackgroundJobManager()


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def held(monkeypatch) -> list:
    """The jobs that are started from now on; they do not begin."""
    held: list = []
    # Otherwise a start is one call of the engine's.
    monkeypatch.setattr(workers, "on_start", lambda job: None)
    monkeypatch.setattr(workers, "push", held.append)
    yield held
    for job in held:
        job.stop()


def fail() -> None:
    raise ValueError("no rows")


def stopped(jobs):
    """A job that was stopped while its body ran."""
    begun = threading.Event()
    job = jobs.new(lambda: begun.set() or bgjobs.sleep(3600))
    assert begun.wait(30)
    assert job.stop("enough", 30).stopped
    return job


def waiting(job) -> int:
    """How many waits and callbacks a job holds."""
    return sum(type(held).__name__ not in ("dict", "type") for held in gc.get_referents(job))


def test_submit_passes_keyword_arguments_as_python_does(jobs):
    def body(*args, **kwargs):
        return args, kwargs

    job = jobs.submit(body, 1, kw=2, daemon=3, function=4)
    job.join()
    assert job.result == ((1,), {"kw": 2, "daemon": 3, "function": 4})


def test_map_starts_a_job_for_each_item_in_order(jobs):
    started = jobs.map(pow, [2, 3], [5, 2])
    wait_all(started, 30)
    assert [job.result for job in started] == [32, 9]
    assert [job.num for job in started] == [0, 1]


def test_new_warns_about_keywords_that_it_does_not_pass(jobs):
    with pytest.warns(UserWarning, match=r"jobs.new ignores x=: pass .* kw=\{\.\.\.\}, or use jobs.submit") as warned:
        job = jobs.new(int, x=5)
    job.join()
    assert job.result == 0
    with pytest.warns(UserWarning, match=r"jobs.new ignores kw= with an expression: give its names") as more:
        jobs.new("6", kw={"x": 2})
    assert {warning.filename for warning in [*warned, *more]} == {__file__}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs notes")
def test_what_makes_no_job_has_the_originals_error_and_a_note_with_the_way_out(jobs):
    async def fetch():
        return 1

    for given, note in [
        (3, "a job calls a function, or evaluates a text; this is neither: 3"),
        (fetch(), "a job calls the function itself, as in jobs.new(fetch, ...), or evaluates a text: 'await fetch()'"),
    ]:
        with pytest.raises(TypeError) as caught:
            jobs.new(given)
        assert (str(caught.value), caught.value.__notes__) == ("invalid args for new job", [note])


def test_a_wait_says_what_is_no_job(jobs):
    job = jobs.new("1")
    with pytest.raises(TypeError, match=r"^'1' is no job$"):
        wait_all([job, "1"])
    with pytest.raises(TypeError, match=r"^one job is given, <BackgroundJob #0: 1>, where several are taken: job.join"):
        wait_any(job)


def test_an_expression_with_a_snapshot_does_not_see_its_names_rebound(jobs, gate):
    names = {"gate": gate, "x": 1}
    late = jobs.new("gate.wait() and x", names)
    early = jobs.new("gate.wait() and x", names, snapshot=True)
    names["x"] = 2
    gate.set()
    wait_all([late, early], 30)
    assert (late.result, early.result) == (2, 1)


def test_a_deep_snapshot_has_its_own_values(jobs):
    names = {"data": [1]}
    job = jobs.new("data.append(2) or data", names, snapshot="deep")
    job.join()
    assert (job.result, names["data"]) == ([1, 2], [1])


def test_done_and_exception_tell_how_it_ended(jobs, gate):
    runs, dead = jobs.new(gate.wait), jobs.new(fail)
    assert not runs.done()
    with pytest.raises(TimeoutError, match=r"job #0 has not ended after 0.01 s"):
        runs.exception(0.01)
    gate.set()
    assert runs.exception(30) is None and runs.done()
    assert repr(dead.exception(30)) == "ValueError('no rows')" and dead.done()


def test_a_callback_is_called_once_with_the_job_even_after_the_end(jobs, gate):
    seen = []
    job = jobs.new(gate.wait)
    job.add_done_callback(seen.append)
    gate.set()
    called = threading.Event()
    job.add_done_callback(lambda job: called.set())
    assert called.wait(30)
    job.add_done_callback(seen.append)
    assert seen == [job, job]


def test_a_callback_that_raises_is_logged_and_does_no_harm(jobs, gate, caplog):
    job = jobs.new(gate.wait)
    called = threading.Event()
    job.add_done_callback(lambda job: 1 / 0)
    job.add_done_callback(lambda job: called.set())
    with caplog.at_level(logging.ERROR, "bgjobs"):
        gate.set()
        assert called.wait(30)
    assert "exception calling callback for <BackgroundJob #0: " in caplog.text
    assert jobs.new(int).exception(30) is None


def test_awaiting_a_job_returns_its_result_or_raises_its_exception(jobs, gate):
    async def main():
        job = jobs.new(gate.wait)
        asyncio.get_running_loop().call_later(0.01, gate.set)
        assert await job is True
        assert await job is True
        with pytest.raises(ValueError, match="no rows"):
            await jobs.new(fail)

    asyncio.run(main())


def test_a_closed_event_loop_does_not_harm_the_job_that_it_awaited(jobs, gate):
    job = jobs.new(gate.wait)

    async def impatient():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wait_for(job), 0.01)

    async def wait_for(job):
        return await job

    asyncio.run(impatient())
    gate.set()
    assert job.exception(30) is None


def test_as_completed_yields_jobs_as_they_end(jobs, gate):
    slow, quick = jobs.new(gate.wait), jobs.new(int)
    ended = as_completed([slow, quick, quick], 30)
    assert next(ended) is quick
    gate.set()
    assert list(ended) == [slow]


def test_a_wait_for_several_names_those_that_still_run(jobs, gate):
    runs, done = jobs.new(gate.wait), jobs.new(int)
    assert wait_any([runs, done], 30) is done
    with pytest.raises(TimeoutError, match=r"still running after 0.01 s: #0$"):
        wait_all([runs, done], 0.01)
    with pytest.raises(ValueError, match="at least one job"):
        wait_any([])
    wait_all([])


def test_a_callback_of_a_class_with_its_own_run_prints_to_the_log_of_the_job(jobs):
    class Mine(BackgroundJobFunc):
        def run(self):
            super().run()

    job, called = Mine(int), threading.Event()

    def callback(job):
        print(job.outcome)
        called.set()

    job.add_done_callback(callback)
    jobs.start(job)
    assert called.wait(30)
    assert str(job.log) == "done\n"


def test_get_waits_and_returns_the_result_or_raises_what_the_body_raised(jobs, gate):
    job = jobs.new(gate.wait)
    threading.Timer(0.01, gate.set).start()
    assert job.get() is True
    with pytest.raises(ValueError, match="no rows"):
        jobs.new(fail).get(30)
    with pytest.raises(Stopped, match="enough"):
        stopped(jobs).get()


def test_get_names_the_job_that_has_not_ended_in_time(jobs, gate):
    with pytest.raises(TimeoutError, match=r"^job #0 has not ended after 0 s$"):
        jobs.new(gate.wait).get(0)


def test_a_traceback_does_not_grow_when_it_is_raised_again(jobs):
    def frames() -> int:
        with pytest.raises(ValueError) as caught:
            job.get()
        return len(traceback.extract_tb(caught.value.__traceback__))

    job = jobs.new(fail)
    first = frames()
    assert [frames(), frames()] == [first, first]


def test_a_job_stopped_before_it_began_says_so_in_each_way(jobs, held, capsys):
    job = jobs.new(int)
    assert job.stop("not needed").stopped
    error = job.exception()
    assert type(error) is Stopped and str(error) == "not needed"
    assert job.exception() is error
    with pytest.raises(Stopped, match="not needed"):
        job.get()
    with pytest.raises(Stopped, match="not needed"):
        asyncio.run(asyncio.wait_for(job, 30))
    job.traceback()
    assert capsys.readouterr().out.splitlines()[-1].endswith("Stopped: not needed")
    assert job.result == "<BackgroundJob died, call jobs.traceback() for details>"


def test_cancel_stops_only_a_job_that_has_not_begun(jobs, gate, held, monkeypatch):
    job = jobs.new(fail)
    assert (job.running(), job.cancelled(), job.done()) == (False, False, False)
    assert job.cancel() and job.cancel()
    assert (job.running(), job.cancelled(), job.done()) == (False, True, True)
    monkeypatch.undo()
    begun = threading.Event()
    runs = jobs.new(lambda: begun.set() or gate.wait())
    assert begun.wait(30)
    assert not runs.cancel() and runs.running() and not runs._stopping
    gate.set()
    assert runs.get(30) is True
    assert not runs.cancel() and not runs.cancelled() and not runs.running()


def test_a_job_that_is_not_started_can_not_be_cancelled():
    assert not BackgroundJobFunc(int).cancel()


def test_the_waits_of_concurrent_futures_take_jobs(jobs, gate):
    done, dead, gone, runs = jobs.new(int), jobs.new(fail), stopped(jobs), jobs.new(gate.wait)
    wait_all([done, dead, gone], 30)
    assert concurrent.futures.wait([done, dead, gone]) == ({done, dead, gone}, set())
    assert concurrent.futures.wait([done, dead, gone, runs], 0) == ({done, dead, gone}, {runs})
    for when, ended in (("FIRST_COMPLETED", gone), ("FIRST_EXCEPTION", dead)):
        assert concurrent.futures.wait([ended, runs], return_when=when) == ({ended}, {runs})
    assert set(concurrent.futures.as_completed([done, dead, gone], timeout=0)) == {done, dead, gone}
    with pytest.raises(concurrent.futures.TimeoutError):
        list(concurrent.futures.as_completed([done, runs], timeout=0))
    gate.set()
    assert concurrent.futures.wait([done, dead, gone, runs], 30) == ({done, dead, gone, runs}, set())


@pytest.mark.parametrize("when", ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])
def test_a_wait_of_concurrent_futures_hears_the_end_of_a_job(jobs, gate, when):
    def body():
        gate.wait()
        fail()

    job = jobs.new(body)
    waits = threading.Thread(target=lambda: seen.append(concurrent.futures.wait([job], return_when=when)))
    seen: list = []
    waits.start()
    gate.set()
    waits.join()
    assert seen == [({job}, set())]


def test_a_job_that_ends_while_a_wait_of_concurrent_futures_looks_at_it_tells_the_waiter(jobs, gate):
    class Waiter:
        add_result = staticmethod(lambda job: told.append(job))

    job, told = jobs.new(gate.wait), []
    with job._condition:
        assert job._state in ("PENDING", "RUNNING")
        gate.set()
        job.join()
        assert job._state in ("PENDING", "RUNNING")
        job._waiters.append(Waiter())
    assert (job._state, told) == ("FINISHED", [job])
    with job._condition:
        job._waiters.append(Waiter())
    assert told == [job]


def test_as_completed_of_concurrent_futures_yields_jobs_as_they_end_beside_its_own_futures(jobs, gate):
    slow, own = jobs.new(gate.wait), concurrent.futures.Future()
    ended = concurrent.futures.as_completed([slow, own])
    own.set_result(1)
    assert next(ended) is own
    gate.set()
    assert list(ended) == [slow]


def test_a_wait_of_concurrent_futures_hears_that_a_job_is_cancelled(jobs, held):
    job = jobs.new(int)
    waiter = concurrent.futures.as_completed([job], 30)
    threading.Timer(0.01, job.cancel).start()
    assert list(waiter) == [job]


def test_asyncio_waits_for_jobs(jobs, gate):
    async def main():
        done, dead, runs = jobs.new(int), jobs.new(fail), jobs.new(gate.wait)
        ended, pending = await asyncio.wait([dead, runs], return_when=asyncio.FIRST_EXCEPTION)
        assert (len(ended), len(pending)) == (1, 1)
        asyncio.get_running_loop().call_later(0.01, gate.set)
        ended, pending = await asyncio.wait([done, dead, runs])
        assert (len(ended), len(pending)) == (3, 0)
        if sys.version_info >= (3, 11):
            assert ended == {done, dead, runs}
        else:
            assert sorted(repr(task.exception()) for task in ended) == ["None", "None", "ValueError('no rows')"]
        assert await asyncio.gather(done, runs) == [0, True]
        assert await asyncio.wait_for(done, 30) == 0
        assert await asyncio.shield(done) == 0
        assert [await job for job in asyncio.as_completed([done])] == [0]
        assert await asyncio.ensure_future(done) == 0

    asyncio.run(main())


def test_asyncio_can_not_wrap_a_job_as_a_future_because_its_result_is_a_value(jobs):
    async def main():
        asyncio.wrap_future(jobs.new(int))

    with pytest.raises(AssertionError, match=r"concurrent.futures.Future is expected, got <BackgroundJob #0"):
        asyncio.run(main())


def test_a_job_holds_nothing_of_a_wait_that_is_over(jobs, gate):
    async def impatient():
        await asyncio.wait([job], timeout=0)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(job, 0.001)

    job = jobs.new(gate.wait)
    before = waiting(job)
    concurrent.futures.wait([job], 0)
    with pytest.raises(concurrent.futures.TimeoutError):
        list(concurrent.futures.as_completed([job], 0))
    with pytest.raises(TimeoutError):
        wait_all([job], 0)
    asyncio.run(impatient())
    callback = [].append
    job.add_done_callback(callback)
    job.remove_done_callback(callback)
    assert waiting(job) == before
    job.add_done_callback(callback)
    assert waiting(job) == before + 1


def test_a_manager_waits_for_all_its_jobs_and_for_those_that_they_start(jobs, gate):
    jobs.wait()
    jobs.new(lambda: gate.wait() and jobs.new(jobs.wait))
    jobs.new(fail)
    threading.Timer(0.01, gate.set).start()
    jobs.wait(30)
    assert jobs.running == [] and [job.outcome for job in jobs] == ["done", "failed", "done"]


def test_a_wait_of_a_manager_names_the_jobs_that_still_run(jobs, gate):
    jobs.new(int).join()
    jobs.new(gate.wait)
    with pytest.raises(TimeoutError, match=r"^still running after 0 s: #1$"):
        jobs.wait(0)


def test_a_manager_in_a_with_statement_waits_for_all_its_jobs(gate):
    threading.Timer(0.01, gate.set).start()
    with BackgroundJobManager() as jobs:
        job = jobs.new(gate.wait)
    assert job.result is True


def test_a_with_statement_left_by_an_exception_stops_the_jobs_that_run():
    with pytest.raises(KeyError), BackgroundJobManager() as jobs:
        sleeps, done = jobs.new(bgjobs.sleep, 3600), jobs.new(int)
        done.join()
        raise KeyError
    assert [job.outcome for job in jobs] == ["stopped", "done"]
    assert str(sleeps.exception()) == "the block of its manager was left by an exception"


def test_a_with_statement_whose_wait_is_interrupted_stops_the_jobs_that_run(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(bgjobs.futures, "join", interrupt)
    with pytest.raises(KeyboardInterrupt), BackgroundJobManager() as jobs:
        job = jobs.new(bgjobs.sleep, 3600)
    monkeypatch.undo()
    job.join()
    assert job.cancelled()
