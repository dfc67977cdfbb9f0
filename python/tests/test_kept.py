"""Jobs that outlive the program: `keep=True`, and what becomes of them in this program and in later ones."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from homes import Gate, numbers, wait_until
from hosts import DEADLINE, environment, kernel

from bgjobs import BackgroundJobBase, BackgroundJobManager, Stopped, _core, failures, supervisor
from bgjobs.kept import BackgroundJobKept
from bgjobs.remote import ProcessDied, RemoteError

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kept jobs need Linux"),
    pytest.mark.usefixtures("home"),
]


@pytest.fixture
def jobs():
    return BackgroundJobManager()


def program(code: str) -> subprocess.Popen:
    """A program of its own, whose `jobs` is a manager."""
    head = "from bgjobs import BackgroundJobManager\njobs = BackgroundJobManager()\n"
    words = [sys.executable, "-c", head + textwrap.dedent(code)]
    return subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def printed_by(code: str) -> str:
    it = program(code)
    out, err = it.communicate(timeout=DEADLINE)
    assert not err, err
    return out


def test_a_kept_job_is_a_job_like_any_other(jobs):
    def fit(n):
        print("fitted", n)
        return n * n

    job = jobs.new(fit, 5, keep=True)
    assert (repr(job).endswith(", kept as k1"), job.kept, job.daemon) == (True, "k1", True)
    assert (job.get(DEADLINE), job.outcome, str(job.log)) == (25, "done", "fitted 5\n")
    assert jobs.new("n + 1", {"n": 6}, keep=True, process=True).get(DEADLINE) == 7
    assert jobs.options(keep=True).submit(sorted, [2, 1], reverse=True).get(DEADLINE) == [2, 1]
    command = jobs.sh("echo $A; exit 3", keep=True, env={"A": "hello"})
    command.join(DEADLINE)
    assert (command.exception().returncode, str(command.log)) == (3, "hello\n")
    command = jobs.sh("pwd", keep=True, cwd="/")
    assert (repr(command.get(DEADLINE)), str(command.log)) == ("CompletedProcess(args='pwd', returncode=0)", "/\n")
    again = jobs.rerun(0)
    assert (again.get(DEADLINE), again.kept) == (25, "k6")


def test_an_exception_comes_back_with_the_traceback_of_its_process(jobs):
    def fail():
        raise ValueError("no rows")

    job = jobs.new(fail, keep=True)
    job.join(DEADLINE)
    error = job.exception()
    assert (type(error), str(error)) == (ValueError, "no rows")
    assert ", in fail\n    raise ValueError" in job.remote_traceback and "_child.py" not in job.remote_traceback
    assert failures.text_of(job).rstrip().endswith("ValueError: no rows") and "bgjobs/kept.py" not in failures.text_of(
        job
    )


def leave_quietly():
    os._exit(0)


def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def unsendable():
    return (i for i in range(3))


class UnsendableError(Exception):
    def __reduce__(self):
        raise TypeError("it holds a lock")


def fail_unsendably():
    raise UnsendableError("no rows")


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (leave_quietly, ProcessDied, "the job's process left with exit status 0 and without a result"),
        (crash, ProcessDied, r"the job's process was ended by signal 9 \(SIGKILL\)"),
        (unsendable, RemoteError, "the job's result, a generator, cannot be sent back from its process"),
        (fail_unsendably, RemoteError, "UnsendableError: no rows"),
    ],
)
def test_what_does_not_come_back_is_told(jobs, home, body, kind, text):
    job = jobs.new(body, keep=True)
    job.join(DEADLINE)
    with pytest.raises(kind, match=text):
        raise job.exception()
    assert json.loads((home / "1/outcome.json").read_text())["state"] == "failed"


def test_the_outcome_tells_every_program_the_value_or_the_failure(jobs, home):
    jobs.new(pow, 7, 2, keep=True).join(DEADLINE)
    jobs.new(open, "/", keep=True).join(DEADLINE)
    ends = [json.loads((home / number / "outcome.json").read_text()) for number in ("1", "2")]
    assert [(end["state"], end["exit"], end["value"], end["message"]) for end in ends] == [
        ("done", 0, "49", ""),
        ("failed", 1, None, "IsADirectoryError: [Errno 21] Is a directory: '/'"),
    ]


def test_what_is_sent_is_gone_once_it_is_read_and_no_file_is_open_to_others(jobs, home, gate, monkeypatch):
    monkeypatch.setenv("BGJOBS_TEST_SECRET", "a-secret-variable")
    before = os.umask(0)
    try:
        job = jobs.new(lambda secret: (print("begun"), gate.wait()), "a-secret-argument", keep=True, name="begins")
    finally:
        os.umask(before)
    wait_until(lambda: "begun" in str(job.log))
    found = [path for path in home.rglob("*") if path.is_file()]
    assert not any(b"a-secret" in path.read_bytes() for path in found)
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
    gate.open()
    job.join(DEADLINE)


def test_a_stop_interrupts_the_body_and_ends_what_it_has_started(jobs, tmp_path):
    def body(pids):
        child = subprocess.Popen(["sleep", "1000"])
        try:
            print(child.pid, flush=True)
            time.sleep(1000)
        finally:
            print("cleaned up")

    job = jobs.new(body, [], keep=True)
    wait_until(lambda: str(job.log))
    child = int(str(job.log))
    assert job.stop(timeout=DEADLINE).stopped
    assert (job.outcome, str(job.exception())) == ("stopped", "stopped by its user")
    assert str(job.log).splitlines()[1:] == ["cleaned up"]
    assert not os.path.exists(f"/proc/{child}") or ") Z " in Path(f"/proc/{child}/stat").read_text()


def test_its_keeper_watches_the_time(jobs, home):
    job = jobs.new(time.sleep, 1000, keep=True, time_limit=0.01)
    job.join(DEADLINE)
    assert (job.outcome, str(job.exception())) == ("stopped", "time limit of 10ms")
    assert json.loads((home / "1/job.json").read_text())["time_limit"] == 0.01


def test_a_job_that_waits_for_its_turn_is_kept_from_then_on(jobs, home, gate):
    first = jobs.new(gate.wait)
    job = jobs.new(pow, 2, 3, keep=True, after=first)
    assert (job.kept, numbers(home)) == (None, [])
    gate.open()
    assert (job.get(DEADLINE), job.kept) == (8, "k1")


class Own(BackgroundJobBase):
    def __init__(self):
        self.strform = "own"
        self._init()

    def call(self):
        return 1


def test_what_can_not_be_kept_is_refused_at_once(jobs, home):
    with pytest.raises(ValueError, match="a kept job takes no retry, which would end with this program"):
        jobs.new(pow, 2, 3, keep=True, retry=2)
    with pytest.raises(ValueError, match="a kept command has an empty input"):
        jobs.sh("cat", keep=True, input="words")
    with pytest.raises(ValueError, match="leave out on="):
        jobs.new(pow, 2, 3, keep=True, on=object())
    with pytest.raises(TypeError, match="and a Own is none of these"):
        jobs.options(keep=True).start(Own())
    with pytest.raises(
        pickle.PicklingError, match=r"this job cannot outlive this program: argument 1 \(a _thread.lock\)"
    ):
        jobs.new(print, __import__("threading").Lock(), keep=True)
    assert (numbers(home), jobs.all) == ([], {})


def test_a_folder_that_is_open_to_others_is_refused(jobs, home):
    home.mkdir(parents=True)
    home.chmod(0o755)
    with pytest.raises(OSError, match=r"is open to others \(mode 0755\): chmod 700 it"):
        jobs.new(pow, 2, 3, keep=True)
    with pytest.raises(OSError, match="chmod 700 it"):
        jobs.attach("k1")
    home.rmdir()


def limited(size, value):
    """Stands for a full disk: no file of this process grows beyond this size."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    if isinstance(value, Exception):
        raise value
    return value


def test_on_a_full_disk_a_short_result_and_an_exception_survive_and_a_long_result_is_told(jobs):
    short = jobs.new(limited, 4096, "short", keep=True)
    failed = jobs.new(limited, 4096, ValueError("\x01\N{GRINNING FACE}" * 5000), keep=True)
    long = jobs.new(limited, 4096, "x" * 5000, keep=True)
    assert short.get(DEADLINE) == "short"
    with pytest.raises(RemoteError, match="ValueError: \x01\N{GRINNING FACE}") as raised:
        failed.get(DEADLINE)
    assert raised.value.type_name == "ValueError"
    with pytest.raises(RemoteError, match=r"a str, cannot be sent back from its process .could not be written: File"):
        long.get(DEADLINE)


def test_a_kept_job_goes_on_when_its_program_is_killed_and_another_has_its_lines_and_its_result(jobs, tmp_path, gate):
    it = program(f"""
        import os, time

        class Model:
            def __init__(self, n):
                self.n = n

        def fit(n):
            for row in range(n):
                print("row", row, flush=True)
                while row == 1 and not os.path.exists({gate.path!r}):
                    time.sleep(0.01)
            return Model(n)

        print(jobs.new(fit, 4, keep=True, name="night").kept, flush=True)
        time.sleep(1000)
    """)
    assert it.stdout.readline() == "k1\n"
    it.kill()
    it.communicate()
    job = jobs.attach("k1")
    wait_until(lambda: "row 1" in str(job.log))
    assert (job.outcome, str(job), type(job)) == (None, "night", BackgroundJobKept)
    gate.open()
    assert (job.get(DEADLINE).n, type(job.result).__name__) == (4, "Model")
    assert str(job.log) == "row 0\nrow 1\nrow 2\nrow 3\n"
    # As often as anybody likes.
    assert jobs.attach("1").get(DEADLINE).n == 4


def test_the_end_of_a_program_waits_for_no_kept_job(home, gate):
    assert printed_by(f"jobs.sh('while ! test -e {gate.path}; do sleep 0.01; done', keep=True)") == ""
    assert _core.kept_job("k1").look()[0] == "running"


def test_the_end_of_a_program_waits_until_a_job_that_has_its_turn_later_is_kept(gate):
    code = f"""
        import time
        jobs.sh('while ! test -e {gate.path}; do sleep 0.01; done', keep=True, after=jobs.new(time.sleep, 0.1))
        jobs.sh('exit 0', keep=True).join()
        jobs.rerun(2)
    """
    assert printed_by(code) == ""
    assert sorted(_core.kept_job(number).look()[0] for number in ("1", "2", "3"))[-1] == "running"


def set_field(file: Path, **fields: str) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))


def test_an_attached_job_has_the_times_of_the_kept_one_and_not_those_of_the_attach(jobs, home, gate):
    jobs.sh("echo one; exit 3", keep=True).join(DEADLINE)
    running = jobs.sh(f"until test -e {gate.path}; do sleep 0.01; done", keep=True)
    wait_until(lambda: (home / "2/run.json").exists() and not (home / "live/1").exists())
    now = time.time()
    stamp = {hours: time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(now - hours * 3600)) for hours in (1, 48)}
    set_field(home / "1/job.json", created=stamp[48])
    set_field(home / "2/job.json", created=stamp[48])
    set_field(home / "1/outcome.json", ended=stamp[1], ran=60.0)
    (home / "1/log/0").write_text(f"{stamp[1]} out one\n")
    ended, running = jobs.attach("k1"), jobs.attach("k2")
    ended.join(DEADLINE)
    summary = ended.summary()
    assert (summary["finished"][:16], round(summary["ran"])) == (stamp[1][:16], 60)
    assert (summary["created"], summary["waited"]) == (summary["started"], 0.0)
    assert [abs(line.at - (now - 3600)) < 2 for line in ended.log.lines] == [True]
    wait_until(lambda: running.summary()["ran"] > 47 * 3600)
    assert "running for 48 h" in running.where()
    assert "4 jobs in 48 h" in jobs.timeline().text(80)
    gate.open()
    running.join(DEADLINE)
    assert running.summary()["ran"] < DEADLINE


def test_a_program_that_attaches_a_job_stops_it(jobs, gate):
    job = jobs.new(gate.wait, keep=True)
    other = BackgroundJobManager().attach(job.kept)
    assert other.stop(timeout=DEADLINE).stopped
    job.join(DEADLINE)
    assert (job.outcome, str(job.exception())) == ("stopped", "stopped by its user")


def test_a_result_of_a_class_that_is_not_known_here_is_told(jobs, tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text("class Fit:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    jobs.new("__import__('models').Fit()", {}, keep=True).join(DEADLINE)
    (tmp_path / "models.py").unlink()
    monkeypatch.delitem(sys.modules, "models", raising=False)
    sys.path.remove(str(tmp_path))
    job = jobs.attach("k1")
    job.join(DEADLINE)
    why = r"the job's result, a models.Fit, cannot be read here \(ModuleNotFoundError: No module named 'models'\)"
    with pytest.raises(RemoteError, match=why + r"; import what it needs, then jobs.attach\('k1'\) reads it"):
        raise job.exception()


def test_another_python_is_told_and_its_code_is_not_run(jobs, home):
    jobs.new(pow, 2, 3, keep=True).join(DEADLINE)
    jobs.new(lambda: lambda: 1, keep=True).join(DEADLINE)
    for number in ("1", "2"):
        record = json.loads((home / number / "job.json").read_text())
        assert record["language"] == "python " + ".".join(map(str, sys.version_info[:3]))
        (home / number / "job.json").write_text(json.dumps({**record, "language": "python 3.8.1"}))
    with pytest.warns(UserWarning, match="k1 was started by Python 3.8.1, and this is Python 3"):
        assert jobs.attach("k1").get(DEADLINE) == 8
    with pytest.warns(UserWarning, match="k2"):
        job = jobs.attach("k2")
    job.join(DEADLINE)
    with pytest.raises(RemoteError, match=r"k2 holds code for Python 3.8.1, which Python 3[0-9.]* can't run: attach"):
        raise job.exception()


def test_a_result_that_was_swept_is_told(jobs):
    jobs.new(divmod, 7, 2, keep=True).join(DEADLINE)
    jobs.new(open, "/", keep=True).join(DEADLINE)
    wait_until(lambda: not _core.kept_words(supervisor.starter(), ["sweep", "--output", "0"]) and is_swept())
    first, second = jobs.attach("k1"), jobs.attach("k2")
    with pytest.raises(RemoteError, match=r"the result of k1 was swept; it was \(3, 1\)"):
        first.get(DEADLINE)
    with pytest.raises(RemoteError, match=r"IsADirectoryError: .* '/' \(its traceback was swept\)") as raised:
        second.get(DEADLINE)
    assert raised.value.type_name == "IsADirectoryError"


def is_swept():
    return not any(os.path.exists(os.path.join(_core.kept_job(job).folder, "result")) for job in ("k1", "k2"))


def test_a_result_of_another_language_is_told(jobs, home):
    jobs.new(pow, 2, 3, keep=True).join(DEADLINE)
    path = home / "1/job.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "language": "rhai 1"}))
    job = jobs.attach("k1")
    job.join(DEADLINE)
    with pytest.raises(RemoteError, match="k1 gave 8, a value of rhai, which only that can read"):
        raise job.exception()


def test_broken_files_are_told_and_break_nothing_else(jobs, home):
    for _ in range(3):
        jobs.new(pow, 2, 3, keep=True).join(DEADLINE)
    (home / "1/job.json").write_text("{")
    (home / "2/result").write_bytes(b"garbage\nmore of it")
    with pytest.raises(OSError, match=r"k1 can't be read: .*job.json: .*; rm k1 removes it"):
        jobs.attach("k1")
    with pytest.raises(RemoteError, match=r"the result of k2 is broken .UnpicklingError: .*: start the job again"):
        jobs.attach("k2").get(DEADLINE)
    assert [job["state"] for job in jobs.kept()] == ["broken", "done", "done"]
    assert jobs.attach("k3").get(DEADLINE) == 8


def test_a_lost_job_is_told(jobs, home, gate):
    job = jobs.new(lambda: (print("begun"), gate.wait()), keep=True)
    wait_until(lambda: "begun" in str(job.log))
    os.kill(json.loads((home / "1/run.json").read_text())["pid"], signal.SIGKILL)
    job.join(DEADLINE)
    assert str(job.exception()) == "k1 was lost: its keeper was killed"


def test_a_job_that_is_not_there_is_told(jobs):
    with pytest.raises(LookupError, match="there is no kept job k7"):
        jobs.attach("k7")


def test_how_far_the_body_is_is_told(jobs, gate):
    def body():
        import bgjobs

        bgjobs.progress(3, 10, "fitting")
        gate.wait()

    job = jobs.new(body, keep=True)
    wait_until(lambda: job.progress)
    assert (job.progress.done, job.progress.total, job.progress.text) == (3, 10, "fitting")


def test_magics_keep_expressions_cells_and_commands(shell):
    survives = "it survives this program and a hang-up, but no restart of the machine, and not the end of its container"
    assert shell.see("job = %bg --keep 6 * 7") == f"Kept as k1: {survives} or service.\n"
    assert shell.see("%%bg --keep\nprint('in a cell')\nfound = 1\nfound + 1").startswith(f"Kept as k2: {survives}")
    assert shell.see("%sh --keep echo hello").startswith("Kept as k3: ")
    for num in range(3):
        shell.user_ns["jobs"][num].join(DEADLINE)
    shell.see("1")
    assert (shell.user_ns["job"].result, shell.user_ns["found"]) == (42, 1)
    assert (shell.user_ns["jobs"][1].result, shell.see("%log 1"), shell.see("%log 2")) == (2, "in a cell\n", "hello\n")
    assert shell.see("%bg --keep --retry 2 1").startswith("UsageError: a kept job takes no retry")
    assert shell.see("%%bg --keep --on farm\n1").startswith("UsageError: ")


def test_a_kept_cell_runs_magics_and_prints_what_it_displays(shell):
    shell.see("%%bg --keep\n!echo in a shell\ndisplay({'a': 1})\nx = %env HOME\nx")
    job = shell.user_ns["jobs"][0]
    job.join(DEADLINE)
    assert (str(job.log), job.result) == ("in a shell\n{'a': 1}\n", os.environ["HOME"])


def test_a_stop_before_the_job_has_begun_here_stops_the_kept_one(jobs, gate):
    job = jobs.new(pow, 2, 3)
    job.join()
    kept = jobs.options(keep=True)
    job = kept.submit(gate.wait)
    job.cancel()
    job.stop(timeout=DEADLINE)
    wait_until(lambda: _core.kept_job("k1").look()[0] == "stopped")


def test_a_stop_at_the_prompt_while_a_job_waits_for_its_turn_keeps_nothing(jobs, home, gate):
    job = jobs.new(pow, 2, 3, keep=True, after=jobs.new(gate.wait))
    assert job.stop().stopped and job.exception().__class__.__mro__[1] in (Stopped, BaseException)
    assert numbers(home) == []


def test_kept_lists_the_jobs_of_all_programs(jobs, shell, home):
    assert (repr(jobs.kept()), list(jobs.kept())) == ("No kept jobs", [])
    jobs.new(divmod, 7, 2, keep=True).join(DEADLINE)
    jobs.sh("exit 3", keep=True).join(DEADLINE)
    assert [(job["id"], job["name"], job["state"], job["value"], job["exit"]) for job in jobs.kept()] == [
        ("k1", "divmod(7, 2)", "done", "(3, 1)", 0),
        ("k2", "exit 3", "failed", None, 3),
    ]
    first, second, size = shell.see("%kept").splitlines()
    assert first.split()[:2] == ["k1", "done,"] and second.endswith("exit 3")
    assert re.fullmatch(r"\d+ KB on the disk", size)
    assert shell.see("%kept --all") == shell.see("jobs.kept(all=True)").partition(": \n")[2]
    assert shell.see("%kept k1").startswith("UsageError: %kept takes --all or nothing, not k1")


def test_attach_goes_on_with_a_cell_and_brings_back_the_names_that_are_free(jobs, shell):
    shell.see("%%bg --keep --name cell\nprint('in a cell')\nfound, taken = 1, 2\nfound + 1")
    shell.user_ns["jobs"][0].join(DEADLINE)
    shell.see("1")
    shell.user_ns["taken"] = "mine"
    del shell.user_ns["found"]
    shell.see("job = %attach k1")
    job = shell.user_ns["job"]
    job.join(DEADLINE)
    told = shell.see("1")
    assert "Job #1 has set found." in told and "the job's value is jobs[1].names['taken']" in told
    assert (job.result, str(job.log), job.names) == (2, "in a cell\n", {"found": 1, "taken": 2})
    assert (shell.user_ns["found"], shell.user_ns["taken"]) == (1, "mine")
    assert shell.see("%rerun 1").startswith("UsageError: job #1 was started by another program, and can't be started")


def test_attach_says_what_it_takes(shell):
    assert shell.see("%attach") == "UsageError: %attach takes a kept job, as in %attach k12; %kept lists them\n"
    assert shell.see("%attach k7").startswith("UsageError: there is no kept job k7; %kept lists those that are there")
    assert shell.see("%attach last").startswith("UsageError: `last` is no kept job: write k12, for example")


def test_tab_offers_the_kept_jobs(jobs, shell):
    jobs.sh("exit 0", keep=True).join(DEADLINE)
    assert "k1" in shell.Completer.complete(line_buffer="%attach ", cursor_pos=8)[1]


def test_a_new_prompt_tells_once_what_runs_and_what_has_ended_since(jobs, shell, gate):
    assert shell.see("%reload_ext bgjobs") == ""
    for line in (f"while ! test -e {gate.path}; do sleep 0.01; done", "exit 3", "exit 0"):
        # As another program would, so that no job here sees the end.
        options = {"key": None, "time_limit": None, "folder": None, "payload": None, "environment": []}
        _core.KeptStart(supervisor.starter(), ["/bin/sh", "-c", line], line[:5], **options)
    wait_until(lambda: sorted(job["state"] for job in jobs.kept()) == ["done", "failed", "running"])
    told = shell.see("%reload_ext bgjobs")
    assert told.startswith("Kept jobs: ") and told.count("\n") == 1
    assert "while has run for 0." in told and "exit : exit status 3" in told and "exit : done" in told
    again = shell.see("%reload_ext bgjobs")
    assert "exit : exit status 3" in again and "done" not in again


def test_after_the_restart_of_a_kernel_all_lines_and_the_value_are_there(gate):
    with kernel() as it:
        it.run("%load_ext bgjobs")
        it.run("class Model:\n    def __init__(self, n):\n        self.n = n")
        cell = f"""
            %%bg --keep
            import os, time
            for row in range(3):
                print("row", row)
                while row == 1 and not os.path.exists({gate.path!r}):
                    time.sleep(0.01)
            model = Model(6)
            model.n * 7
        """
        started = it.run(cell)
        assert it.text(started).startswith("Kept as k1: ")
        it.run("import time\nwhile 'row 1' not in str(jobs[0].log): time.sleep(0.01)")
        it.restart()
        loaded = it.run("%load_ext bgjobs")
        it.wait_text(loaded, "has run for")
        assert it.text(loaded).startswith("Kept jobs: k1 ")
        it.run("job = %attach k1")
        gate.open()
        seen = it.run("print(job.get(), job.log, model.n if 'model' in globals() else job.names['model'].n)")
        it.wait_text(seen, "6\n")
        assert it.text(seen) == "42 row 0\nrow 1\nrow 2\n 6\n"
        it.wait_text(it.run("print(model.n)"), "6\n")


@pytest.mark.parametrize("kills", [True, False])
def test_a_kernel_that_is_killed_or_shut_down_leaves_the_job_alone(gate, kills):
    with kernel() as it:
        it.run("%load_ext bgjobs")
        it.run("import os, time")
        it.run(f"def body():\n    while not os.path.exists({gate.path!r}): time.sleep(0.01)\n    return 7")
        it.run("%bg --keep body()")
        it.manager.shutdown_kernel(now=kills)
        gate.open()
        assert BackgroundJobManager().attach("k1").get(DEADLINE) == 7


def start_another(path):
    """The body of a job in a process of its own."""
    jobs = BackgroundJobManager()
    return jobs.new(Gate(path).wait, keep=True).kept


def test_a_kept_job_that_a_job_in_a_process_has_started_outlives_that_and_is_killed_by_no_stop_of_it(jobs, gate):
    assert jobs.new(start_another, gate.path, process=True).get(DEADLINE) == "k1"
    assert jobs.new(start_another, gate.path, keep=True).get(DEADLINE) == "k3"
    stopped = jobs.new(lambda: (start_another(gate.path), gate.wait()), process=True)
    # Before it has its keeper, a stop would take it along.
    wait_until(lambda: [job["state"] for job in jobs.kept()][3:] == ["running"])
    assert stopped.stop(timeout=DEADLINE).stopped
    assert [job["state"] for job in jobs.kept()] == ["running", "done", "running", "running"]
    gate.open()
    followed = [jobs.attach(number) for number in ("k1", "k3", "k4")]
    assert [job.get(DEADLINE) for job in followed] == [None] * 3
