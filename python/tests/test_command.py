"""Commands as jobs: what they run, print and end with, and what ends them.

A command waits at a gate: a FIFO that it reads until the test has opened it.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts import kernel

from bgjobs import BackgroundJobManager, Stopped, command, failures, output
from bgjobs.command import BackgroundJobCommand

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are found on Linux only")

LONG = 30  # seconds; nothing waits that long unless it has failed

#: Leaves its parent and its session by forking twice, as a daemon does, and prints its number.
DAEMON = "(setsid sh -c 'echo $$; exec sleep 1000' &)"


@pytest.fixture
def jobs() -> Iterator[BackgroundJobManager]:
    manager = BackgroundJobManager()
    yield manager
    for job in manager.running:
        job.stop()


class Gate:
    """A FIFO that holds a command until the test opens it; the command has `wait`."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.wait = f"read _ < {shlex.quote(str(path))}"

    def open(self) -> None:
        self.path.write_text("go\n")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.002)


def finished(job: BackgroundJobCommand) -> BackgroundJobCommand:
    job.join(LONG)
    assert job.done()
    return job


def lines(job: BackgroundJobCommand, stream: str) -> list[str]:
    return [line.text for line in job.log.lines if line.stream == stream]


def numbers(job: BackgroundJobCommand, count: int) -> list[int]:
    """The process numbers that a command has printed, once they are there."""
    until(lambda: len(job.log) >= count)
    return [int(line) for line in job.log]


def lives(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


# What it runs


def test_a_command_that_runs_is_as_far_as_its_bar_shows(jobs, gate):
    job = jobs.sh(f"printf '\\r 10%%\\r 43%%|####      |'; {gate.wait}")
    until(lambda: str(job.progress).startswith("43%, about "))
    assert (job.progress.done, job.progress.total) == (43, 100)
    gate.open()
    job.join()
    assert job.progress is None, "its end says enough"


def test_a_command_that_succeeds_completes_with_its_exit_status(jobs: BackgroundJobManager) -> None:
    job = finished(jobs.sh("true && true"))
    assert (str(job), job.status, job.outcome, jobs.completed) == ("true && true", "Completed", "done", [job])
    assert (job.result.args, job.result.returncode) == ("true && true", 0)


def test_its_output_is_in_its_log_and_nowhere_else(
    jobs: BackgroundJobManager, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    job = finished(jobs.sh("echo one; echo two >&2; printf three"))
    assert (lines(job, "stdout"), lines(job, "stderr")) == (["one", "three"], ["two"])
    assert capfd.readouterr() == ("", "")


def test_a_line_is_in_the_log_as_soon_as_it_is_printed(jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.sh(f"echo early; {gate.wait}; echo late")
    until(lambda: list(job.log) == ["early"])
    gate.open()
    assert list(finished(job).log) == ["early", "late"]


def test_without_input_it_reads_nothing_and_otherwise_what_it_is_given(jobs: BackgroundJobManager) -> None:
    assert list(finished(jobs.sh("cat")).log) == []
    assert list(finished(jobs.sh("sort", input="ü\nb\na\n")).log) == ["a", "b", "ü"]
    assert list(finished(jobs.sh("cat", input=b"\xff\n")).log) == ["\ufffd"]


def test_a_long_input_and_a_long_output_block_nothing(jobs: BackgroundJobManager) -> None:
    text = "".join(f"{n}\n" for n in range(100_000))
    assert finished(jobs.sh("cat | tail -n 1; wc -c", input=text)).log.tail(2) == ["99999", "0"]
    job = finished(jobs.sh("seq 1 100000; echo end >&2"))
    assert (job.log.tail(2)[-1], lines(job, "stderr")) in [("100000", ["end"]), ("end", ["end"])]


def test_it_runs_in_the_folder_and_with_the_variables_that_it_is_given(
    jobs: BackgroundJobManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BGJOBS_KEPT", "kept")
    job = finished(jobs.sh("pwd; echo $BGJOBS_KEPT $BGJOBS_SET", cwd=tmp_path, env={"BGJOBS_SET": "set"}))
    assert list(job.log) == [str(tmp_path), "kept set"]


def test_it_sees_the_environment_as_it_is_and_nothing_of_its_supervisor(jobs: BackgroundJobManager) -> None:
    job = finished(jobs.sh("exec env", env={"LC_ALL": "C"}))
    seen = {name for name, _, _ in (line.partition("=") for line in job.log)}
    assert seen - {"PWD", "SHLVL", "_", "OLDPWD"} == {*os.environ, "LC_ALL"} - {"PWD", "SHLVL", "_", "OLDPWD"}


@linux
def test_it_has_the_signals_and_only_the_streams_of_a_command_at_a_terminal(jobs: BackgroundJobManager) -> None:
    job = finished(jobs.sh("grep SigIgn /proc/self/status; echo /proc/self/fd/*"))
    ignored, fds = job.log
    bits = int(ignored.split()[1], 16)
    assert [number.name for number in (signal.SIGPIPE, signal.SIGXFSZ) if bits >> (number - 1) & 1] == []
    assert {Path(fd).name for fd in fds.split()} <= {"0", "1", "2", "3"}, "3 is the folder that is listed"


def test_it_has_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.sh(f"echo up; {gate.wait}")
    until(lambda: job.pid)
    assert os.getpgid(job.pid) != os.getpgid(0) and os.getsid(job.pid) != os.getsid(0)
    gate.open()
    finished(job)


def test_it_is_started_again_as_it_was(jobs: BackgroundJobManager, tmp_path: Path) -> None:
    options = {"cwd": tmp_path, "env": {"WORD": "hello"}, "input": "read\n", "grace": 2.0, "daemon": True}
    first = finished(jobs.sh("pwd; echo $WORD; cat", **options))
    again = finished(jobs.rerun(0))
    assert (str(again), list(again.log), again.grace, again.daemon) == (str(first), list(first.log), 2.0, True)


def test_many_run_at_once(jobs: BackgroundJobManager) -> None:
    made = [jobs.sh(f"echo {n}") for n in range(20)]
    assert [list(finished(job).log) for job in made] == [[str(n)] for n in range(20)]


def test_a_caller_of_run_runs_it_on_its_own_thread() -> None:
    job = BackgroundJobCommand("echo here")
    job.run()
    assert (list(job.log), job.outcome) == (["here"], "done")


@linux
def test_no_descriptor_and_no_zombie_is_left(jobs: BackgroundJobManager) -> None:
    def mine() -> tuple[list[str], list[str]]:
        children = [file.read_text() for file in Path("/proc/self/task").glob("*/children")]
        return sorted(os.listdir("/proc/self/fd")), " ".join(children).split()

    finished(jobs.sh("true"))
    before = mine()
    finished(jobs.sh("exit 3"))
    jobs.sh("sleep 1000").stop(timeout=LONG)
    finished(jobs.sh("true", cwd="/nowhere"))
    assert mine() == before


# Failures


def test_another_exit_status_is_a_failure_that_names_it(jobs: BackgroundJobManager) -> None:
    job = finished(jobs.sh("echo before; exit 3"))
    error = job.exception()
    assert isinstance(error, subprocess.CalledProcessError)
    assert (error.returncode, error.cmd) == (3, "echo before; exit 3")
    assert (job.outcome, job.stat_code, jobs.dead, list(job.log)) == ("failed", -1, [job], ["before"])


def test_a_signal_is_a_failure_that_names_it(jobs: BackgroundJobManager) -> None:
    error = finished(jobs.sh("kill -KILL $$")).exception()
    assert isinstance(error, subprocess.CalledProcessError) and error.returncode == -signal.SIGKILL
    assert "SIGKILL" in str(error)


def test_the_traceback_is_the_error_without_frames_of_this_package(jobs: BackgroundJobManager) -> None:
    text = failures.text_of(finished(jobs.sh("exit 3")))
    assert text is not None
    assert "command.py" not in text and "supervised.py" not in text
    assert text.splitlines()[-1].endswith("Command 'exit 3' returned non-zero exit status 3.")


def test_a_folder_that_is_missing_is_named(jobs: BackgroundJobManager, tmp_path: Path) -> None:
    error = finished(jobs.sh("true", cwd=tmp_path / "nowhere")).exception()
    assert isinstance(error, FileNotFoundError) and "nowhere" in str(error)


def test_wrong_arguments_are_refused_at_once_and_use_no_number(jobs: BackgroundJobManager) -> None:
    with pytest.raises(TypeError, match=r"a command is a string, not \['ls', '-l'\]; shlex.join"):
        jobs.sh(["ls", "-l"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="grace is a time in seconds, 0 or more, not -1"):
        jobs.sh("true", grace=-1)
    with pytest.raises(TypeError, match="folder"):
        jobs.sh("true", folder="/")
    assert jobs.sh("true").num == 0


def test_commands_are_refused_where_the_system_has_no_fork(
    jobs: BackgroundJobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(NotImplementedError, match="commands need a POSIX system"):
        jobs.sh("true")


def test_without_a_python_to_start_it_fails_with_the_way_out(
    jobs: BackgroundJobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    assert "sys.executable is empty; set it" in str(finished(jobs.sh("true")).exception())


@linux
def test_a_command_whose_supervisor_is_killed_ends_with_it(jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.sh(gate.wait)
    until(lambda: job.pid)
    pid = job.pid
    supervisor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    assert "its supervisor was killed" in str(finished(job).exception())
    until(lambda: not lives(pid))


def test_an_error_while_its_output_is_shown_ends_the_command(
    jobs: BackgroundJobManager, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writer(job: object) -> Callable[[bool, str], None]:
        def write(err: bool, text: str) -> None:
            raise BrokenPipeError("nobody reads")

        return write

    monkeypatch.setattr(command.output, "writer", writer)
    job = finished(jobs.sh(f"echo up; {gate.wait}"))
    assert isinstance(job.exception(), BrokenPipeError) and not lives(job.pid or 0)


# Its end


def test_a_stop_ends_it_and_says_so(jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.sh(f"trap 'echo cleaned; exit 0' TERM; echo up; cat {shlex.quote(str(gate.path))} & wait", grace=LONG)
    until(lambda: list(job.log) == ["up"])
    verdict = job.stop("enough", timeout=LONG)
    assert verdict.stopped and str(verdict).startswith("stopped after")
    assert (job.outcome, list(job.log)) == ("stopped", ["up", "cleaned"])
    assert isinstance(job.exception(), Stopped) and str(job.exception()) == "enough"


@linux
def test_a_stop_ends_all_processes_wherever_they_have_gone(jobs: BackgroundJobManager) -> None:
    job = jobs.sh(f"{DAEMON}; setsid sleep 1000 & echo $!; echo $$; wait")
    processes = numbers(job, 3)
    assert job.stop(timeout=LONG).stopped
    assert not any(map(lives, processes))


def test_what_ignores_the_stop_is_killed_after_the_grace(jobs: BackgroundJobManager) -> None:
    job = jobs.sh("trap '' TERM; echo up; while :; do sleep 1000; done", grace=0.05)
    until(lambda: list(job.log) == ["up"])
    verdict = job.stop(timeout=LONG)
    assert verdict.stopped and verdict.after >= 0.05


@linux
def test_a_verdict_within_the_grace_names_a_process_that_goes_on(jobs: BackgroundJobManager) -> None:
    job = jobs.sh("trap '' TERM; echo up; while :; do sleep 1000; done", grace=LONG)
    until(lambda: list(job.log) == ["up"] and job.pid)
    verdict = job.stop(timeout=0.02)
    assert not verdict
    assert re.search(rf"after the request: in process {job.pid}, \w+: /bin/sh -c trap '' TERM; echo up", str(verdict))
    os.killpg(job.pid or 0, signal.SIGKILL)
    assert finished(job).outcome == "stopped"


def test_a_stop_right_after_the_start_ends_it(jobs: BackgroundJobManager) -> None:
    for _ in range(10):
        job = jobs.sh("sleep 1000")
        assert job.stop(timeout=LONG).stopped and job.outcome == "stopped"


def test_several_are_stopped_at_once(jobs: BackgroundJobManager) -> None:
    jobs.sh("sleep 1000"), jobs.sh("sleep 1000")
    assert all(verdict.stopped for verdict in jobs.stop("running", timeout=LONG).values())


def test_a_stop_after_the_end_changes_nothing(jobs: BackgroundJobManager) -> None:
    verdict = finished(jobs.sh("true")).stop()
    assert (verdict.outcome, str(verdict)) == ("done", "had completed before")


@linux
def test_it_goes_on_until_all_that_it_has_started_has_ended(jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.sh(f"(setsid sh -c {shlex.quote(f'echo up; {gate.wait}; echo last')} &)")
    until(lambda: list(job.log) == ["up"] and job.pid and not lives(job.pid))
    assert not job.done() and f"{gate.wait}" in job.where()
    gate.open()
    assert (finished(job).outcome, list(job.log)) == ("done", ["up", "last"])


# Where it is


@linux
def test_where_shows_its_processes_below_each_other(jobs: BackgroundJobManager) -> None:
    job = jobs.sh("sleep 1000 & sleep 2000 & wait")
    # Until a process becomes another program it has its parent's words.
    until(lambda: all(job.where().count(f"    {words}") == 1 for words in ("sleep 1000", "sleep 2000")))
    first, shell, *sleeps = job.where().splitlines()
    assert first.startswith(f"{job!r}, running for ")
    assert shell.split()[0] == str(job.pid) and shell.endswith(" MB  /bin/sh -c sleep 1000 & sleep 2000 & wait")
    assert [line.partition(" MB")[2] for line in sleeps] == ["    sleep 1000", "    sleep 2000"]
    job.stop(timeout=LONG)
    assert job.where() == f"{job!r} is not running: {job.status}"


@linux
def test_where_shows_no_control_characters_and_no_endless_words(jobs: BackgroundJobManager) -> None:
    job = jobs.sh("sleep 1000; : '\x1b[2J'" + " " * 100)
    until(lambda: "/bin/sh -c sleep" in job.where())
    shown = job.where().splitlines()[1]
    assert r"\x1b[2J" in shown and shown.endswith("…") and "\x1b" not in shown
    job.stop(timeout=LONG)


# The end of the interpreter, and forks


@pytest.fixture
def script() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program, and kills it at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(text: str, *args: str) -> subprocess.Popen[str]:
        prelude = "import os, sys, time\nfrom bgjobs import BackgroundJobManager\njobs = BackgroundJobManager()\n"
        words = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", prelude + textwrap.dedent(text), *args]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for program in started:
        program.kill()
        program.communicate()


Start = Callable[..., "subprocess.Popen[str]"]


def test_the_exit_waits_for_a_command(script: Start, tmp_path: Path, gate: Gate) -> None:
    done = script("jobs.sh(sys.argv[1])", f"{gate.wait}; echo last > {shlex.quote(str(tmp_path / 'file'))}")
    gate.open()
    assert done.communicate(timeout=LONG)[0] == "" and done.returncode == 0
    assert (tmp_path / "file").read_text() == "last\n"


@linux
def test_the_exit_ends_a_daemon_with_all_its_processes(script: Start) -> None:
    done = script(
        """
        job = jobs.sh(sys.argv[1], daemon=True)
        while len(job.log) < 2:
            time.sleep(0.002)
        """,
        f"{DAEMON}; echo $$; exec sleep 1000",
    )
    text = done.communicate(timeout=LONG)[0]
    assert done.returncode == 0
    processes = list(map(int, text.split()))
    assert len(processes) == 2
    until(lambda: not any(map(lives, processes)))


@linux
@pytest.mark.parametrize("forks", [False, True])
def test_a_killed_interpreter_leaves_no_process_behind_even_if_a_fork_of_it_lives_on(
    script: Start, forks: bool
) -> None:
    program = script(
        """
        job = jobs.sh(sys.argv[1])
        while len(job.log) < 2:
            time.sleep(0.002)
        holder = os.fork() if sys.argv[2] == "True" else 1
        if holder == 0:
            time.sleep(60)
        print(holder, flush=True)
        """,
        f"{DAEMON}; echo $$; exec sleep 1000",
        str(forks),
    )
    assert program.stdout is not None
    *processes, holder = [int(program.stdout.readline()) for _ in range(3)]
    assert all(map(lives, processes))
    try:
        program.kill()
        program.wait()
        until(lambda: not any(map(lives, processes)))
    finally:
        if forks:
            os.kill(holder, signal.SIGKILL)


@linux
@pytest.mark.parametrize("leaves", ["sys.exit()", "job.stop(); sys.exit()"])
def test_the_child_of_a_fork_leaves_its_parents_command_alone(script: Start, gate: Gate, leaves: str) -> None:
    done = script(
        f"""
        job = jobs.sh(sys.argv[1])
        while not job.log:
            pass
        while not job.log.lines:
            time.sleep(0.002)
        child = os.fork()
        if child == 0:
            {leaves}
        os.waitpid(child, 0)
        open(sys.argv[2], "w").write("go\\n")
        job.join()
        print(job.status)
        """,
        f"echo up; {gate.wait}; echo on",
        str(gate.path),
    )
    assert done.communicate(timeout=LONG)[0].splitlines() == ["up", "on", "Completed"]


# The magic


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A live IPython without a terminal; `shell.see(cell)` runs a cell and returns what it shows."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    hook = sys.displayhook

    def see(cell: str) -> str:
        capsys.readouterr()
        shell.run_cell(cell, store_history=True)
        shown = capsys.readouterr()
        return str(shown.out + shown.err)

    shell.see = see
    see("%load_ext bgjobs")
    yield shell
    see("%unload_ext bgjobs")
    InteractiveShell.clear_instance()
    sys.displayhook = hook
    output.remove_router()


def test_sh_starts_a_command_and_returns_the_job(shell: Any) -> None:
    assert shell.see("job = %sh echo one; echo two") == ""
    job = finished(shell.user_ns["job"])
    assert (str(job), list(job.log)) == ("echo one; echo two", ["one", "two"])
    assert shell.user_ns["jobs"][0] is job
    assert "Completed jobs:\n0 : echo one; echo two" in shell.see("%jobs")


@pytest.mark.parametrize("line", ["true &", "true&", "true  &  "])
def test_sh_needs_no_ampersand_and_takes_one(shell: Any, line: str) -> None:
    shell.see(f"job = %sh {line}")
    assert str(finished(shell.user_ns["job"])) == "true"


def test_sh_leaves_other_ampersands_to_the_shell(shell: Any) -> None:
    shell.see(r"job = %sh true & echo a\&")
    assert list(finished(shell.user_ns["job"]).log) == ["a&"]
    shell.see("job = %sh true &&")
    assert finished(shell.user_ns["job"]).exception().returncode == 2


def test_sh_takes_values_of_python_as_a_command_after_an_exclamation_mark_does(shell: Any) -> None:
    shell.see("x = 6")
    shell.see("job = %sh echo {x * 7} $x")
    assert list(finished(shell.user_ns["job"]).log) == ["42 6"]
    shell.see("job = %sh word=own; echo $word")
    assert list(finished(shell.user_ns["job"]).log) == ["own"]


def test_fg_shows_what_a_command_prints_and_how_it_failed(shell: Any) -> None:
    shell.see("%sh echo before; exit 3")
    shown = shell.see("%fg 0")
    assert shown.startswith("before\n") and "returned non-zero exit status 3" in shown


def test_kill_ends_a_command(shell: Any) -> None:
    shell.see("job = %sh sleep 1000")
    assert shell.see("%kill 0").startswith("Job #0 stopped after")


def test_sh_without_a_command_says_what_it_takes(shell: Any) -> None:
    assert shell.see("%sh").strip().endswith("%sh takes a command: %sh make -j2")
    assert shell.see("%sh &").strip().endswith("%sh takes a command: %sh make -j2")


def test_in_a_kernel_its_output_is_under_the_cell_that_started_it(gate: Gate) -> None:
    with kernel() as it:
        it.run("from bgjobs import BackgroundJobManager; jobs = BackgroundJobManager()")
        starts = it.run(f"job = jobs.sh({f'{gate.wait}; echo from the command'!r})")
        it.run(f"_ = open({str(gate.path)!r}, 'w').write('go\\n')")
        it.wait_text(starts, "from the command")
        assert it.text(it.run("job.join(); print(job.result.returncode)")) == "0\n"
