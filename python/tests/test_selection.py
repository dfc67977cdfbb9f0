"""Which jobs are meant by numbers, words, names and ranges; stopping several at once; jobs started again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

import pytest
from hosts import wait_for_file

import bgjobs
from bgjobs import BackgroundJobFunc, BackgroundJobManager, Stopped, stopping, workers


def fit(x: int = 0, zero: int = 1) -> float:
    return x / zero


class Door:
    """Who calls `wait` waits in C code until the door is open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wait(self) -> bool:
        with self._lock:
            return True

    def open(self) -> None:
        if self._lock.locked():
            self._lock.release()


@pytest.fixture
def door():
    door = Door()
    yield door
    door.open()


@pytest.fixture
def jobs(door) -> BackgroundJobManager:
    """0 `fit(1)` and 1 `fit`, a function, have completed, 2 `load()` has failed, 3 `sleep(99)` is stopped, 4 runs."""
    jobs = BackgroundJobManager()
    names = {"fit": fit, "wait": door.wait, "sleep": bgjobs.sleep}
    jobs.new("fit(1)", names)
    jobs.new(fit, 2)
    jobs.new("load()", names)
    assert jobs.new("sleep(99)", names).stop(timeout=30).finished
    jobs.wait(30)
    jobs.new("wait()", names)
    return jobs


def begin(jobs: BackgroundJobManager, *bodies: Callable[[], object]) -> None:
    """Starts jobs, and waits until their bodies run."""
    begun: SimpleQueue[None] = SimpleQueue()

    def run(body: Callable[[], object]) -> list[object]:
        # A single call of C, so that no stop comes before a body in C.
        return list(map(partial.__call__, (partial(begun.put, None), partial(body))))

    for body in bodies:
        jobs.new(run, body)
    for _ in bodies:
        begun.get(timeout=30)


def numbers(jobs: list) -> list[int]:
    return [job.num for job in jobs]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((2,), [2]),
        (("%2", "#0"), [0, 2]),
        (("3,1",), [1, 3]),
        (("1-2",), [1, 2]),
        (("1..9",), [1, 2, 3, 4]),
        ((range(1, 9, 2),), [1, 3]),
        (("all",), [0, 1, 2, 3, 4]),
        (("*",), [0, 1, 2, 3, 4]),
        (("running",), [4]),
        (("queued",), []),
        (("stopping",), []),
        (("finished",), [0, 1, 2, 3]),
        (("completed",), [0, 1]),
        (("dead",), [2, 3]),
        (("failed",), [2]),
        (("stopped",), [3]),
        (("fit*",), [0, 1]),
        (("fit(1)",), [0]),
        (("fit",), [1]),
        (("fit(?)",), [0, 1]),
        (("BackgroundJob-4",), [4]),
        (("l?ad()", 0, "0-1"), [0, 1, 2]),
        (([4, ["failed"]], {0}), [0, 2, 4]),
        (("7-9", "none*", range(7, 9)), []),
        (([],), []),
    ],
)
def test_numbers_ranges_words_and_names_select_jobs_in_order_and_once(jobs, parts, expected):
    assert numbers(jobs.select(*parts)) == expected


def test_any_whole_number_is_that_of_a_job(jobs):
    class Number:
        def __index__(self):
            return 2

    assert jobs[Number()] is jobs[2] and jobs.select(Number()) == [jobs[2]]


def test_the_name_of_a_group_selects_its_jobs(jobs):
    started = [jobs.new("1", {}, group="net"), jobs.group("net").new("2", {})]
    assert jobs.select("net") == jobs.select("ne*") == started
    with pytest.raises(LookupError, match=r"there is no job or group n\\x1b; "):
        jobs.select("n\x1b")


def test_a_job_selects_itself_but_not_one_of_another_manager_with_its_number(jobs):
    other = BackgroundJobManager().new(int)
    assert jobs.select(jobs[2], jobs[1]) == [jobs[1], jobs[2]]
    with pytest.raises(LookupError, match=r"^<BackgroundJob #0: <class 'int'>> is not a job of this manager$"):
        jobs.select(other)


def test_a_job_that_has_been_asked_to_stop_is_stopping_until_its_end(door):
    jobs = BackgroundJobManager()
    begin(jobs, door.wait)
    jobs[0]._ask_stop("enough")
    assert numbers(jobs.select("stopping")) == numbers(jobs.select("running")) == [0]
    door.open()
    jobs[0].join()
    assert jobs.select("stopping") == []


@pytest.mark.parametrize(
    ("part", "error", "text"),
    [
        (9, LookupError, "Job #9 not found; the newest job is #4"),
        ("9", LookupError, "Job #9 not found; the newest job is #4"),
        (-1, LookupError, "Job #-1 not found; the newest job is #4"),
        ("runing", LookupError, "there is no job or group runing; give a number, a range such as "),
        ("9-7", ValueError, "9-7 is not a range: the smaller number comes first, as in 7-9"),
        ("", ValueError, "an empty text selects no jobs: give a number, "),
        (1.5, TypeError, "1.5 selects no jobs: give a number, "),
        (None, TypeError, "None selects no jobs: give a number, "),
    ],
)
def test_what_selects_no_job_is_named(jobs, part, error, text):
    with pytest.raises(error) as caught:
        jobs.select(0, part)
    assert str(caught.value).startswith(text)
    with pytest.raises(error):
        jobs.stop("running", part)
    assert not jobs[4]._stopping


def test_a_number_in_a_manager_without_jobs_is_unknown():
    with pytest.raises(LookupError, match=r"^Job #0 not found; there are no jobs$"):
        BackgroundJobManager().select(0)


def test_a_selection_of_nothing_at_all_is_refused(jobs):
    with pytest.raises(TypeError, match=r'give the jobs that are meant, for example jobs.select\("all"\)'):
        jobs.select()
    with pytest.raises(TypeError, match=r'give the jobs that are meant, for example jobs.stop\("running"\)'):
        jobs.stop()


def test_a_slice_is_one_of_numbers(jobs):
    jobs.remove(1)
    assert numbers(jobs[0:3]) == [0, 2]
    assert numbers(jobs[-2:]) == [3, 4]
    assert numbers(jobs[::-1]) == [4, 3, 2, 0]
    assert jobs[7:] == [] == BackgroundJobManager()[:]


def test_a_text_is_no_number(jobs):
    with pytest.raises(KeyError, match=r"'1' is no number; jobs.select\('1'\) finds jobs by what is typed after %jobs"):
        jobs["1"]


def test_a_manager_has_a_length_and_is_true_without_jobs(jobs):
    assert (len(jobs), len(BackgroundJobManager()), bool(BackgroundJobManager())) == (5, 0, True)


def test_a_stop_of_several_asks_all_before_it_waits():
    heard = threading.Barrier(3)

    def body():
        while not bgjobs.cancelled():
            pass
        heard.wait(30)
        return "heard"

    jobs = BackgroundJobManager()
    begin(jobs, body, body, body)
    verdicts = stopping.stop(dict.fromkeys(jobs, _Patient()), "enough", 30)
    assert [job.result[1] for job in jobs] == ["heard"] * 3
    assert [str(verdict) for verdict in verdicts] == ["had completed before it noticed the stop"] * 3


class _Patient:
    """A body that has all the time to react to the request."""

    def ask(self) -> float:
        return 30.0

    def interrupt(self) -> None:
        raise AssertionError("it has time")

    def place(self) -> str:
        raise AssertionError("it has time")


def test_a_stop_of_several_interrupts_all_before_it_waits_for_any():
    interrupted, begun = threading.Barrier(3), SimpleQueue()

    def body():
        try:
            begun.put(None)
            while True:
                pass
        except Stopped:
            interrupted.wait(30)
            raise

    jobs = BackgroundJobManager()
    for _ in range(3):
        jobs.new(body)
    for _ in range(3):
        begun.get(timeout=30)
    assert [verdict.stopped for verdict in jobs.stop("*", timeout=30).values()] == [True] * 3


def test_a_stop_of_several_gives_each_its_verdict_and_its_own_time(jobs):
    lock = threading.Lock()
    with lock:
        begin(jobs, lock.acquire, lambda: bgjobs.sleep(99))
        verdicts = jobs.stop(range(4), 5, 6, timeout=0.5)
    assert [str(verdicts[num]) for num in range(4)] == [
        "had completed before",
        "had completed before",
        "had failed before",
        "had been stopped before",
    ]
    assert re.match(r"still running \d+ ms after the request: in a C call at ", str(verdicts[5]))
    assert verdicts[6].stopped and verdicts[6].after < verdicts[5].after
    assert list(verdicts) == [0, 1, 2, 3, 5, 6]


def test_a_job_that_stops_all_stops_itself_last():
    jobs = BackgroundJobManager()
    begin(jobs, *[lambda: bgjobs.sleep(99)] * 2)
    jobs.new(lambda: jobs.stop("running"))
    jobs.wait(30)
    assert [job.outcome for job in jobs] == ["stopped"] * 3


def test_a_stop_of_several_reaches_jobs_in_processes(tmp_path):
    def body(path):
        import time

        path.touch()
        time.sleep(3600)

    jobs = BackgroundJobManager()
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        jobs.new(body, path, process=True)
    for path in paths:
        wait_for_file(path)
    assert all(verdict.stopped for verdict in jobs.stop("running", timeout=30).values())


@pytest.mark.parametrize("process", [False, True])
def test_a_function_and_an_expression_run_again_with_a_number_of_their_own(process):
    jobs = BackgroundJobManager()
    named = jobs.new(fit, 6, kw={"zero": 3}, process=process)
    named.strform = named._label = "thirds"
    jobs.new("n * 2", {"n": 21}, process=process, daemon=True)
    for num, result in ((0, 2.0), (1, 42)):
        again = jobs.rerun(num)
        assert (again.get(30), type(again), str(again)) == (result, type(jobs[num]), str(jobs[num]))
        assert (again.num, again.daemon) == (num + 2, bool(num))


def test_a_failed_job_and_one_that_still_runs_run_again(jobs, door):
    assert jobs.rerun(jobs[2]).exception(30).args == jobs[2].exception().args
    again = jobs.rerun(4)
    door.open()
    assert again.get(30) is True


@pytest.mark.parametrize("process", [False, True])
def test_a_cell_runs_again_with_the_names_of_now(process):
    from bgjobs.cells import BackgroundJobCell, BackgroundJobProcessCell, split

    kind = BackgroundJobProcessCell if process else BackgroundJobCell
    jobs = BackgroundJobManager()
    jobs.start(kind("y = x + 1; y", *split("y = x + 1; y", "a cell"), {"x": 1})).join()
    names = {"jobs": jobs, "x": 41}
    exec("again = jobs.rerun(0)", names)
    assert (names["again"].get(30), names["again"].names) == (42, {"y": 42})


def test_a_class_of_the_users_own_does_not_run_again():
    class Mine(BackgroundJobFunc):
        pass

    jobs = BackgroundJobManager()
    jobs.start(Mine(int)).join()
    with pytest.raises(
        TypeError, match=r"^job #0 is a Mine, which only you can make again: jobs.start\(Mine\(...\)\)$"
    ):
        jobs.rerun(0)
    with pytest.raises(KeyError):
        jobs.rerun(7)


def test_a_job_that_has_not_begun_is_running_unless_it_is_queued(monkeypatch):
    jobs = BackgroundJobManager()
    jobs.group("net").pause()
    jobs.new(int, group="net")
    held: list = []
    # Otherwise a start is one call of the engine's.
    monkeypatch.setattr(workers, "on_start", lambda job: None)
    monkeypatch.setattr(workers, "push", held.append)
    jobs.new(int)
    assert (numbers(jobs.select("running")), numbers(jobs.select("queued"))) == ([1], [0])
    assert jobs.stop("running")[1].stopped and not jobs[0].done()
    assert jobs.stop("queued")[0].stopped


def test_a_with_statement_left_by_an_exception_stops_queued_jobs_too():
    with pytest.raises(KeyError), BackgroundJobManager() as jobs:
        jobs.group("net").pause()
        queued = jobs.new(int, group="net")
        raise KeyError
    assert queued.cancelled()


def test_a_job_runs_again_with_its_options():
    jobs = BackgroundJobManager()
    jobs.new(int, group="net", daemon=True).join()
    jobs.group("net").pause()
    again = jobs.rerun(0)
    assert numbers(jobs.select("queued")) == [1] and again.daemon
    assert again.cancel()
