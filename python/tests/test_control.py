"""Options, groups, order, times and retries: when a job may begin, and how often its body is called."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import bgjobs
from bgjobs import AfterError, BackgroundJobFunc, BackgroundJobManager, Group, Stopped

Manager = BackgroundJobManager


class Gate:
    """A body that begins, and waits until it is let go."""

    def __init__(self) -> None:
        self.begun: list[object] = []
        self._changed = threading.Condition()
        self._open = False

    def __call__(self, name: object = None) -> object:
        with self._changed:
            self.begun.append(name)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._open, 60)
        return name

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.begun) >= count, 60), self.begun

    def open(self) -> None:
        with self._changed:
            self._open = True
            self._changed.notify_all()


@pytest.fixture
def jobs() -> Manager:
    return Manager()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def fail(message: str = "no rows") -> None:
    raise LookupError(message)


def start_of(option: str, value: object) -> Callable[[Manager], object]:
    return lambda jobs: jobs.new(len, "abc", **{option: value})


# Groups.


def test_a_group_runs_as_many_jobs_as_its_limit_says(jobs: Manager, gate: Gate) -> None:
    net = jobs.group("net", limit=2)
    started = [net.submit(gate, number) for number in range(4)]
    gate.wait_for(2)
    assert (net.running, net.waiting, len(net.jobs), sorted(gate.begun)) == (2, 2, 4, [0, 1])  # type: ignore[type-var]
    assert started[3].why() == ["group net runs 2 jobs, its limit is 2; 1 waits before it"]
    assert started[3].status == "Running"
    gate.open()
    assert [job.get(60) for job in started] == [0, 1, 2, 3]
    assert (net.running, net.waiting, net.jobs) == (0, 0, [])


def test_a_job_joins_a_group_by_its_name_or_itself(jobs: Manager) -> None:
    net = jobs.group("net")
    net.pause()
    by_name, by_group = jobs.new(len, "a", group="net"), jobs.new(len, "ab", group=net)
    by_options = jobs.options(group="net").submit(len, "abc")
    mapped = jobs.map(len, ["abcd"], group=net)
    assert net.jobs == [by_name, by_group, by_options, *mapped]
    net.resume()
    assert [job.get(60) for job in (by_name, by_group, by_options, *mapped)] == [1, 2, 3, 4]


def test_a_paused_group_starts_nothing_until_it_is_resumed(jobs: Manager) -> None:
    net = jobs.group("net")
    net.pause()
    job = net.new("1 + 1", {})
    assert (net.paused, job.why()) == (True, ["group net is paused; resume it"])
    net.resume()
    assert (net.paused, job.get(60), job.why()) == (False, 2, [])


def test_a_higher_limit_starts_more_jobs_and_none_starts_all(jobs: Manager, gate: Gate) -> None:
    net = jobs.group("net", limit=1)
    net.map(gate, range(4))
    gate.wait_for(1)
    net.limit = 2
    gate.wait_for(2)
    assert (net.limit, net.running) == (2, 2)
    net.limit = None
    gate.wait_for(4)
    assert repr(net) == "<Group net: 4 running, 0 waiting, no limit>"


def test_jobs_of_a_higher_priority_start_first(jobs: Manager, gate: Gate) -> None:
    net = jobs.group("net", limit=1)
    order: list[int] = []
    first = net.submit(gate)
    gate.wait_for(1)
    rest = [net.options(priority=priority).submit(order.append, priority) for priority in (0, -1, 5, 0, 7)]
    gate.open()
    bgjobs.wait_all([first, *rest], 60)
    assert order == [7, 5, 0, 0, -1]


def test_a_map_with_a_limit_makes_a_group_of_its_own(jobs: Manager, gate: Gate) -> None:
    first, second = jobs.map(gate, range(3), limit=1), jobs.map(gate, range(3), limit=2)
    gate.wait_for(3)
    assert [(group.name, group.running, group.waiting) for group in jobs.groups] == [("map-1", 1, 2), ("map-2", 2, 1)]
    gate.open()
    bgjobs.wait_all(first + second, 60)


def test_a_job_that_waits_for_another_lends_its_place(jobs: Manager) -> None:
    net = jobs.group("net", limit=1)

    def outer() -> Any:
        return net.submit(inner).get(60) + 1

    def inner() -> Any:
        innermost = net.submit(len, "abc")
        bgjobs.wait_all([innermost], 60)
        return innermost.result + 1

    assert net.submit(outer).get(60) == 5


def test_a_job_says_what_it_waits_for_while_it_runs(jobs: Manager, gate: Gate) -> None:
    first = jobs.submit(gate)
    gate.wait_for(1)
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        first.join()

    second = jobs.submit(wait)
    assert waiting.wait(60)
    while not second.why():
        time.sleep(0.001)
    assert second.why() == ["it waits for the end of job #0 (running)"]
    gate.open()
    second.get(60)
    assert second.why() == []


def test_jobs_that_wait_for_each_other_learn_it_instead_of_hanging(jobs: Manager) -> None:
    both: list[Any] = []
    known = threading.Event()

    def wait_for_the_other(own: int) -> None:
        assert known.wait(60)
        both[1 - own].join()

    both += jobs.map(wait_for_the_other, [0, 1])
    known.set()
    errors = [job.exception(60) for job in both]
    assert sum(error is not None for error in errors) == 1
    [error] = filter(None, errors)
    assert isinstance(error, RuntimeError) and "wait" in str(error)


def test_a_group_as_a_context_waits_for_its_jobs(jobs: Manager) -> None:
    with jobs.group("net", limit=2) as net:
        started = net.map(pow, range(5), [2] * 5)
    assert [job.outcome for job in started] == ["done"] * 5


def test_a_group_whose_block_raises_stops_its_jobs(jobs: Manager, gate: Gate) -> None:
    with pytest.raises(KeyError), jobs.group("net", limit=1) as net:
        running, waiting = net.submit(bgjobs.sleep, 3600), net.submit(gate)
        raise KeyError
    assert (running.outcome, waiting.outcome, gate.begun) == ("stopped", "stopped", [])


def test_a_group_is_stopped_as_a_whole(jobs: Manager) -> None:
    net = jobs.group("net", limit=1)
    started = net.map(bgjobs.sleep, [3600] * 3)
    assert [verdict.stopped for verdict in net.stop().values()] == [True] * 3
    assert {job.outcome for job in started} == {"stopped"}
    assert str(started[0].exception()) == "group net was stopped by its user"


def test_a_stop_of_several_jobs_begins_none_of_them(jobs: Manager, gate: Gate) -> None:
    running = jobs.group("net", limit=1).submit(bgjobs.sleep, 3600)
    waiting = jobs.map(gate, range(20), group="net")
    verdicts = jobs.stop("all")
    assert [verdict.stopped for verdict in verdicts.values()] == [True] * 21
    assert (running.outcome, {job.outcome for job in waiting}, gate.begun) == ("stopped", {"stopped"}, [])


def test_a_group_waits_for_its_jobs_up_to_a_timeout(jobs: Manager, gate: Gate) -> None:
    net = jobs.group("net")
    net.submit(gate)
    with pytest.raises(TimeoutError, match="#0"):
        net.wait(timeout=0)
    gate.open()
    net.wait(timeout=60)
    assert net.running == 0


# Order.


def test_a_job_starts_after_others_are_done(jobs: Manager, gate: Gate) -> None:
    first = jobs.submit(gate, 20)
    gate.wait_for(1)
    for after in (first, 0, [first], [0]):
        assert jobs.new(lambda: first.result + 1, after=after).why() == ["it starts after job #0 (running) is done"]
    gate.open()
    assert [jobs[number].get(60) for number in range(1, 5)] == [21] * 4
    assert jobs.new("1", {}, after=first).get(60) == 1


def test_a_job_after_one_that_failed_fails_with_its_exception_as_the_cause(jobs: Manager, gate: Gate) -> None:
    first = jobs.options(after=jobs.submit(gate)).submit(fail)
    second = jobs.new(len, "abc", after=first)
    third = jobs.new(len, "abc", after=[second])
    gate.open()
    error = third.exception(60)
    assert isinstance(error, AfterError) and str(error) == "job #2 failed, so this one did not start"
    assert isinstance(error.__cause__, AfterError) and isinstance(error.__cause__.__cause__, LookupError)
    assert (second.outcome, second.stat_code, second in jobs.dead) == ("failed", -1, True)
    assert "no rows" in str(second._tb) and "job #1 failed" in str(second._tb)
    late = jobs.new(len, "abc", after=first)
    assert isinstance(late.exception(60), AfterError)


def test_a_job_after_one_that_was_stopped_is_stopped(jobs: Manager, gate: Gate) -> None:
    first = jobs.submit(bgjobs.sleep, 3600)
    second = jobs.new(len, "abc", after=first)
    assert first.stop().stopped
    with pytest.raises(Stopped, match="job #0"):
        second.get(60)
    assert second.outcome == "stopped"


def test_a_job_after_the_end_of_another_starts_whatever_its_outcome(jobs: Manager) -> None:
    first = jobs.submit(fail)
    assert jobs.new(len, "abc", after_ended=first).get(60) == 3


def test_callbacks_and_waits_hear_of_a_job_that_never_began(jobs: Manager, gate: Gate) -> None:
    first = jobs.options(after=jobs.submit(gate)).submit(fail)
    second = jobs.new(len, "abc", after=first)
    ended: list[object] = []
    second.add_done_callback(ended.append)
    gate.open()
    bgjobs.wait_all([second], 60)
    assert ended == [second]
    assert sorted(job.num or 0 for job in jobs.dead) == [1, 2]


# Times.


def test_a_delay_keeps_a_job_for_its_time(jobs: Manager) -> None:
    late = jobs.new(time.monotonic, delay=3600)
    assert late.why()[0].startswith("it starts in 3")
    began = time.monotonic()
    assert jobs.new(time.monotonic, delay=0.05).get(60) >= began + 0.05
    assert jobs.new(len, "abc", delay=0).get(60) == 3
    assert late.stop().stopped


@pytest.mark.parametrize("body", [bgjobs.sleep, time.sleep], ids=["hears", "interrupted"])
def test_a_time_limit_stops_a_job_that_runs_too_long(jobs: Manager, body: Callable[[float], None]) -> None:
    def repeat() -> None:
        while True:
            body(0.01)

    job = jobs.new(repeat, time_limit=0.05)
    with pytest.raises(Stopped, match="time limit of 50ms"):
        job.get(60)
    assert job.outcome == "stopped"
    assert jobs.new(len, "abc", time_limit=3600).get(60) == 3


def test_a_time_limit_counts_from_the_start_of_the_body(jobs: Manager, gate: Gate) -> None:
    net = jobs.group("net", limit=1)
    net.submit(gate)
    waiting = net.options(time_limit=0.01).submit(len, "abc")
    assert jobs.new(len, "abc", delay=0.05).get(60) == 3
    assert not waiting.done()
    gate.open()
    assert waiting.get(60) == 3


def test_a_process_job_obeys_its_options(jobs: Manager) -> None:
    job = jobs.new(time.sleep, 3600, process=True, time_limit=0.2)
    with pytest.raises(Stopped, match="time limit"):
        job.get(60)
    assert [job.get(60) for job in jobs.map(pow, range(3), [2] * 3, limit=1, process=True)] == [0, 1, 4]


# Attempts.


def test_a_body_that_fails_is_called_again(jobs: Manager) -> None:
    answers = iter(["no route", "no answer"])

    def fetch() -> int:
        for answer in answers:
            raise OSError(answer)
        return 200

    job = jobs.new(fetch, retry=3, backoff=0.001)
    assert job.get(60) == 200
    failures = [attempt["failure"] and attempt["failure"]["message"] for attempt in job.summary()["attempts"]]
    assert failures == ["OSError: no route", "OSError: no answer", None]


def test_the_last_failure_is_the_failure_of_the_job(jobs: Manager) -> None:
    calls: list[int] = []

    def fetch() -> None:
        calls.append(1)
        fail(f"call {len(calls)}")

    job = jobs.options(retry=2, backoff=0).submit(fetch)
    assert str(job.exception(60)) == "'call 2'" or str(job.exception(60)) == "call 2"
    assert len(calls) == 2
    assert "attempts.py" not in str(job._tb)


def test_a_stop_ends_the_pause_between_two_attempts(jobs: Manager) -> None:
    job = jobs.new(fail, retry=3, backoff=3600)
    while not job.why():
        time.sleep(0.001)
    assert job.why()[0].endswith("before attempt 2 of 3")
    assert job.stop(timeout=60).stopped
    assert len(job.summary()["attempts"]) == 1


def test_a_job_lends_its_place_between_two_attempts(jobs: Manager) -> None:
    net = jobs.group("net", limit=1)
    tried = net.options(retry=2, backoff=3600).submit(fail)
    assert net.submit(len, "abc").get(60) == 3
    tried.stop(timeout=60)


def test_a_stop_is_not_tried_again(jobs: Manager) -> None:
    job = jobs.new(bgjobs.sleep, 3600, retry=3, backoff=0)
    while not job.summary()["attempts"]:
        time.sleep(0.001)
    assert job.stop(timeout=60).stopped
    assert len(job.summary()["attempts"]) == 1


def test_a_process_job_is_tried_again(jobs: Manager, tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    def fetch() -> str:
        if not mark.exists():
            mark.touch()
            raise OSError("no route")
        return "here"

    assert jobs.new(fetch, process=True, retry=2, backoff=0).get(60) == "here"


# Logs and names.


def test_a_job_with_a_name_is_shown_under_it(jobs: Manager, capsys: pytest.CaptureFixture[str]) -> None:
    job = jobs.new(len, "abc", name="count")
    job.join()
    jobs.status()
    assert "0 : count\n" in capsys.readouterr().out
    assert str(job) == "count"


def test_a_log_holds_as_much_as_its_job_allows_and_a_file_has_all(jobs: Manager, tmp_path: Path) -> None:
    def chatter() -> None:
        for number in range(100):
            print("line", number)

    job = jobs.new(chatter, log_bytes=1000, log_file=tmp_path / "log")
    job.join()
    assert len(job.log.lines) < 100
    assert job.log.tail(1) == ["line 99"]
    assert len((tmp_path / "log").read_text().splitlines()) == 100


def test_a_job_whose_log_file_cannot_be_created_does_not_start(jobs: Manager, tmp_path: Path) -> None:
    mine = tmp_path / "log"
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match=r"can't create the log file: File exists: '.*log'"):
        jobs.new(print, log_file=mine)
    with pytest.raises(FileNotFoundError, match="missing"):
        jobs.new(print, log_file=tmp_path / "missing" / "log", group="net")
    assert mine.read_text() == "mine"
    assert jobs.new(print).num == 0


# Wrong use.


@pytest.mark.parametrize(
    ("start", "error", "text"),
    [
        (start_of("group", ""), ValueError, "not empty"),
        (start_of("group", 3), TypeError, "not 3"),
        (lambda jobs: jobs.new(len, "", group=Manager().group("net")), ValueError, "another manager"),
        (start_of("priority", "high"), TypeError, "'high'"),
        (start_of("priority", 2**31), ValueError, "2147483648"),
        (start_of("delay", -1), ValueError, "0 or more, not -1"),
        (start_of("delay", "soon"), TypeError, "'soon'"),
        (start_of("delay", float("nan")), ValueError, "nan"),
        (start_of("delay", 1e300), ValueError, "100 years"),
        (start_of("after", 7), ValueError, "after is job #7, which this manager does not have; there are none"),
        (start_of("after", "first"), TypeError, "'first'"),
        (start_of("after", BackgroundJobFunc(len, "")), ValueError, "start it first"),
        (lambda jobs: jobs.new(len, "", after=Manager().new("1")), ValueError, "another manager"),
        (start_of("time_limit", 0), ValueError, "stopped at once"),
        (start_of("time_limit", -2), ValueError, "not -2"),
        (start_of("retry", True), TypeError, "retry=3, not True"),
        (start_of("retry", 0), ValueError, "not 0"),
        (start_of("retry", "often"), TypeError, "'often'"),
        (start_of("backoff", 1), ValueError, "retry=3"),
        (start_of("log_bytes", 0), ValueError, "not 0"),
        (lambda jobs: jobs.options(grp="net"), TypeError, "there is no option grp; there are name, group"),
        (lambda jobs: jobs.map(len, [""], limt=2), TypeError, "there is no option limt"),
        (lambda jobs: jobs.map(len, [""], limit=0), ValueError, "limit of 0"),
        (lambda jobs: jobs.group("net", limit=0), ValueError, "with a limit of 0 no job of group net would ever start"),
        (lambda jobs: jobs.group("net", limit=-1), ValueError, "not -1"),
        (lambda jobs: jobs.group("net", limit="two"), TypeError, "'two'"),
        (lambda jobs: jobs.group(""), ValueError, "a group has a name"),
    ],
)
def test_a_wrong_option_is_an_error_that_names_it(
    jobs: Manager, start: Callable[[Manager], object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as caught:
        start(jobs)
    assert text in str(caught.value)
    assert jobs.all == {} and jobs.groups == []


def test_options_of_the_function_stay_its_own(jobs: Manager) -> None:
    def f(**keywords: object) -> object:
        return keywords

    assert jobs.options(group="net").submit(f, group=1, retry=2).get(60) == {"group": 1, "retry": 2}


def test_an_expression_with_options_has_the_names_of_its_caller(jobs: Manager) -> None:
    local = 20
    assert jobs.new("local + 1", group="net").get(60) == 21
    assert jobs.options(group="net").new("local + 2").get(60) == 22
    assert jobs.group("net").new("local + 3").get(60) == 23
    assert isinstance(jobs.groups[0], Group) and local


# Many.


def test_a_flood_through_a_narrow_group_runs_each_job_once(jobs: Manager) -> None:
    done: list[int] = []
    started = jobs.map(done.append, range(2000), limit=3)
    bgjobs.wait_all(started, 60)
    assert sorted(done) == list(range(2000))
