"""What the original's manager can't do: it works from many threads at once, and without IPython."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from bgjobs import BackgroundJobExpr, BackgroundJobFunc, BackgroundJobManager


def at_once(bodies: list[Callable[[], object]]) -> None:
    """Runs the bodies in threads that begin together; an exception of one is raised here."""
    gate, failed = threading.Barrier(len(bodies)), []

    def run(body: Callable[[], object]) -> None:
        gate.wait()
        try:
            body()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed:
        raise error


def test_jobs_started_by_several_threads_are_all_there_with_different_numbers() -> None:
    jobs = BackgroundJobManager()
    started = []

    def start() -> None:
        started.extend([jobs.new(abs, -3) for _ in range(250)])

    at_once([start] * 8)
    for job in started:
        job.join()
    assert sorted(job.num for job in started) == list(range(2000))
    assert sorted(jobs.all) == list(range(2000))
    assert len(jobs.completed) == 2000
    assert jobs.running == []
    assert all(job.result == 3 for job in started)


def test_lists_may_be_read_while_other_threads_start_jobs() -> None:
    jobs = BackgroundJobManager()

    def start() -> None:
        for _ in range(250):
            jobs.new(abs, -3).join()

    def look() -> None:
        for _ in range(250):
            assert len(jobs.running) <= 4
            assert len(jobs.completed) + len(jobs.dead) <= 1000

    at_once([start] * 4 + [look] * 4)
    assert len(jobs.completed) == 1000
    assert len({job.num for job in jobs.completed}) == 1000


def test_each_job_is_reported_once_even_if_several_threads_ask(capsys) -> None:
    jobs = BackgroundJobManager()
    started = [jobs.new(abs, -number) for number in range(500)]
    for job in started:
        job.join()
    at_once([jobs._status_new] * 4)
    reported = [line.split(" : ")[0] for line in capsys.readouterr().out.splitlines() if " : " in line]
    assert sorted(map(int, reported)) == list(range(500))


WITHOUT_IPYTHON = """
import sys
sys.modules["IPython"] = None
import bgjobs
jobs = bgjobs.BackgroundJobManager()
job = jobs.new("1 / 0")
job.join()
jobs.traceback()
jobs.status()
assert not any(name.startswith("IPython.") for name in sys.modules)
bgjobs.install()
"""


def test_everything_works_without_ipython() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_IPYTHON], capture_output=True, text=True, timeout=60)
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout.startswith("Traceback for: <BackgroundJob #0: 1 / 0>\nTraceback (most recent call last):\n")
    assert "ZeroDivisionError: division by zero\n" in run.stdout
    assert run.stdout.endswith("Dead jobs:\n0 : 1 / 0\n\n")


def test_an_unknown_kind_of_snapshot_is_refused():
    jobs = BackgroundJobManager()
    with pytest.raises(ValueError, match="snapshot is True, False or \"deep\", not 'depe'"):
        jobs.new("1", snapshot="depe")
    with pytest.raises(ValueError, match="snapshot is for expressions"):
        jobs.new(len, "", snapshot=True)
    assert not jobs.all


def test_iterating_over_a_manager_goes_by_number_even_past_a_gap():
    jobs = BackgroundJobManager()
    started = jobs.map(len, ["", "", ""])
    for job in started:
        job.join()
    jobs.remove(1)
    assert list(jobs) == [started[0], started[2]]
    assert started[0] in jobs and started[1] not in jobs


def test_a_class_may_be_derived_from_both_kinds_of_job():
    class Both(BackgroundJobFunc, BackgroundJobExpr):
        pass

    job = BackgroundJobManager().start(Both(int))
    job.join()
    assert (job.result, job.num, str(job)) == (0, 0, str(int))


def test_the_number_of_a_job_is_none_before_its_start_and_may_be_set():
    job = BackgroundJobFunc(int)
    assert (job.num, repr(job).split(":")[0]) == (None, "<BackgroundJob #None")
    job.num = "seven"
    assert job.num == "seven"


def test_the_text_of_a_function_may_be_replaced_and_that_of_an_object_is_the_one_of_its_start():
    class Count:
        shown = "before"

        def __call__(self):
            return 1

        def __str__(self):
            return self.shown

    count = Count()
    job, plain = BackgroundJobFunc(count), BackgroundJobFunc(len)
    count.shown = "after"
    assert (str(job), str(plain)) == ("before", str(len))
    plain.strform = "count"
    assert (str(plain), repr(plain)) == ("count", "<BackgroundJob #None: count>")
