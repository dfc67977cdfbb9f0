"""How a terminal alerts its user when a long job ends."""

from __future__ import annotations

import pytest
from hosts import ipython_prompt, kernel, simple_prompt

from bgjobs import BackgroundJobManager, alerts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("off", "off"),
        ("bell", "bell:10s"),
        ("bell:0", "bell:0s"),
        (" osc9:30s ", "osc9:30s"),
        ("osc777:90", "osc777:1m30s"),
        ("bell:1h 30m", "bell:1h30m"),
    ],
)
def test_a_setting_parses_as_it_is_shown(text, shown):
    alert = alerts.parse(text)
    assert str(alert) == shown
    assert alerts.parse(shown) == alert


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ding", "ding is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you like"),
        ("off:5", "off:5 is not a kind of alert"),
        ("\x1b", r"\\x1b is not a kind of alert"),
        ("bell:soon", "soon in bell:soon is not a time, such as 30s, 5m or 2h"),
        ("bell:", " in bell: is not a time"),
    ],
)
def test_an_invalid_setting_lists_the_valid_ones(text, says):
    with pytest.raises(ValueError, match=says):
        alerts.parse(text)


def ended(*names: str) -> list:
    """Jobs of these names that have ended; the first of them has failed."""
    jobs = BackgroundJobManager()
    found = [jobs.options(name=name).submit(int, "x" if number == 0 else "1") for number, name in enumerate(names)]
    jobs.wait()
    return found


def test_escape_sequences_in_a_name_are_harmless():
    jobs = ended("a;b\x1b]0;x\x07")
    shown = alerts.parse("osc9:0").of(jobs)
    assert shown.startswith("\x1b]9;Job #0 failed after ")
    assert shown.endswith(" ms: a;b\\x1b]0;x\\x07\x07")
    shown = alerts.parse("osc777:0").of(jobs)
    assert shown.startswith("\x1b]777;notify;bgjobs;Job #0 failed after ")
    assert shown.endswith(" ms: a,b\\x1b]0,x\\x07\x07")


def test_ends_at_the_same_time_make_one_alert_and_short_jobs_make_none():
    jobs = ended("a", "b", "c")
    assert alerts.parse("bell:0").of(jobs) == "\x07"
    assert alerts.parse("osc9:0").of(jobs) == "\x1b]9;Jobs have ended: 2 done, 1 failed\x07"
    assert alerts.parse("bell:1h").of(jobs) == ""
    assert alerts.parse("off").of(jobs) == ""
    assert alerts.parse("bell:0").of([]) == ""


@pytest.mark.parametrize("prompt", [simple_prompt, ipython_prompt])
def test_a_terminal_gets_an_alert_with_the_notice_of_an_end_and_none_of_what_fg_has_shown(prompt, monkeypatch):
    monkeypatch.setenv("BGJOBS_NOTIFY", "osc9:0")
    with prompt() as it:
        it.type("%load_ext bgjobs")
        assert "osc9:0s" in it.type("%notify")
        it.type("import threading; gate = threading.Event()")
        it.type("%bg gate.wait(60)")
        it.send("gate.set(); jobs[0].join()\r")
        it.see("\x1b]9;Job #0 done after ")
        it.see("Completed jobs:")
        it.wait_prompt()
        it.type("gate.clear()")
        it.type("%bg gate.wait(60)")
        shown = it.type("gate.set(); get_ipython().run_line_magic('fg', '1')") + it.type("'the ' + 'end'")
        assert "the end" in shown
        assert "]9;" not in shown


def test_a_wrong_setting_in_the_environment_is_said_when_the_extension_is_loaded(monkeypatch):
    monkeypatch.setenv("BGJOBS_NOTIFY", "ding")
    with simple_prompt() as it:
        assert "BGJOBS_NOTIFY: ding is not a kind of alert; use bell" in it.type("%load_ext bgjobs")


def test_a_notebook_has_no_terminal_to_alert():
    with kernel() as it:
        it.run("%load_ext bgjobs")
        assert "a notebook has none: a job's card shows its end" in it.text(it.run("%notify bell"), "stderr")
