"""The timeline: its forms, and the names in it."""

import json
import xml.etree.ElementTree as ET

import pytest

from bgjobs import BackgroundJobManager


@pytest.fixture
def jobs():
    manager = BackgroundJobManager()
    manager.new("6 * 7", {}).join()
    manager.new(divmod, 1, 0, name="<script>\u202e</script>").join()
    return manager


def test_a_notebook_gets_a_picture_and_a_terminal_text(jobs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    timeline = jobs.timeline()
    picture = timeline._repr_html_()
    assert picture == timeline.svg() and "<script" not in picture and "\u202e" not in picture
    texts = [text.text for text in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert "#1 \u2068<script>\\u202e</scr…\u2069" in texts and any(text.startswith("✗ ") for text in texts)
    lines = repr(timeline).splitlines()
    assert lines[0].startswith("2 jobs in ") and lines[0].endswith(": 1 done, 1 failed")
    assert lines[2].startswith("#0 6 * 7 ") and max(map(len, lines)) <= 60


def test_it_is_saved_in_the_form_of_the_files_ending(jobs, tmp_path):
    jobs.timeline().save(tmp_path / "run.svg")
    jobs.timeline().save(str(tmp_path / "run.json"))
    jobs.trace(tmp_path / "run.trace")
    ET.parse(tmp_path / "run.svg")
    for name in ("run.json", "run.trace"):
        events = json.loads((tmp_path / name).read_text(encoding="utf-8"))["traceEvents"]
        assert next(event["name"] for event in events if event["ph"] == "X") == "6 * 7"
    with pytest.raises(ValueError, match=r"run\.png`: end the name in \.svg for a picture, or in \.json for a trace"):
        jobs.timeline().save(tmp_path / "run.png")
    with pytest.raises(FileNotFoundError) as missing:
        jobs.timeline().save(tmp_path / "none" / "run.svg")
    assert missing.value.filename == str(tmp_path / "none" / "run.svg") and missing.value.strerror


def test_a_job_that_runs_is_drawn_until_now_and_one_that_waits_too(jobs):
    jobs.group("net").pause()
    jobs.new("1", {}, group="net")
    texts = repr(jobs.timeline())
    assert ", 1 waiting" in texts and " waited " in texts
    jobs.stop("queued")
