"""The prompt waits for jobs: %fg for one that runs, %%fg for a cell that it starts; what is let go of goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("IPython")

from hosts import DEADLINE, environment, ipython_prompt, kernel, simple_prompt

from bgjobs import foreground, stalls

ENDS = {simple_prompt: "\r\r", ipython_prompt: "\x1b\r"}
"""The keys that end a cell of several lines: two empty ones, and Alt-Enter."""


def test_fg_shows_what_the_job_prints_and_returns_its_result(shell):
    shell.see("def body():\n    print('one'); gate.wait(60); print('two'); return 42")
    shell.see("%bg body()")
    shown = shell.see("gate.set()\nvalue = %fg 0")
    assert shown == "one\ntwo\n", "no notice, because %fg has shown the end"
    assert shell.user_ns["value"] == 42
    assert shell.see("pass") == ""


def test_fg_shows_why_a_job_died_and_that_it_was_stopped(shell):
    shell.see("%bg 1 / 0")
    assert "ZeroDivisionError: division by zero" in shell.see("%fg 0")
    shell.see("import bgjobs")
    shell.see("%bg bgjobs.sleep(3600)")
    assert shell.see("%kill 1").startswith("Job #1 stopped after ")
    assert shell.see("%fg 1") == "Job #1 was stopped.\n"


def test_fg_brings_back_the_names_of_a_cell(shell):
    shell.see("%%bg\ngate.wait(60)\nx = 5")
    assert shell.see("gate.set()\n%fg 0") == "Job #0 has set x.\n"
    assert shell.user_ns["x"] == 5


def test_a_cell_in_the_foreground_prints_sets_its_names_and_has_its_value_as_without_the_magic(shell):
    assert shell.see("%%fg\nprint('one')\nx = 5") == "one\n"
    assert shell.user_ns["x"] == 5
    shell.see("%%fg --name second\nx += 1\nx")
    # Not `_`, which IPython leaves alone once Python's own prompt has set it.
    assert list(shell.user_ns["Out"].values()) == [6]
    [second] = shell.user_ns["jobs"].select("second")
    assert (second.num, second.result) == (1, 6)
    assert shell.see("pass") == "", "no notice"


def test_a_cell_in_the_foreground_may_have_a_process_of_its_own(shell):
    shell.see("import os; mine = os.getpid(); rows = [1]")
    shown = shell.see("%%fg --process\nrows.append(2)\nprint(os.getpid() != mine)")
    back_by = "rows = rows in its cell brings it back"
    assert shown == f"True\nJob #0 has changed its own copy of rows, not yours; {back_by}.\n"


def test_a_cell_in_the_foreground_that_fails_is_a_cell_that_fails(shell, capsys):
    cell = "%%fg\ndef f(n):\n    return 1 / n\nf(0)  # here"
    shown = shell.see(cell)
    assert "f(0)  # here" in shown
    assert shown.rstrip().endswith("ZeroDivisionError: division by zero")
    assert ".py" not in shown, "frames that are not the user's"
    assert shell.see("pass") == "", "no notice"
    ended = shell.run_cell(cell)
    assert ended.error_in_exec is shell.user_ns["jobs"][1].exception()
    capsys.readouterr()
    assert "raise jobs[1].exception()" in shell.see("raise jobs[1].exception()"), "its later errors are shown whole"


def test_a_cell_in_the_foreground_that_does_not_compile_shows_where_and_starts_nothing(shell):
    assert "y = = 2" in shell.see("%%fg\ny = = 2")
    assert not shell.user_ns["jobs"].all


def test_no_stall_is_told_of_a_job_that_the_prompt_waits_for(shell):
    notices = shell.magics_manager.registry["JobMagics"].notices
    shell.see("%%fg\npass")
    job = shell.user_ns["jobs"][0]
    notices.stalled(stalls.Stall(job, 1.5, None))
    assert shell.see("pass") == ""


def test_only_a_wait_can_be_let_go_of(shell):
    shell.see("%bg 1 + 1")
    shell.see("%%fg\npass")
    assert not any(map(foreground.let_go, shell.user_ns["jobs"].all.values()))


@pytest.mark.parametrize("prompt", [simple_prompt, ipython_prompt])
def test_in_a_terminal_ctrl_c_ends_fg_and_tab_completes(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import bgjobs, time; body = lambda: (print('st' + 'arted'), bgjobs.sleep(3600))")
        it.type("%bg body()")
        it.send("%fg 0\r")
        it.see("started")
        it.send("\x03")
        it.see("Job #0 goes on: %fg 0 waits again, %kill 0 stops it.")
        it.wait_prompt()
        if prompt is ipython_prompt:
            it.send("%kill \t")
            it.see("0")
            it.send("\r")
        else:
            it.send("%kill 0\r")
        it.see("Job #0 stopped after")


@pytest.mark.parametrize("prompt", [simple_prompt, ipython_prompt])
def test_in_a_terminal_ctrl_c_lets_go_of_a_cell_and_fg_comes_back_to_it(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import threading; gate = threading.Event()")
        it.send("%%fg\r")
        it.see("...:")
        for line in ("print('be' + 'gun')", "gate.wait(60)", "print('go' + 'ne'); x = 42"):
            it.send(line + "\r")
        it.send(ENDS[prompt])
        it.see("begun")
        it.send("\x03")
        it.see("Job #0 goes on: %fg 0 waits again, %kill 0 stops it.")
        it.wait_prompt()
        assert "NameError" in it.type("x")
        it.send("gate.set()\r")
        it.wait_prompt()
        it.type("%fg 0")
        assert "42" in it.type("x")


@pytest.mark.parametrize("prompt", [simple_prompt, ipython_prompt])
def test_in_a_terminal_a_cell_in_the_foreground_asks_its_user(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.send("%%fg\r")
        it.see("...:")
        it.send("print('hello ' + input('wh' + 'o? '))\r")
        it.send(ENDS[prompt])
        it.see("who?")
        it.send("ann\r")
        it.see("hello ann")


def test_in_a_kernel_an_interrupt_ends_fg_and_the_job_goes_on():
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport bgjobs")
        it.run("%%bg\nprint('started')\nbgjobs.sleep(3600)")
        cell = it.begin("%fg 0")
        it.wait_text(cell, "started\n")
        it.manager.interrupt_kernel()
        it.end(cell)
        it.wait_text(cell, "Job #0 goes on: %fg 0 waits again")
        assert it.text(it.run("print(jobs[0].status)")) == "Running\n"
        assert "Job #0 stopped after" in it.text(it.run("%kill 0"))


@pytest.fixture(scope="module")
def it():
    """A notebook, which the rest shares because its start takes a second."""
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport bgjobs, threading, time\nfrom bgjobs import foreground")
        yield it


@pytest.fixture(autouse=True)
def jobs(request):
    if "it" in request.fixturenames:
        it = request.getfixturevalue("it")
        it.run("jobs = bgjobs.BackgroundJobManager(); gate = threading.Event()")
        request.addfinalizer(lambda: it.run("gate.set(); jobs.wait()"))


def test_in_a_notebook_all_that_a_cell_in_the_foreground_shows_is_there_at_its_end_and_once(it):
    cell = it.run(
        "%%fg\nfrom IPython.display import HTML\nprint('one')\ndisplay(HTML('<b>'))\nprint('two')\nx = 6\nx * 7"
    )
    shown = [output.get("text") or output["data"].get("text/html") or output["data"] for output in it.outputs[cell]]
    assert shown == ["one\n", "<b>", "two\n", {"text/plain": "42"}]
    assert it.text(it.run("print(x)")) == "6\n"
    assert len(it.outputs[cell]) == 4, "no card, no notice"


def test_in_a_notebook_a_cell_in_the_foreground_that_fails_stops_the_cells_that_wait(it):
    cell = it.begin("%%fg\nfor n in (1, 0):\n    1 / n")
    reply = it.client.get_shell_msg(timeout=DEADLINE)
    assert (reply["content"]["status"], reply["content"]["ename"]) == ("error", "ZeroDivisionError")
    it.wait_text(cell, "division by zero", "error")
    assert ".py" not in it.text(cell, "error"), "frames that are not the user's"


def test_in_a_notebook_an_interrupt_lets_go_of_a_cell_which_gets_a_card(it):
    cell = it.begin("%%fg\nprint('begun')\ngate.wait(60)\nfound = 42")
    it.wait_text(cell, "begun\n")
    it.manager.interrupt_kernel()
    it.end(cell)
    it.wait_text(cell, "begun\nJob #0 goes on: %fg 0 waits again, %kill 0 stops it.\n")
    assert "Running" in it.text(cell, "text/html")
    assert it.text(it.run("gate.set()\n%fg 0\nprint(found)")) == "begun\nJob #0 has set found.\n42\n"
    it.wait_text(cell, "Completed", "text/plain")
    assert it.text(cell, "error") == ""


def test_a_cell_is_let_go_of_by_a_call_on_another_thread(it):
    cell = it.run("%%fg\nwhile not foreground.let_go(jobs[0]):\n    time.sleep(0.001)\ngate.wait(60)")
    assert "Job #0 goes on" in it.text(cell)
    assert "Running" in it.text(cell, "text/html")


def test_a_program_has_the_output_of_a_cell_in_the_foreground_once_and_ends_where_it_fails(tmp_path):
    script = tmp_path / "script.ipy"
    cells = ["%%fg\nprint('one')\nx = 42", "print(x)", "%%fg\n1 / 0", "print('ne' + 'ver')"]
    script.write_text(
        "%load_ext bgjobs\n" + "\n".join(f"get_ipython().run_cell({cell!r}).raise_error()" for cell in cells)
    )
    ended = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", str(script)],
        env={**environment(), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert ended.stdout.startswith("one\n42\n")
    assert "ZeroDivisionError: division by zero" in ended.stdout + ended.stderr
    assert "never" not in ended.stdout
