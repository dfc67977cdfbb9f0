"""Waiting for jobs: callbacks, `await`, waits for several, and what a job shares with a future."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from bgjobs import BackgroundJobFunc, BackgroundJobManager, as_completed, wait_all, wait_any


@pytest.fixture
def jobs() -> BackgroundJobManager:
    return BackgroundJobManager()


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def fail() -> None:
    raise ValueError("no rows")


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
    with pytest.warns(UserWarning, match=r"jobs.new ignores x=: pass .* kw=\{\.\.\.\}, or use jobs.submit"):
        job = jobs.new(int, x=5)
    job.join()
    assert job.result == 0


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
