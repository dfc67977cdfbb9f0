"""`python -m bgjobs start`, `wait` and so on, where no binary is; and a folder that Python and the binary read."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from homes import numbers, wait_until
from hosts import DEADLINE, binary, environment

from bgjobs import BackgroundJobManager, _core

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kept jobs need Linux"),
    pytest.mark.usefixtures("home"),
]

PYTHON = [sys.executable, "-m", "bgjobs"]


def run(*words: str, program: list[str] = PYTHON) -> tuple[int, str, str]:
    """The exit status, the output and the errors of a command line, on a path without programs of ours."""
    env = {**environment(), "PATH": "/usr/bin:/bin"}
    it = subprocess.run([*program, *words], env=env, capture_output=True, text=True, timeout=DEADLINE)
    return it.returncode, it.stdout, it.stderr


def test_there_is_no_binary_on_the_path_of_these_tests():
    assert shutil.which("bgjobs", path="/usr/bin:/bin") is None


def test_words_import_nothing_but_the_engine():
    _, _, told = run("ps", program=[sys.executable, "-X", "importtime", "-m", "bgjobs"])
    imported = {line.split("|")[-1].strip() for line in told.splitlines()}
    assert {name for name in imported if name.startswith("bgjobs")} == {"bgjobs", "bgjobs._core", "bgjobs.supervisor"}


def test_a_key_starts_a_job_once_and_the_status_of_a_wait_tells_how_it_stands(gate):
    line = f"echo begun; while ! test -e {gate.path}; do sleep 0.01; done; exit 3"
    for _ in range(2):
        assert run("start", "--key", "nightly", "--name", "night", "--", "sh", "-c", line) == (0, "k1\n", "")
    assert run("wait", "k1", "--for", "0s")[0] == 124
    wait_until(lambda: run("log", "k1")[1] == "begun\n")
    _, _, said = run("log", "k1", "--from", "0")
    cursor = re.fullmatch(r"--from (\d+)\n", said)
    assert run("log", "k1", "--from", cursor[1])[1:] == ("", said)
    gate.open()
    status, told, _ = run("wait", "k1")
    assert status == 3 and re.fullmatch(r"k1    exit status 3, after [\d.]+s +night\n", told)
    assert run("result", "k1")[0] == 3
    listed = json.loads(run("ps", "--json")[1])
    assert [(job["id"], job["state"], job["exit"], job["key"]) for job in listed] == [("k1", "failed", 3, "nightly")]


def test_a_stop_a_removal_and_a_sweep():
    run("start", "--", "sleep", "1000")
    assert run("rm", "k1")[::2] == (2, "python -m bgjobs rm: k1 still runs: stop k1 ends it\n")
    status, told, _ = run("stop", "k1")
    assert status == 0 and "k1    stopped: bgjobs stop, after" in told
    assert run("wait", "k1")[0] == 130
    assert run("sweep", "--jobs", "0") == (0, "Removed 1 job, and the output of 0 jobs\n", "")
    assert run("wait", "k1") == (2, "", "python -m bgjobs wait: there is no kept job k1\n")
    assert run("ps") == (0, "No kept jobs\n", "")


def test_the_next_words_are_named_as_they_are_typed_here():
    assert run("wait", "--help")[1].startswith("Usage: python -m bgjobs wait JOB [--for TIME] [--json]\n")
    status, out, error = run("start")
    assert (status, out) == (2, "") and error.startswith(
        "python -m bgjobs start: which command? `python -m bgjobs start -- make -j2`\n\nUsage: python -m bgjobs start"
    )
    run("start", "true")
    run("wait", "k1")
    assert run("result", "k1")[1].endswith("0 B of log: python -m bgjobs log k1\n")


def test_what_is_no_word_is_told_and_no_words_show_the_usage():
    assert run()[:2] == run("--help")[:2] and run()[1].startswith("Usage: python -m bgjobs start | ps | wait")
    status, out, error = run("strat")
    assert (status, out) == (2, "") and error.startswith("python -m bgjobs: there is no word 'strat'\n\nUsage: ")


def test_ctrl_c_ends_a_wait_and_not_the_job(gate):
    run("start", "--", "sh", "-c", f"while ! test -e {gate.path}; do sleep 0.01; done")
    waiting = subprocess.Popen([*PYTHON, "log", "k1", "-f"], env=environment())
    wait_until(lambda: b"\0log\0" in Path(f"/proc/{waiting.pid}/cmdline").read_bytes() and is_native(waiting.pid))
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(DEADLINE) == -signal.SIGINT
    assert run("wait", "k1", "--for", "0s")[0] == 124


def is_native(pid: int) -> bool:
    """Whether a process has the system's own reaction to SIGINT."""
    caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    is_loaded = "_core" in Path(f"/proc/{pid}/maps").read_text()
    return is_loaded and not int(caught[1], 16) & 1 << (signal.SIGINT - 1)


def test_the_binary_and_python_read_the_same_folder_and_say_the_same(gate, home):
    rust = binary()
    jobs = BackgroundJobManager()
    kept = jobs.new(divmod, 7, 2, keep=True, name="divide")
    failed = jobs.new(open, "/", keep=True)
    run("start", "--name", "by python", "--", "sh", "-c", "echo one; echo two >&2; exit 3")
    run("start", "--name", "by rust", "--", "sh", "-c", f"while ! test -e {gate.path}; do sleep 0.01; done; echo three",
        program=rust)  # fmt: skip
    for job in (kept, failed):
        job.join(DEADLINE)
    run("wait", "k3")
    for words in (["ps", "--json"], ["result", "k1", "--json"], ["result", "k1"], ["wait", "k2"], ["log", "k3"],
                  ["log", "k3", "--from", "0"], ["wait", "k3"], ["wait", "k4", "--for", "0s", "--json"], ["wait", "k9"],
                  ["stop"], ["rm"], ["start", "--dir", "/nowhere", "true"]):  # fmt: skip
        seen = [run(*words), run(*words, program=rust)]
        assert seen[0] == (seen[1][0], *(text.replace("bgjobs ", "python -m bgjobs ") for text in seen[1][1:])), words
    assert "value (3, 1)" in run("result", "k1", program=rust)[1]
    followed = jobs.attach("k4")
    gate.open()
    followed.join(DEADLINE)
    assert (followed.outcome, str(followed.log), run("wait", "k4", program=rust)[0]) == ("done", "three\n", 0)
    assert [_core.kept_job(number).look()[0] for number in numbers(home)] == ["done", "failed", "failed", "done"]
