from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace

import failing
import pytest
from hosts import environment, ipython_prompt, plain_prompt, simple_prompt

from bgjobs import BackgroundJobBase, BackgroundJobManager, failures


def traceback_texts(which: str, live: str, mode: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, failing.__file__, which, live, mode],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def without_place_of_call(text: str) -> str:
    """The text without the path and the line of the only frame that is not the user's."""
    where = r"File \S+/(?:backgroundjobs|jobs)\.py:\d+"
    head = where + r"(, in BackgroundJob\w+\.call\(self\))"
    code = r"(\n *)\d+( def call\(self\):\n-+> )\d+( +return )"
    text = re.sub(head + code, r"File\1\2\3\4", text)
    text = re.sub(where + r"( in call\n +return )", r"File\1", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def with_source(text: str, expression: str) -> str:
    """The text with the lines of the job's expression, which IPython 9 fails to get."""
    return re.sub("'Could not get source, .*'\n", f"{expression}\n\n", text)


MODES = [("live", "Context"), ("live", "Plain"), ("live", "Minimal"), ("alone", "Context")]


@pytest.mark.parametrize(("live", "mode"), MODES)
def test_the_traceback_is_the_originals_except_for_the_location_of_the_frame_that_calls_the_body(live, mode):
    ipython = pytest.importorskip("IPython")
    if live == "alone" and ipython.version_info[0] >= 9:
        pytest.skip("without a live shell the original raises TypeError in IPython 9")
    theirs, ours = traceback_texts("original", live, mode), traceback_texts("bgjobs", live, mode)
    if ipython.version_info[0] >= 9:
        assert theirs.pop("exit") == "None\n", "the original is repaired: compare this one too"
        assert "SystemExit: 3" in ours.pop("exit")
        theirs["expression"] = with_source(theirs["expression"], "outer(2)")
        theirs["name"] = with_source(theirs["name"], "nope + 1")
        theirs["attribute"] = with_source(theirs["attribute"], "sys.stdot")
    # The original leaves out its parts.
    theirs.pop("group", None)
    for kind, text in theirs.items():
        assert without_place_of_call(ours[kind]) == without_place_of_call(text), kind
        assert "Error" in text or "Exit" in text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs exception groups")
def test_the_traceback_of_a_group_shows_its_parts_as_the_prompt_of_ipython_does(shell):
    shell.see("def part(): raise KeyError('b')")
    shell.see("errors = []\ntry:\n    part()\nexcept KeyError as error:\n    errors.append(error)")
    shell.see("def many(): raise ExceptionGroup('many', errors)")
    shell.see("job = jobs.new(many); job.exception(60)")
    shown = shell.see("job.traceback()")
    assert shown.startswith("  + Exception Group Traceback (most recent call last):\n") and "bgjobs" not in shown
    assert re.search(r"\n    \|   Cell In\[\d+\], line 1, in part\n", shown) and "    | KeyError: 'b'\n" in shown


def test_the_traceback_of_an_expression_shows_its_lines_and_never_those_of_another():
    ipython = pytest.importorskip("IPython")
    if ipython.version_info[0] < 9:
        pytest.skip("older ones show no lines, as the original")
    jobs = BackgroundJobManager()
    inner = jobs.new("1 + \\\n (lambda: 1 / 0)()", {})
    inner.join()
    assert failures.text_of(inner).count("----> 2  (lambda: 1 / 0)()") == 2
    outer = jobs.new("inner.get()", {"inner": inner})
    outer.join()
    text = failures.text_of(outer)
    assert "File <BackgroundJob compilation>:1" in text
    assert "File <BackgroundJob compilation>:2" in text
    assert "> 1 inner.get()" not in text


def test_an_error_whose_text_waits_for_a_thread_that_reads_another_traceback_has_its_text():
    pytest.importorskip("IPython")
    manager = BackgroundJobManager()

    class Odd(Exception):
        def __str__(self):
            read = threading.Event()
            threading.Thread(target=lambda: manager[0]._tb and read.set(), daemon=True).start()
            return f"read: {read.wait(60)}"

    def fail():
        raise Odd

    for expression in ("1 / 0", "fail()"):
        manager.new(expression, {"fail": fail}).exception(60)
    assert "read: True" in manager[1]._tb


def test_without_ipython_the_traceback_is_the_standard_librarys(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    job = BackgroundJobManager().new(failing.outer, 1)
    job.join()
    lines = failures.text_of(job).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert re.fullmatch(r'  File ".*jobs\.py", line \d+, in call', lines[1])
    assert sum(line.startswith("  File ") for line in lines) == 3
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_the_traceback_of_a_derived_class_begins_at_its_call(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)

    class Mine(BackgroundJobBase):
        strform = "mine"

        def __init__(self):
            self._init()

        def call(self):
            return 1 / 0

    job = Mine()
    job.start()
    job.join()
    files = [line for line in failures.text_of(job).splitlines() if line.startswith("  File ")]
    assert len(files) == 1
    assert __file__ in files[0]


def test_a_job_that_did_not_die_has_no_traceback():
    job = BackgroundJobManager().new("1 + 1")
    job.join()
    assert failures.text_of(job) is None


def test_reading_a_traceback_does_not_change_where_the_debug_magic_opens():
    shell_module = pytest.importorskip("IPython.core.interactiveshell")
    shell = shell_module.InteractiveShell.instance()
    try:
        shell.InteractiveTB.tb = before = object()
        job = BackgroundJobManager().new("1/0")
        job.join()
        assert "ZeroDivisionError" in failures.text_of(job)
        assert shell.InteractiveTB.tb is before
    finally:
        shell_module.InteractiveShell.clear_instance()


class Huge:
    """An object whose end can be observed."""


def pin(watch: list) -> None:
    huge = Huge()
    watch.append(weakref.ref(huge))
    try:
        raise KeyError("cause")
    except KeyError as error:
        raise ValueError("effect") from error


def test_the_newest_dead_jobs_have_the_names_of_their_frames_and_older_ones_only_the_lines():
    jobs, watch = BackgroundJobManager(), []
    first = jobs.new(pin, watch)
    first.join()
    while failures._captured and failures._captured[-1]() is not first:
        pass
    for _ in range(failures.CAPTURED - 1):
        jobs.new("1/0").join()
    gc.collect()
    assert watch[0]() is not None
    jobs.new("1/0").exception()
    deadline = _deadline()
    while watch[0]() is not None:
        gc.collect()
        deadline()
    text = failures.text_of(first)
    assert "pin" in text
    assert "ValueError: effect" in text
    assert "KeyError: 'cause'" in text


def _deadline():
    import time

    end = time.monotonic() + 60

    def check():
        assert time.monotonic() < end, "the names were not cleared"
        time.sleep(0.001)

    return check


def test_capturing_the_frames_of_a_dead_job_does_not_keep_it_alive():
    job = BackgroundJobManager().new("1/0")
    job.join()
    gone = weakref.ref(job)
    del job
    deadline = _deadline()
    while gone() is not None:
        gc.collect()
        deadline()


def test_there_is_nothing_to_debug_in_a_job_that_did_not_die():
    job = BackgroundJobManager().new("1 + 1")
    job.join()
    says = r"job #0 has not died \(status: Completed\); job\.where\(\)"
    with pytest.raises(ValueError, match=says):
        failures.debug(job)


@pytest.mark.parametrize(
    ("prompt", "debugger"),
    [(plain_prompt, "(Pdb) "), (simple_prompt, "ipdb>"), (ipython_prompt, "ipdb>")],
)
def test_the_debugger_opens_where_the_job_failed(prompt, debugger):
    with prompt() as it:
        it.type("import failing, bgjobs; from bgjobs import failures")
        it.type("job = bgjobs.BackgroundJobManager().new(failing.outer, 7); job.join()")
        it.send("failures.debug(job)\r")
        it.see(debugger)
        it.send("p x, zero\r")
        it.see("(7, 0)")
        it.see(debugger)
        it.send("up\r")
        it.see("return divide(x)")
        it.see(debugger)
        it.send("q\r")
        it.wait_prompt()
        assert "14" in it.type("7 + 7")


def test_raising_a_jobs_exception_again_does_not_change_its_traceback():
    job = BackgroundJobManager().new(failing.outer, 1)
    job.join()
    before = failures.text_of(job)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            raise job.exception()
    assert failures.text_of(job) == before


def test_frames_of_every_folder_of_the_package_are_its_own():
    here = Path(failures.__file__).parent

    def is_ours(file):
        return failures.is_ours(SimpleNamespace(f_code=SimpleNamespace(co_filename=str(file))))

    assert is_ours(here / "workers.py") and is_ours(here / "magics/look.py")
    assert not is_ours(here.with_name("bgjobs_of_mine") / "workers.py")
    assert not is_ours("<stdin>")
