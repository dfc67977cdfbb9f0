"""The still picture of the panel, which a notebook shows without its kernel: what is in it, when it is made anew."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest
from test_panel import DEADLINE, Gated

import bgjobs
from bgjobs.panel import exchange, still
from bgjobs.panel.exchange import Exchange


@pytest.fixture
def gated():
    gated = Gated()
    yield gated
    gated.end()


def picture(gated, open=()) -> str:
    return still.html_of(dict(gated.jobs.all), open)


def test_it_has_groups_and_rows_that_open_without_a_script(gated):
    gated.start(name="<b>bold</b>")
    gated.jobs.new("1 / 0").join(DEADLINE)
    gated.jobs.new("6 * 7").join(DEADLINE)
    html = picture(gated, [1])
    assert html.index("Running") < html.index("Failed") < html.index("Done")
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold</b>" not in html
    assert html.count("<details open><summary>") == 1
    assert "ZeroDivisionError: division by zero</pre>" in html
    assert "<script" not in html


def test_of_many_jobs_it_shows_the_newest_of_each_group(gated):
    for job in [gated.jobs.new("1") for _ in range(60)]:
        job.join(DEADLINE)
    html = picture(gated)
    assert "10 older ones are not shown" in html
    assert "#59<" in html
    assert "#9<" not in html


def test_what_its_rows_open_to_has_a_limit_and_failures_come_first(gated):
    gated.jobs.new("1 / 0").join(DEADLINE)
    for number in range(1, 40):
        gated.jobs.new(lambda number=number: print(f"of {number}\n" + "x" * 2000)).join(DEADLINE)
    html = picture(gated)
    assert len(html) < 40_000
    assert "ZeroDivisionError: division by zero</pre>" in html
    assert "of 39\n" in html
    assert "of 1\n" not in html


def test_it_changes_only_when_its_jobs_do(gated):
    job = gated.start(lambda: bgjobs.progress(1, 4, "fit"), name="fit")
    first = picture(gated)
    assert "fit, 25%" in first
    assert "since " in first
    # The time that is left grows meanwhile.
    time.sleep(0.01)
    assert picture(gated) == first
    job._report(2, 4, "fit")
    assert "fit, 50%" in picture(gated)


def test_it_says_of_when_it_is_unless_all_jobs_have_ended(gated):
    job = gated.start()
    assert "As of " in still.page_of("", "name", [job])
    gated.end()
    assert "As of " not in still.page_of("", "name", [job])


class Kept:
    """The pictures that an exchange has made, on a clock that the test sets."""

    def __init__(self, jobs, monkeypatch, size: int) -> None:
        self.now = 100.0
        self.made: list[float] = []
        self.size = size
        monkeypatch.setattr(exchange, "time", SimpleNamespace(monotonic=lambda: self.now, time=time.time))
        self.exchange = Exchange(lambda: dict(jobs.all), lambda message: None, self.keep)

    def keep(self, is_lost: bool) -> int:
        self.made.append(self.now)
        return self.size

    def turn(self, at: float, *requests: str) -> None:
        """A turn of the panel's thread at this time, with these requests."""
        self.now = at
        for kind in requests:
            self.exchange.receive({"kind": kind, "page": "page"})
        self.exchange._turn()


@pytest.mark.parametrize(("size", "pause"), [(0, 3.0), (4500, 3.0), (15_000, 10.0)])
def test_between_two_pictures_lie_some_seconds_and_more_if_they_are_large(gated, monkeypatch, size, pause):
    gated.start()
    kept = Kept(gated.jobs, monkeypatch, size)
    for tenths in range(150):
        kept.turn(100.0 + tenths / 10)
    assert kept.made[:2] == [100.0, pytest.approx(100.0 + pause, abs=0.11)]


def test_a_picture_follows_the_end_of_the_last_job_and_then_no_more(gated, monkeypatch):
    gated.start()
    kept = Kept(gated.jobs, monkeypatch, 0)
    kept.turn(100.0)
    gated.end()
    kept.turn(101.0)
    assert kept.made == [100.0]
    assert kept.exchange._pause() == pytest.approx(2.0)
    kept.turn(103.0)
    assert kept.made == [100.0, 103.0]
    assert kept.exchange._pause() is None


def test_none_is_made_when_all_pages_have_gone_and_one_at_once_for_a_page_that_comes(gated, monkeypatch):
    gated.start()
    kept = Kept(gated.jobs, monkeypatch, 0)
    kept.turn(100.0, "hello", "bye")
    kept.turn(110.0)
    assert kept.made == []
    kept.turn(120.0, "hello")
    assert kept.made == [120.0]


def test_one_that_can_not_be_made_is_logged_and_the_panel_goes_on(gated, monkeypatch, caplog):
    gated.start()
    kept = Kept(gated.jobs, monkeypatch, 0)
    monkeypatch.setattr(kept.exchange, "_keep", lambda is_lost: 1 / 0)
    kept.turn(100.0)
    assert "the panel could not be drawn for the notebook" in caplog.text
    kept.turn(100.5, "hello")


def test_a_flood_of_starts_and_ends_takes_no_more_than_7_kb_a_second_with_the_pictures(gated, monkeypatch):
    now, spent = [100.0], []
    monkeypatch.setattr(exchange, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))

    def keep(is_lost: bool) -> int:
        spent.append(len(still.page_of(picture(gated), "name", gated.jobs.all.values())))
        return spent[-1]

    panel = Exchange(lambda: dict(gated.jobs.all), lambda message: spent.append(1000 + len(json.dumps(message))), keep)
    panel.receive({"kind": "hello", "page": "page"})
    for _ in range(40):
        for job in gated.jobs.map(str, range(50)):
            job.join(DEADLINE)
        panel.wake()
        panel._turn()
        now[0] += 0.5
    assert len(gated.jobs.all) == 2000
    assert 20_000 < sum(spent) < 20 * 7000
    assert panel.feed.is_live, "not all is told yet"
