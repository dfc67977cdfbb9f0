"""Output as it comes: unfinished lines, and lines that change."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from hosts import ipython_prompt

import bgjobs
from bgjobs import live
from bgjobs.display import job_html, jobs_html
from bgjobs.live import LiveLines


@pytest.fixture
def manager(monkeypatch):
    """Jobs at a prompt, so that what they print goes to their logs alone."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    jobs = bgjobs.BackgroundJobManager()
    yield jobs
    bgjobs.output.remove_router()


class Printed:
    """A job that has printed, and prints more when it is told."""

    def __init__(self, manager, *texts):
        self._texts = iter(texts)
        self._told, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self.job = manager.new(self._print)
        self.more()

    def _print(self):
        for text in self._texts:
            self._told.acquire(timeout=60)
            print(text, end="")
            self._done.release()
        self._told.acquire(timeout=60)

    def more(self):
        self._told.release()
        assert self._done.acquire(timeout=60)

    def end(self):
        self._told.release()
        self.job.join(60)


def test_what_a_job_has_printed_of_a_line_is_pending_until_it_ends(manager):
    printed = Printed(manager, "read\nOverwrite? ", "yes\n")
    log = printed.job.log
    assert [(line.stream, line.text) for line in log.pending] == [("stdout", "Overwrite? ")]
    assert (log.tail(1), list(log), str(log)) == (["Overwrite? "], ["read"], "read\nOverwrite? ")
    assert [line.text for line in log.since(3600)] == ["read", "Overwrite? "]
    assert "Overwrite? " in job_html(printed.job)
    assert "Overwrite? " in jobs_html({0: printed.job})
    printed.more()
    assert (log.pending, log.tail(1), str(log)) == ([], ["Overwrite? yes"], "read\nOverwrite? yes\n")
    printed.end()


def test_a_bar_is_one_line_that_changes(manager):
    printed = Printed(manager, "\r 10%", "\r 20%", "\r100%\n")
    log = printed.job.log
    assert log.tail() == [" 10%"]
    printed.more()
    assert log.tail() == [" 20%"]
    printed.more()
    assert list(log) == ["100%"]
    printed.end()


def test_bars_below_each_other_leave_no_pyramid(manager):
    def body():
        # As tqdm writes an outer bar, which moves twice, and an inner one.
        for outer in ("1/2", "2/2"):
            print(f"\r{outer}", end="")
            for inner in range(50):
                print(f"\n\r{inner}/50\x1b[A", end="")
            print("\n\r     \x1b[A", end="")
        print("\rdone ")

    job = manager.new(body)
    job.get(60)
    assert list(job.log) == ["1/2", "done "]


def test_the_log_is_printed_with_its_unfinished_line(manager, capsys):
    printed = Printed(manager, "read\n50%")
    for count, shown in [(None, "read\n50%\n"), (1, "50%\n")]:
        printed.job.log.print(count)
        assert capsys.readouterr().out == shown
    printed.end()


class Screen(io.StringIO):
    def isatty(self):
        return True


def shown_on(screen, monkeypatch):
    monkeypatch.setattr(sys, "stdout", screen)
    lines = LiveLines()
    lines.change(["10%"])
    lines.change(["10%"])
    lines.change(["字" * 5, "why?"])
    lines.end("done")
    lines.change([])
    lines.end("bye")
    return screen.getvalue()


def test_on_a_terminal_an_unfinished_line_changes_in_place_in_one_row(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("TERM", "xterm")
    clear = "\r\x1b[K"
    assert shown_on(Screen(), monkeypatch) == f"10%{clear}字字字字…{clear}done\nbye\n"


def test_in_a_notebook_an_unfinished_line_is_overwritten(monkeypatch):
    monkeypatch.setattr(live.host, "is_kernel", lambda: True)
    rows = shown_on(io.StringIO(), monkeypatch).split("\r")
    assert rows == ["10%", "   ", "字字字字字  why?", " " * 11, "done\nbye\n"]


def test_elsewhere_only_lines_that_have_ended_are_shown(monkeypatch):
    assert shown_on(io.StringIO(), monkeypatch) == "done\nbye\n"
    monkeypatch.setenv("TERM", "dumb")
    assert shown_on(Screen(), monkeypatch) == "done\nbye\n"


def test_colours_are_shown_where_they_are_wanted_and_all_else_is_harmless(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    line = "\x1b[31mred\x1b[2J"
    for screen, no_color, shown in [
        (Screen(), "", "\x1b[31mred\\x1b[2J\x1b[0m\n"),
        (Screen(), "1", "red\\x1b[2J\n"),
        (io.StringIO(), "", "red\\x1b[2J\n"),
    ]:
        monkeypatch.setenv("NO_COLOR", no_color)
        monkeypatch.setattr(sys, "stdout", screen)
        LiveLines().end(line)
        assert screen.getvalue() == shown


def test_a_coloured_line_that_is_too_long_is_cut_without_its_colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "5")
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    for line in ("\x1b[31m1234\x1b[0m", "\x1b[31m12345"):
        LiveLines().change([line])
    assert screen.getvalue() == "\x1b[31m1234\x1b[0m123…"


def test_a_line_that_is_too_long_to_stay_whole_has_a_mark(manager, capsys):
    printed = Printed(manager, "x" * 20_000 + "\nshort\n")
    log = printed.job.log
    assert [(len(line.text), line.continues) for line in log.lines] == [(16384, True), (3616, False), (5, False)]
    assert str(log) == "x" * 20_000 + "\nshort\n"
    log.print()
    assert [line[-3:] for line in capsys.readouterr().out.splitlines()] == ["x …", "xxx", "ort"]
    printed.end()


def test_tables_show_no_colours(manager):
    printed = Printed(manager, "\x1b[31mred\x1b[0m\n")
    for table in (job_html(printed.job), jobs_html({0: printed.job})):
        assert "red" in table and "31m" not in table
    printed.end()


def test_fg_shows_a_question_at_once(tmp_path):
    go = tmp_path / "go"
    with ipython_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("from hosts import wait_for_file; from pathlib import Path")
        it.type("def ask(): print('Overwrite? ', end=''); wait_for_file(Path(go)); print('yes')")
        it.type(f"go = {str(go)!r}; jobs.new(ask);")
        it.send("%fg 0\r")
        it.see("Overwrite? ")
        go.touch()
        assert it.wait_prompt().startswith("Overwrite? yes")
