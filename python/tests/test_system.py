"""`!command` in the jobs of IPython."""

from __future__ import annotations

import os

import pytest
from hosts import simple_prompt

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")


@pytest.fixture
def it():
    with simple_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("bg = lambda cell: get_ipython().run_cell_magic('bg', '', cell)")
        it.type("words = 'from ' + 'the shell'")
        yield it


def test_a_command_in_a_cell_prints_to_the_log_of_the_job_and_not_on_the_prompt(it):
    shown = it.type(r"_ = bg('!echo $words; exit 3\n!echo {words.upper()} >&2\n'); jobs.wait()")
    assert "from the shell" not in shown and "FROM THE SHELL" not in shown
    shown = it.type("%log 0")
    assert "from the shell\n" in shown and "FROM THE SHELL\n" in shown


def test_its_status_is_told_as_at_the_prompt(it):
    it.type(r"_ = bg('!exit 3\nstatus = get_ipython().user_ns[\'_exit_code\']\n'); jobs.wait()")
    assert "3" in it.type("[status]").partition("Out")[2]
    it.type("_ = bg('!kill -9 $$'); jobs.wait()")
    assert "-9" in it.type("[_exit_code]").partition("Out")[2]


def test_a_stop_of_the_job_ends_it(it):
    it.type(r"job = bg('!echo $words; sleep 1000\n')")
    assert "from the shell" in it.type("next(job.log.follow())")
    assert "Job #0 stopped after " in it.type("%kill 0")
    assert "(Stopped)" in it.type("job.status")


@pytest.mark.parametrize("options", ["", "--process"])
def test_a_stop_leaves_neither_the_command_nor_the_rest_of_the_cell(shell, tmp_path, options):
    shell.see(f"%%bg {options}\n!echo $$; exec sleep 1000\nopen('{tmp_path}/later', 'w')")
    job = shell.user_ns["jobs"][0]
    pid = int(next(job.log.follow(60)))
    assert shell.see("%kill").startswith("Job #0 stopped after ")
    assert job.outcome == "stopped" and not list(tmp_path.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_at_the_prompt_and_after_unloading_it_is_ipythons_own(it):
    assert "system_raw" in it.type("get_ipython().system")
    assert "from the shell\n" in it.type("!echo $words")
    it.type("%unload_ext bgjobs")
    assert "system_raw" in it.type("type(get_ipython()).system")


def test_in_a_cell_that_the_prompt_waits_for_it_has_the_terminal(it):
    shown = it.type(r"get_ipython().run_cell_magic('fg', '', '!test -t 1 && echo $words\n')")
    assert "from the shell\n" in shown
