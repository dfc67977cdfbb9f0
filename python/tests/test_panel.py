"""The panel's protocol, with pages that are lists of messages; the other levels are in `test_panel_*.py`."""

from __future__ import annotations

import json
import queue
import threading
import time
from types import SimpleNamespace

import pytest

import bgjobs
from bgjobs import BackgroundJobBase, BackgroundJobManager, foreground
from bgjobs.panel import exchange
from bgjobs.panel.exchange import Exchange
from bgjobs.panel.feed import ROOM, Feed

DEADLINE = 60


class Gated:
    """A manager whose jobs run until their gate opens."""

    def __init__(self) -> None:
        self.jobs = BackgroundJobManager()
        self.gate = threading.Event()

    def start(self, before=lambda: None, after=lambda: None, **options):
        """Starts a job that does `before`, waits, and does `after`; returns it when it waits."""
        begun = threading.Event()

        def body():
            before()
            begun.set()
            self.gate.wait()
            return after()

        job = self.jobs.new(body, **options)
        assert begun.wait(DEADLINE)
        return job

    def end(self) -> None:
        self.gate.set()
        self.jobs.wait(DEADLINE)


@pytest.fixture
def gated():
    gated = Gated()
    yield gated
    gated.end()


@pytest.fixture
def feed(gated):
    """A feed whose page has the first ten rows in view, and knows all."""
    feed = Feed(lambda: dict(gated.jobs.all))
    feed.show("page", list(range(10)), [])
    return feed


def test_the_first_message_is_whole_and_the_next_have_only_what_changed(gated, feed):
    job = gated.start(lambda: bgjobs.progress(1, 4, "fit"), lambda: 42, name="fit")
    first = feed.look(0.0)
    assert (first["number"], first["is_whole"]) == (1, True)
    row = first["jobs"][0]
    assert (row["id"], row["state"], row["label"]) == (0, "running", "fit")
    assert (row["done"], row["total"], row["text"]) == (1, 4, "fit")
    assert row["left"] is not None
    job._report(2, 4, None)
    second = feed.look(0.5)
    assert (second["number"], second["is_whole"]) == (2, False)
    assert set(second["jobs"][0]) == {"id", "done", "left"}
    gated.end()
    (ended,) = feed.look(1.0)["jobs"]
    assert (ended["state"], ended["line"]) == ("done", "42")
    assert ended["ran"] >= 0


def test_nothing_is_told_while_nothing_changes(gated, feed):
    gated.start(lambda: print("a line"))
    gated.jobs.new("1").join(DEADLINE)
    gated.jobs.new("1", delay=1000)
    gated.jobs.new("1", after=2)
    assert feed.look(0.0) is not None
    assert feed.look(1.0) is None
    gated.jobs.stop("queued")


def test_a_row_says_why_its_job_waits_prints_or_ended(gated, feed):
    gated.start(lambda: print("half a line", end=""))
    gated.jobs.new("1 / 0").join(DEADLINE)
    gated.jobs.new("1", delay=1000)
    gated.jobs.new("1", delay=1000).stop("not needed")
    gated.jobs.new("[1, 'two']").join(DEADLINE)
    lines = [row["line"] for row in feed.look(0.0)["jobs"]]
    assert lines == [
        "half a line",
        "ZeroDivisionError: division by zero",
        "it starts after its delay",
        "not needed",
        "[1, 'two']",
    ]
    gated.jobs.stop("queued")


def test_a_bar_is_not_shown_twice_as_progress_and_as_the_last_line(gated, feed):
    job = gated.start(lambda: print("loss 0.1\nepoch:  24%|##    | 72/300 [00:08<0", end=""))
    assert feed.look(0.0)["jobs"][0]["line"] == "epoch: 24%|## | 72/300 [00:08<0"
    job._report(72, 300, "epoch")
    assert feed.look(1.0)["jobs"][0]["line"] == "loss 0.1"


def test_of_a_row_that_is_not_in_view_only_its_state_is_told(gated):
    feed = Feed(lambda: dict(gated.jobs.all))
    feed.show("page", [], [])
    job = gated.start(lambda: (print("a line"), bgjobs.progress(1, 2)))
    assert set(feed.look(0.0)["jobs"][0]) == {"id", "state", "label", "since"}
    job._report(2, 2, None)
    assert feed.look(0.5) is None
    feed.show("page", [0], [])
    assert feed.look(1.0)["jobs"][0]["line"] == "a line"
    feed.show("page", [], [])
    gated.end()
    assert feed.look(1.5)["jobs"][0]["state"] == "done"


def test_a_job_that_was_forgotten_goes(gated, feed):
    gated.jobs.new("1").join(DEADLINE)
    feed.look(0.0)
    gated.jobs.remove(0)
    message = feed.look(1.0)
    assert (message["gone"], message["jobs"]) == ([0], [])


def test_an_open_row_has_where_its_job_is_and_what_it_printed_with_the_unfinished_line(gated, feed):
    gated.start(lambda: print("one\ntwo\nthree", end=""))
    feed.show("page", [0], [0])
    details = feed.look(0.0)["details"][0]
    assert "in body" in details["where"]
    assert details["log"]["lines"] == [["one", False], ["two", False]]
    assert details["log"]["pending"] == [["three", False]]
    assert feed.look(1.0) is None


def test_of_a_log_only_what_is_new_follows_and_a_page_that_opens_the_row_later_gets_it_all(gated, feed):
    gated.start(lambda: print("one"), lambda: print("two"))
    feed.show("page", [0], [0])
    first = feed.look(0.0)["details"][0]["log"]
    assert (first["from"], first["lines"]) == (None, [["one", False]])
    gated.end()
    second = feed.look(1.0)["details"][0]["log"]
    assert (second["from"], second["lines"]) == (first["to"], [["two", False]])
    feed.show("other", [], [0])
    third = feed.look(2.0)["details"][0]["log"]
    assert (third["from"], third["lines"]) == (None, [["one", False], ["two", False]])


def test_of_a_long_log_the_newest_lines_are_told_and_how_many_are_before_them(gated, feed):
    gated.jobs.new(lambda: print("\n".join(map(str, range(1000))))).join(DEADLINE)
    feed.show("page", [], [0])
    log = feed.look(0.0)["details"][0]["log"]
    assert (len(log["lines"]), log["missed"], log["lines"][-1]) == (200, 800, ["999", False])


def test_an_open_row_has_the_traceback_of_a_failure_and_the_names_of_a_cell(gated, feed, shell):
    shell.see("%%bg\nprice = 3\nrows = [price]\n1 / 0")
    cell = shell.user_ns["jobs"][0]
    cell.exception(DEADLINE)
    feed = Feed(lambda: {0: cell})
    feed.show("page", [], [0])
    details = feed.look(0.0)["details"][0]
    assert details["failure"].startswith("Traceback (most recent call last):")
    assert details["failure"].endswith("ZeroDivisionError: division by zero")
    assert details["names"] == [["price", "3"], ["rows", "[3]"]]
    assert details["where"] == ""


def test_what_a_job_prints_and_is_called_has_no_control_characters(gated, feed):
    evil = "\x1b[31mred\x1b[0m \x1b[2J \u202e"
    gated.start(lambda: print(evil), name=evil)
    feed.show("page", [0], [0])
    text = json.dumps(feed.look(0.0), ensure_ascii=False)
    assert "red" in text
    assert not {"\x1b", "\\u001b", "\u202e"} & {part for part in ("\x1b", "\\u001b", "\u202e") if part in text}


def test_a_job_that_runs_elsewhere_says_where(gated, feed):
    job = gated.start()
    job.place = "on farm, process 7 of there"
    feed.show("page", [0], [0])
    message = feed.look(0.0)
    assert message["jobs"][0]["place"] == "on farm, process 7 of there"
    assert message["details"][0]["where"] == "on farm, process 7 of there"


def test_a_kept_job_says_as_which(gated, feed):
    job = gated.start()
    job.kept = "k12"
    assert feed.look(0.0)["jobs"][0]["place"] == "kept as k12"


def test_a_name_that_raises_an_error_is_shown_as_that(gated, feed):
    class Odd(BackgroundJobBase):
        def __init__(self):
            self.strform = "odd"
            self._init()

        def call(self):
            return 1

        def __str__(self):
            raise LookupError("no name")

    gated.jobs.start(Odd()).join(DEADLINE)
    feed.show("page", [0], [0])
    row = feed.look(0.0)["jobs"][0]
    assert (row["state"], row["label"]) == ("done", "this can't be shown: LookupError: no name")


def test_of_very_many_jobs_each_message_has_some_the_newest_first(gated, monkeypatch):
    monkeypatch.setattr("bgjobs.panel.feed.BATCH", 2)
    for _ in range(5):
        gated.jobs.new("1").join(DEADLINE)
    feed = Feed(lambda: dict(gated.jobs.all))
    feed.meet("page", keeps=False)
    told = []
    while not told or feed.is_live:
        message = feed.look(0.0)
        told.append(([row["id"] for row in message["jobs"]], message["behind"], message.get("counts")))
    assert told == [([3, 4], 3, {"done": 5}), ([1, 2], 1, None), ([0], 0, None)]
    assert feed.look(1.0) is None


def test_of_a_flood_of_starts_and_ends_a_message_has_no_more_than_it_has_room_for_and_counts_all(gated):
    feed = Feed(lambda: dict(gated.jobs.all))
    feed.meet("page", keeps=False)
    feed.look(0.0)
    held = gated.start()
    feed.show("page", [held.num], [])
    for job in gated.jobs.map(str, range(1000)):
        job.join(DEADLINE)
    held._report(1, 2, None)
    messages = [feed.look(0.0)]
    assert messages[0]["counts"] == {"running": 1, "done": 1000}
    # What is in view is told in any case, and of the others the newest.
    assert {held.num, 1000} <= {row["id"] for row in messages[0]["jobs"]}
    while messages[-1]["behind"]:
        messages.append(feed.look(0.0))
    assert [len(json.dumps(message)) < ROOM + 1000 for message in messages] == [True] * len(messages)
    assert len(messages) > 2
    assert sorted(row["id"] for message in messages for row in message["jobs"] if "state" in row) == list(range(1001))


def test_what_floods_into_open_logs_is_told_as_far_as_a_message_has_room(gated, feed):
    def flood():
        print("x" * 900 + "\n", end="")

    gated.start(flood, lambda: [flood() for _ in range(500)])
    feed.show("page", [0], [0])
    feed.look(0.0)
    gated.end()
    message = feed.look(1.0)
    assert len(json.dumps(message)) < ROOM
    log = message["details"][0]["log"]
    assert (log["from"], log["missed"]) == (None, 501 - len(log["lines"]))


def test_messages_are_whole_until_a_page_is_heard_and_only_when_something_changed(gated):
    feed = Feed(lambda: dict(gated.jobs.all))
    job = gated.start(lambda: bgjobs.progress(1, 4))
    assert feed.look(0.0)["is_whole"]
    assert feed.look(0.5) is None
    job._report(2, 4, None)
    message = feed.look(1.0)
    assert message["is_whole"]
    assert message["jobs"][0]["label"]


def test_nobody_is_told_anything_when_all_pages_have_gone(gated, feed):
    job = gated.start()
    feed.look(0.0)
    feed.hide("page")
    job._report(2, 4, None)
    assert feed.look(1.0) is None
    feed.meet("page", keeps=False)
    assert feed.look(2.0)["is_whole"]


def test_a_hello_that_a_look_has_overtaken_does_not_undo_it(gated, feed):
    gated.start(lambda: print("one"))
    feed.show("page", [0], [0])
    feed.meet("page", keeps=False)
    message = feed.look(0.0)
    assert message["jobs"][0]["line"] == "one"
    assert message["details"][0]["log"]["lines"] == [["one", False]]


class Page:
    """The pages of an exchange, as a queue of messages."""

    def __init__(self, jobs) -> None:
        self.messages: queue.Queue = queue.Queue()
        self.exchange = Exchange(lambda: dict(jobs.all), self.messages.put, lambda is_lost: 0)
        self.exchange.start()

    def pauses_for(self, pause: float | None) -> bool:
        """Waits until the panel's thread would sleep for so long."""
        deadline = time.monotonic() + DEADLINE
        while self.exchange._pause() != pause and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.exchange._pause() == pause

    def ask(self, kind: str, **rest) -> None:
        self.exchange.receive({"kind": kind, "page": "page", **rest})

    def wait(self, kind: str, wanted=lambda message: True):
        while True:
            message = self.messages.get(timeout=DEADLINE)
            if message["kind"] == kind and wanted(message):
                return message

    def wait_state(self, number: int, state: str) -> None:
        self.wait(
            "jobs", lambda message: any((row["id"], row.get("state")) == (number, state) for row in message["jobs"])
        )


@pytest.fixture
def page(gated):
    page = Page(gated.jobs)
    yield page
    page.exchange.end()


def test_a_page_that_says_hello_is_told_all_even_if_there_is_nothing(page):
    page.ask("hello")
    assert page.wait("jobs", lambda message: message["is_whole"])["jobs"] == []


def test_a_stop_is_heard_and_answered_with_its_verdict(gated, page):
    gated.jobs.new(bgjobs.sleep, 3600)
    page.ask("hello")
    page.ask("stop", ids=[0, 99])
    assert page.wait("asked")["ids"] == [0]
    verdict = page.wait("verdict")
    assert verdict["id"] == 0
    assert verdict["text"].startswith("stopped after")
    gated.jobs.wait(DEADLINE)
    assert gated.jobs[0].outcome == "stopped"


def test_a_stop_that_the_body_does_not_heed_is_answered_too_while_the_panel_goes_on(gated, page, monkeypatch):
    monkeypatch.setattr(exchange, "_PATIENCE", 0.1)
    lock = threading.Lock()
    with lock:
        job = gated.jobs.new(lock.acquire)
        page.ask("hello")
        page.wait_state(0, "running")
        page.ask("stop", ids=[0])
        assert "still running" in page.wait("verdict")["text"]
    job.join(DEADLINE)


def test_a_job_that_a_cell_waits_for_says_so_and_is_let_go_of(gated, page):
    job = gated.start()
    waits = threading.Thread(target=foreground.show_until_end, args=(job,))
    waits.start()
    page.ask("hello")
    page.ask("look", seen=[0], open=[])
    page.wait("jobs", lambda message: message["front"] == [0])
    page.ask("let_go", ids=[0, 99])
    assert page.wait("gone_on")["ids"] == [0]
    waits.join(DEADLINE)
    assert not waits.is_alive()
    assert not job.done()
    page.wait("jobs", lambda message: message["front"] == [])


def test_a_start_wakes_a_panel_that_sleeps(gated, page):
    page.ask("hello")
    page.wait("jobs")
    # It was asked, told all, and nothing runs.
    assert page.pauses_for(None)
    gated.start()
    page.exchange.wake()
    page.wait_state(0, "running")


def test_a_look_that_fails_is_logged_and_requests_are_answered_after_it(gated, page, monkeypatch, caplog):
    looked = threading.Event()

    def fail(now):
        looked.set()
        raise LookupError("broken")

    monkeypatch.setattr(page.exchange.feed, "look", fail)
    page.ask("hello")
    assert looked.wait(DEADLINE)
    page.ask("stop", ids=[])
    assert page.wait("asked")["ids"] == []
    assert "the panel could not look at its jobs" in caplog.text


def test_requests_that_are_not_well_made_harm_nobody(gated, page):
    for request in (None, "stop", {}, {"kind": "stop"}, {"kind": "stop", "ids": "all"}, {"kind": "fly"}):
        page.exchange.receive(request)
    page.ask("look", seen=["x"], open=None)
    page.ask("hello")
    page.wait("jobs")


@pytest.mark.parametrize(("size", "pause"), [(0, 0.5), (8990, 2.0), (400_000, 5.0)])
def test_a_large_message_lengthens_the_pause_to_the_next_look(monkeypatch, size, pause):
    monkeypatch.setattr(exchange, "time", SimpleNamespace(monotonic=lambda: 100.0, time=time.time))
    panel = Exchange(lambda: {}, lambda message: None, lambda is_lost: 0)
    panel.feed.look = lambda now: {"x": "a" * size}
    panel._look()
    assert panel._due - 100.0 == pytest.approx(pause, abs=0.01)


def test_between_two_looks_lies_the_pace(gated):
    looks = []
    page = Page(gated.jobs)
    look = page.exchange.feed.look

    def noted(now):
        looks.append(time.monotonic())
        return look(now)

    page.exchange.feed.look = noted
    try:
        page.ask("hello")
        page.wait("jobs")
        job = gated.start(lambda: bgjobs.progress(0, 10))
        page.exchange.wake()
        page.ask("look", seen=[0], open=[])
        page.wait_state(0, "running")
        for done in range(1, 4):
            job._report(done, 10, None)
            page.wait("jobs")
        pauses = [later - earlier for earlier, later in zip(looks[-3:], looks[-2:])]
        assert min(pauses) >= exchange.PACE * 0.9
    finally:
        page.exchange.end()


def test_without_anywidget_the_panel_says_how_to_install_it(gated, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install 'bgjobs\[live\]'"):
        gated.jobs.panel()


def test_a_manager_has_one_panel_and_outside_of_a_notebook_it_is_text(gated):
    pytest.importorskip("anywidget")
    panel = gated.jobs.panel()
    assert panel is gated.jobs.panel()
    assert repr(panel) == "<panel of 0 jobs, for a notebook>"
    with pytest.raises(NotImplementedError):
        panel._ipython_display_()
    gated.start()
    gated.end()
    gated.jobs.flush()


def test_at_a_terminal_the_magic_says_that_it_needs_a_notebook(shell):
    assert "%jobs --live needs a notebook" in shell.see("%jobs --live")
