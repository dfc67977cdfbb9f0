"""Programs without a prompt: what a job prints is theirs, and a failure that nobody has read is told at their end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hosts import DEADLINE, environment, kernel, plain_prompt, terminal

PRELUDE = "from bgjobs import BackgroundJobManager\njobs = BackgroundJobManager()\n"


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env={**environment(), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def python(script: str) -> subprocess.CompletedProcess[str]:
    return run("-c", PRELUDE + textwrap.dedent(script))


def ipython(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("IPython")
    return run("-m", "IPython", "-c", PRELUDE + textwrap.dedent(script))


def ipython_with_a_file(script: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("IPython")
    path = tmp_path / "script.py"
    path.write_text(PRELUDE + textwrap.dedent(script))
    return run("-m", "IPython", str(path))


@pytest.mark.parametrize("host", [lambda script, _: python(script), ipython, ipython_with_a_file])
def test_a_program_has_the_output_of_its_jobs_and_the_tracebacks_that_it_has_not_read(host, tmp_path):
    ended = host(
        """
        import sys
        def work(x):
            print(f"out {x}\\n", end="")
            print(f"err {x}\\n", end="", file=sys.stderr)
            return 1 / x
        started = jobs.map(work, [0, 1], limit=1)
        """,
        tmp_path,
    )
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == ["out 0", "out 1"]
    assert ended.stderr.startswith("err 0\nerr 1\nException in job #0 (work(0)):\nTraceback (most recent call last):\n")
    assert ended.stderr.endswith("\nZeroDivisionError: division by zero\n")
    assert ended.stderr.count("Exception in") == 1
    assert "bgjobs" not in ended.stderr, "the frames of the body, and no others"


READERS = [
    "job.exception()",
    "try: job.get()\nexcept ValueError: pass",
    "job.join(); jobs.traceback()",
    "job.join(); job._tb",
    "job.join(); jobs.to_json()",
    "import asyncio\nasync def main():\n    try: await job\n    except ValueError: pass\nasyncio.run(main())",
    "import concurrent.futures\n[ended] = concurrent.futures.wait([job])[0]; ended.exception()",
]


@pytest.mark.parametrize("reads", READERS)
def test_a_failure_that_the_program_has_read_is_not_told_again(reads):
    ended = python(f"job = jobs.new(int, 'x')\n{reads}")
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_a_failure_is_told_even_if_nobody_holds_the_job():
    ended = python(
        """
        import gc
        def main():
            BackgroundJobManager().new(int, "x").join()
        main()
        gc.collect()
        """
    )
    assert ended.stderr.count("ValueError: invalid literal") == 1


def test_a_job_that_was_not_started_because_another_failed_is_told_without_that_failure():
    ended = python("first = jobs.new(int, 'x')\njobs.new(int, after=first)\nfirst.exception()")
    assert ended.stderr.startswith("Exception in job #1 (int()):\n")
    assert "#0" in ended.stderr
    assert "invalid literal" not in ended.stderr


def test_what_ends_a_thread_in_silence_ends_a_job_so():
    ended = python(
        """
        import sys, bgjobs
        jobs.new(sys.exit, 3).join()
        jobs.new(bgjobs.sleep, 3600).stop()
        """
    )
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_of_many_failures_the_first_are_told_in_full_and_the_others_counted():
    ended = python("for n in range(50):\n    job = jobs.new(int, 'x')\n    n < 10 and job.exception()\njobs.wait()")
    assert ended.stderr.count("Exception in job #") == 32
    assert ended.stderr.endswith("\n8 more jobs have died since.\n")


def test_the_child_of_a_fork_does_not_tell_the_failures_of_its_parent():
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    ended = python("import os\njobs.new(int, 'x').join()\nchild = os.fork()\nif child: os.waitpid(child, 0)")
    assert ended.stderr.count("ValueError: invalid literal") == 1


def test_a_failure_without_a_standard_error_is_no_second_failure():
    ended = python("import sys\njobs.new(int, 'x').join()\nsys.stderr = None")
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_an_embedded_ipython_is_a_prompt_until_it_is_left(tmp_path):
    pytest.importorskip("IPython")
    script = tmp_path / "script.py"
    script.write_text(
        PRELUDE
        + textwrap.dedent(
            """
            from IPython import embed
            from IPython.terminal.embed import InteractiveShellEmbed
            embed(banner1="")
            jobs.new(print, "af" + "ter").join()
            InteractiveShellEmbed(banner1="")()
            jobs.new(print, "at la" + "st").join()
            """
        )
    )
    with terminal(str(script), "--simple-prompt", prompt="In [{}]:") as t:
        for left in ("after", "at last"):
            assert "nowhere" not in t.type("jobs.new(print, 'no' 'where').join()")
            t.send("exit\r")
            t.see(left)
            t.number = 0
            if left == "after":
                t.wait_prompt()


def test_the_asyncio_prompt_is_one():
    with terminal("-m", "asyncio", prompt=">>> ") as t:
        t.wait_prompt()
        t.type(PRELUDE.splitlines()[0])
        t.type("jobs = BackgroundJobManager()")
        assert "nowhere" not in t.type("jobs.new(print, 'no' 'where').join()")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="older Pythons have only the plain one")
def test_the_asyncio_prompt_that_redraws_its_lines_is_one():
    pexpect = pytest.importorskip("pexpect")
    variables = {name: value for name, value in environment().items() if name != "PYTHON_BASIC_REPL"}
    child = pexpect.spawn(
        sys.executable, ["-m", "asyncio"], env={**variables, "TERM": "xterm"}, encoding="utf-8", timeout=DEADLINE
    )
    try:
        # From 3.15 on it has colours.
        child.expect("import.* asyncio")
        child.expect(">>>")
        for line in [*PRELUDE.splitlines(), "jobs.new(print, 'no' + 'where').join(); print('th' + 'ere')"]:
            child.send(line + "\r")
        child.expect("there")
        assert "nowhere" not in child.before
    finally:
        child.close(force=True)


def test_at_a_prompt_the_end_tells_no_failure_because_its_user_was_told():
    with plain_prompt() as t:
        t.type(PRELUDE.splitlines()[0])
        t.type("jobs = BackgroundJobManager()")
        t.type("jobs.new(int, 'x').join()")
        t.send("exit()\r")
        assert "ValueError" not in t.child.read()


CELLS = """\
import threading
def slow():
    threading.Event().wait(60)
def fails():
    raise ValueError("of the job")
"""


def test_the_end_of_a_kernel_tells_what_it_cuts_off_and_the_failures_that_nobody_has_read(capfd):
    with kernel() as k:
        k.run(PRELUDE)
        k.run(CELLS)
        k.run("jobs.new(fails).join()")
        k.run("jobs.new(slow)")
        k.client.shutdown()
        shown = ""
        while "jobs.wait()" not in shown:
            shown += capfd.readouterr().err
    assert "Exception in job #0 (fails()):\nTraceback" in shown
    assert "  Cell In[2], line 5, in fails\n" in shown
    assert "\nThe kernel ends while it runs job #1 (slow()). What that prints now is lost" in shown


@pytest.mark.parametrize(
    "command",
    [
        ["papermill", "in.ipynb", "out.ipynb"],
        ["nbconvert", "--execute", "--to=notebook", "--output=out.ipynb", "in.ipynb"],
    ],
    ids=["papermill", "nbconvert"],
)
def test_who_runs_a_notebook_sees_what_its_end_cuts_off_and_the_failures_that_nobody_has_read(command, tmp_path):
    pytest.importorskip(command[0])
    cells = [PRELUDE, CELLS, "jobs.new(fails).join()", "jobs.new(slow)"]
    notebook = {
        "cells": [
            {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None, "id": str(n)}
            for n, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / "in.ipynb").write_text(json.dumps(notebook))
    ended = run("-m", *command, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out.ipynb").exists()
    assert "Exception in job #0 (fails()):\nTraceback" in ended.stderr
    assert "The kernel ends while it runs job #1 (slow())." in ended.stderr
