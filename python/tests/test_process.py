"""Jobs in a process of their own: the process itself (`Child`), then the jobs."""

from __future__ import annotations

import atexit
import concurrent.futures
import ctypes
import decimal
import doctest
import errno
import json
import linecache
import math
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from hosts import ipython_prompt, kernel

from bgjobs import BackgroundJobFunc, BackgroundJobManager, Stopped, _core, failures, process, workers
from bgjobs.payload import pack_call, pack_expression
from bgjobs.process import BackgroundJobProcess
from bgjobs.remote import Child, ProcessDied, RemoteError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")
linux = pytest.mark.skipif(sys.platform != "linux", reason="orphans are found on Linux only")

LONG = 30  # seconds; nothing waits that long unless it has failed


class Sink:
    """What a child wrote."""

    def __init__(self) -> None:
        self.pieces: list[tuple[bool, str]] = []

    def write(self, err: bool, text: str) -> None:
        self.pieces.append((err, text))

    @property
    def out(self) -> str:
        return "".join(text for err, text in self.pieces if not err)

    @property
    def err(self) -> str:
        return "".join(text for err, text in self.pieces if err)


class Running:
    """A child that runs on a thread, as in a job."""

    def __init__(self, function, *args) -> None:
        self.sink = Sink()
        self.child = Child(pack_call(function, args, {}))
        self.future: concurrent.futures.Future = concurrent.futures.Future()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self.future.set_result(self.child.run(self.sink.write))
        except BaseException as error:
            self.future.set_exception(error)

    def line(self, number: int = 0) -> str:
        """The line with this number, once it is there."""
        until(lambda: self.sink.out.count("\n") > number)
        return self.sink.out.splitlines()[number]

    def result(self):
        return self.future.result(LONG)

    def error(self) -> BaseException:
        error = self.future.exception(LONG)
        assert error is not None
        return error


def until(condition, seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


def run(function, *args, **kwargs):
    return Child(pack_call(function, args, kwargs)).run(Sink().write)


def evaluate(expression: str, glob: dict, loc: dict | None = None):
    code = compile(expression, "<BackgroundJob compilation>", "eval")
    payload = pack_expression(expression, code, glob, glob if loc is None else loc)
    return Child(payload).run(Sink().write)


def lives(pid: int) -> bool:
    """Whether `pid` runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def script():
    """Starts a program, and kills it at the end of the test."""
    started = []

    def start(text: str, *args: str) -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(text), *args],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield start
    for program in started:
        program.kill()
        program.communicate()


# What is sent and what comes back


def test_a_function_of_a_module_gets_its_arguments_and_returns_its_result():
    assert run(math.pow, 2, 10) == 1024.0
    assert run(sorted, [2, 3, 1], reverse=True) == [3, 2, 1]


def test_it_runs_in_another_process():
    assert run(os.getpid) != os.getpid()


def test_lambdas_and_closures_are_sent_by_value():
    base = 40
    assert run(lambda x: x + base, 2) == 42


def test_a_change_to_a_variable_stays_in_the_process():
    seen = []
    run(lambda: seen.append(1))
    assert seen == []


def test_an_expression_takes_the_names_that_it_refers_to():
    def double(x):
        return 2 * x

    glob = {"double": double, "k": 1, "unsendable": threading.Lock()}
    assert evaluate("double(k) + sum(map(lambda i: i + k, range(3)))", glob) == 8


def test_locals_of_an_expression_win_over_globals():
    assert evaluate("x + y", {"x": 1, "y": 2}, {"x": 10}) == 12


def test_a_module_that_an_expression_refers_to_is_imported_in_the_process():
    assert evaluate("math.floor(2.5)", {"math": math}) == 2


def test_a_missing_name_is_the_expressions_own_error():
    with pytest.raises(NameError, match="nope"):
        evaluate("nope + 1", {})


def test_the_path_the_arguments_and_the_directory_are_those_of_the_parent(tmp_path, monkeypatch):
    (tmp_path / "only_here_for_bgjobs.py").write_text("def f(): return 'found'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["me", "--my", "arguments"])
    import only_here_for_bgjobs

    assert run(only_here_for_bgjobs.f) == "found"
    assert run(lambda: (sys.path, sys.argv, os.getcwd())) == (sys.path, sys.argv, str(tmp_path))


def test_a_deleted_working_directory_is_not_an_obstacle(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(math.sqrt, 4) == 2.0


def test_large_arguments_and_results_get_through():
    big = b"x" * (40 << 20)
    assert run(bytes.upper, big) == big.upper()


def test_a_name_of_the_package_hides_no_module_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "names.py").write_text("mine = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run(lambda: __import__("names").mine) is True


def test_main_in_the_process_is_not_this_package():
    assert run(lambda: hasattr(sys.modules["__main__"], "supervise")) is False


def test_functions_and_classes_of_a_script_need_no_import_of_it(script):
    done = script(
        """
        from bgjobs.process import Child, pack_call
        print("once")
        class Point:
            def __init__(self, x): self.x = x
        class Odd(Exception): pass
        def helper(x): return Point(x + 1)
        def f(x): return helper(x)
        def g(): raise Odd(7)
        p = Child(pack_call(f, (1,), {})).run(print)
        print(type(p) is Point, p.x)
        try:
            Child(pack_call(g, (), {})).run(print)
        except Odd as error:
            print(error.args)
        """
    )
    assert done.communicate(timeout=LONG)[0].splitlines() == ["once", "True 2", "(7,)"]


def test_functions_of_the_ipython_prompt_work_and_their_tracebacks_show_the_source(script):
    pytest.importorskip("IPython")
    done = script(
        r"""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        run = shell.run_cell
        run("from bgjobs.process import *")
        run("def g(x):\n    return 1 / x   # here\n")
        run("def f(x):\n    return g(x)\n")
        run("print(Child(pack_call(f, (4,), {})).run(print))")
        run("child = Child(pack_call(f, (0,), {}))")
        run("try: child.run(print)\nexcept ZeroDivisionError: print(child.remote_traceback)")
        """
    )
    text = done.communicate(timeout=LONG)[0]
    assert text.startswith("0.25\n")
    assert "return 1 / x   # here" in text


# What cannot be sent, or cannot come back


def test_an_argument_that_cannot_be_sent_is_named_at_once():
    with pytest.raises(pickle.PicklingError, match=r"argument 2 \(a _thread.lock\) cannot be sent"):
        pack_call(print, (1, threading.Lock()), {})
    with pytest.raises(pickle.PicklingError, match=r"argument 'file' \(a generator\)"):
        pack_call(print, (1,), {"file": (n for n in range(3))})


def test_a_value_that_a_function_uses_and_that_cannot_be_sent_is_named():
    gate = threading.Lock()

    def inner():
        return gate

    with pytest.raises(pickle.PicklingError, match="'gate', used by 'inner', used by the function"):
        pack_call(lambda: inner(), (), {})


def test_a_value_of_an_expression_that_cannot_be_sent_is_named():
    code = compile("x, gate", "", "eval")
    with pytest.raises(pickle.PicklingError, match=r"the value of 'gate' \(a _thread.lock\)"):
        pack_expression("x, gate", code, {"x": 1, "gate": threading.Lock()}, {})


def test_a_result_that_cannot_come_back_is_an_error_that_names_its_type():
    with pytest.raises(RemoteError, match=r"result, a _thread.lock, cannot be sent back") as raised:
        run(threading.Lock)
    assert raised.value.type_name == "_thread.lock"


class Unreadable:
    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise RuntimeError("not here")


def test_a_result_that_cannot_be_read_here_is_an_error_that_names_its_type():
    with pytest.raises(RemoteError, match=r"Unreadable, cannot be read here .*not here"):
        run(Unreadable)


def test_a_result_that_fails_halfway_through_pickling_leaves_nothing_behind():
    with pytest.raises(RemoteError, match="a list, cannot be sent back"):
        run(lambda: [b"x" * 100_000, threading.Lock()])


# Failures


class Custom(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Fussy(Exception):
    """An exception that can be pickled but not loaded: its `__init__` takes more than its `args`."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def fail(error):
    raise error


def test_an_exception_comes_back_as_it_was():
    with pytest.raises(Custom) as raised:
        run(lambda: fail(Custom(7)))
    assert raised.value.code == 7


def test_the_remote_traceback_is_the_cause_of_the_exception():
    child = Child(pack_call(fail, (decimal.InvalidOperation("no"),), {}))
    with pytest.raises(decimal.InvalidOperation) as raised:
        child.run(Sink().write)
    text = child.remote_traceback
    assert text is not None and text.startswith("Traceback (most recent call last):\n")
    assert ", in fail\n    raise error\n" in text and "_child.py" not in text
    assert text in str(raised.value.__cause__)


def test_the_remote_traceback_shows_causes():
    def body():
        try:
            {}["k"]
        except KeyError as error:
            raise ValueError("v") from error

    child = Child(pack_call(body, (), {}))
    with pytest.raises(ValueError):
        child.run(Sink().write)
    assert "KeyError: 'k'" in (child.remote_traceback or "")


def test_an_exception_that_cannot_come_back_is_replaced_by_its_text():
    with pytest.raises(RemoteError, match="Fussy: this and that") as raised:
        run(lambda: fail(Fussy("this", "that")))
    assert raised.value.type_name.endswith("Fussy")
    with pytest.raises(RemoteError, match="ValueError: <unlocked"):
        run(lambda: fail(ValueError(threading.Lock())))


@pytest.mark.parametrize("error", [SystemExit(4), KeyboardInterrupt()])
def test_exceptions_that_end_programs_are_failures_too(error):
    with pytest.raises(type(error)) as raised:
        run(fail, error)
    assert raised.value.args == error.args


def test_an_error_while_the_body_is_unpacked_is_a_failure(tmp_path, monkeypatch):
    source = tmp_path / "soon_gone_for_bgjobs.py"
    source.write_text("def f(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import soon_gone_for_bgjobs

    source.unlink()
    with pytest.raises(ModuleNotFoundError, match="soon_gone_for_bgjobs"):
        run(soon_gone_for_bgjobs.f)


def test_tracebacks_show_the_lines_of_code_that_is_in_no_file():
    text = "def f():\n    return 1 / 0  # typed\n"
    linecache.cache["<cell 5>"] = (len(text), None, text.splitlines(True), "<cell 5>")
    space = {"__name__": "__main__"}
    exec(compile(text, "<cell 5>", "exec"), space)
    child = Child(pack_call(space["f"], (), {}))
    with pytest.raises(ZeroDivisionError):
        child.run(Sink().write)
    assert "return 1 / 0  # typed" in (child.remote_traceback or "")


def crash_by_a_null_pointer():
    ctypes.string_at(0)


@pytest.mark.parametrize(
    "body, number",
    [
        (crash_by_a_null_pointer, signal.SIGSEGV),
        (os.abort, signal.SIGABRT),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), signal.SIGKILL),
    ],
)
def test_a_crash_names_the_signal(body, number):
    with pytest.raises(ProcessDied, match=rf"signal {int(number)} \({number.name}\)") as raised:
        run(body)
    assert raised.value.signal == number and raised.value.status is None


def test_a_crash_leaves_its_python_stack_in_the_log():
    sink = Sink()
    with pytest.raises(ProcessDied):
        Child(pack_call(crash_by_a_null_pointer, (), {})).run(sink.write)
    assert "in crash_by_a_null_pointer" in sink.err


def test_leaving_without_a_result_names_the_status():
    with pytest.raises(ProcessDied, match="exit status 3") as raised:
        run(os._exit, 3)
    assert raised.value.status == 3 and raised.value.signal is None


def test_errors_survive_a_pickle():
    for error in (RemoteError("m", "T"), ProcessDied("m", signal=9)):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.args, vars(again)) == (type(error), error.args, vars(error))


# Output and input


def test_both_streams_are_captured_by_whatever_means_they_are_written():
    def body():
        print("printed")
        os.write(1, b"by the system\n")
        os.system("echo by a command; echo and its errors >&2")
        print("an error", file=sys.stderr)

    sink = Sink()
    Child(pack_call(body, (), {})).run(sink.write)
    assert sink.out == "printed\nby the system\nby a command\n"
    assert sink.err == "and its errors\nan error\n"


def test_a_line_is_there_as_soon_as_it_is_printed(tmp_path):
    gate = tmp_path / "gate"

    def body():
        print("early")
        while not gate.exists():
            time.sleep(0.005)

    running = Running(body)
    assert running.line() == "early"
    gate.touch()
    assert running.result() is None


def test_much_output_on_both_streams_stays_in_order_and_blocks_nothing():
    def body():
        for n in range(30_000):
            print(f"{n:06} " + "o" * 100)
            print(f"{n:06} " + "e" * 100, file=sys.stderr)

    sink = Sink()
    Child(pack_call(body, (), {})).run(sink.write)
    for text, letter in ((sink.out, "o"), (sink.err, "e")):
        assert text.splitlines() == [f"{n:06} " + letter * 100 for n in range(30_000)]


def test_a_last_line_without_a_line_break_is_captured():
    sink = Sink()
    Child(pack_call(lambda: print("no end", end=""), (), {})).run(sink.write)
    assert sink.out == "no end"


def test_a_character_split_between_two_reads_is_whole_and_invalid_bytes_are_shown():
    def body():
        for byte in "é€𝄞".encode():
            os.write(1, bytes([byte]))
            time.sleep(0.002)
        os.write(1, b" \xff \xe2\x82")
        print("\ud800")

    sink = Sink()
    Child(pack_call(body, (), {})).run(sink.write)
    assert sink.out == "é€𝄞 \ufffd \ufffd\\ud800\n"


def test_standard_input_is_empty():
    assert run(lambda: sys.stdin.read()) == ""
    with pytest.raises(EOFError):
        run(lambda: input())


def test_the_process_waits_for_threads_of_the_body_as_a_script_does():
    def body():
        def late():
            time.sleep(0.05)
            print("late")

        threading.Thread(target=late).start()
        return "early"

    sink = Sink()
    assert Child(pack_call(body, (), {})).run(sink.write) == "early"
    assert sink.out == "late\n"


def test_exit_handlers_run_and_the_last_output_is_captured():
    def body():
        atexit.register(print, "at exit", end="")
        sys.stderr.write("no end")

    sink = Sink()
    Child(pack_call(body, (), {})).run(sink.write)
    assert (sink.out, sink.err) == ("at exit", "no end")


def test_a_body_that_closes_its_streams_ends_well():
    def body():
        sys.stdout.close()
        sys.stderr = None
        return 1

    assert run(body) == 1


# Where there is no fork


def test_a_job_in_a_process_is_refused_where_the_system_has_no_fork(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(NotImplementedError, match="process=True needs a POSIX system; start the job without it"):
        pack_call(print, (), {})


# What is inherited, and what remains


def test_only_the_intended_descriptors_are_inherited(tmp_path):
    with open(tmp_path / "file", "w") as file:
        os.set_inheritable(file.fileno(), True)
        fds = run(lambda: {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in _open_fds()})
    assert not any(str(tmp_path) in name for name in fds.values())
    # Where libffi opens its own file, ctypes has done that in the process.
    meant = {fd for fd, name in fds.items() if "bgjobs" in name or "libffi" in name}
    assert set(fds) - {0, 1, 2} <= meant


def _open_fds():
    fds = [int(name) for name in os.listdir("/proc/self/fd")]
    return [fd for fd in fds if os.path.exists(f"/proc/self/fd/{fd}") and _is_open(fd)]


def _is_open(fd):
    try:
        os.fstat(fd)
    except OSError as error:
        assert error.errno == errno.EBADF
        return False
    return True


def test_a_command_of_the_body_inherits_only_its_three_streams():
    def body():
        code = "import os; print([fd for fd in range(3, 256) if os.path.exists(f'/dev/fd/{fd}')])"
        subprocess.run([sys.executable, "-c", code], check=True, close_fds=False)

    sink = Sink()
    Child(pack_call(body, (), {})).run(sink.write)
    assert json.loads(sink.out) == []


@linux
def test_no_descriptor_and_no_zombie_is_left_in_the_parent():
    def mine():
        return list(_children(os.getpid()))

    before = sorted(_open_fds()), mine()
    run(math.sqrt, 4)
    with pytest.raises(ProcessDied):
        run(os._exit, 3)
    with pytest.raises(ValueError):
        run(fail, ValueError())
    assert (sorted(_open_fds()), mine()) == before


def _children(parent):
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(stat.parent.name)


def test_many_children_run_alongside_many_threads():
    gate = threading.Event()
    idle = [threading.Thread(target=gate.wait) for _ in range(50)]
    for thread in idle:
        thread.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda n: run(lambda: n * n), range(16))) == [n * n for n in range(16)]
    finally:
        gate.set()
        for thread in idle:
            thread.join()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_of_the_parent_that_holds_the_pipes_delays_nothing(tmp_path):
    gate = tmp_path / "gate"

    def body():
        print("up")
        while not gate.exists():
            time.sleep(0.005)
        return "done"

    running = Running(body)
    running.line()
    sleeper = os.fork()
    if sleeper == 0:
        time.sleep(2 * LONG)
        os._exit(0)
    try:
        gate.touch()
        assert running.result() == "done"
    finally:
        os.kill(sleeper, signal.SIGKILL)
        os.waitpid(sleeper, 0)


def test_a_fork_of_the_body_that_returns_does_not_write_the_reply():
    def body():
        if os.fork() == 0:
            return "from the fork"
        os.wait()
        return "from the body"

    assert run(body) == "from the body"


@linux
def test_processes_that_the_body_left_running_end_with_it():
    def body():
        return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid

    assert not lives(run(body))


@linux
def test_processes_that_the_body_left_running_are_killed_if_they_ignore_sigterm():
    def body():
        child = subprocess.Popen(
            ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        child.stdout.readline()
        return child.pid

    assert not lives(run(body))


def test_multiprocessing_works_in_the_process():
    def body():
        import multiprocessing

        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pool.map(abs, [-1, -2])

    assert run(body) == [1, 2]


# Stop


def tell_and_wait(_):
    os.write(1, f"{os.getpid()}\n".encode())
    time.sleep(1000)


def wait_in_a_pool(method):
    import multiprocessing

    with multiprocessing.get_context(method).Pool(2) as pool:
        pool.map(tell_and_wait, range(2))


def wait_in_an_executor(method):
    import multiprocessing

    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context(method)) as executor:
        list(executor.map(tell_and_wait, range(2)))


# Other interpreters than a fork's take long to start.
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("body", [wait_in_a_pool, wait_in_an_executor])
def test_the_processes_of_multiprocessing_end_with_a_stop(body, method, jobs):
    job = jobs.new(body, method, process=True)
    until(lambda: len(job.log.lines) >= 2)
    pids = [int(line.text) for line in job.log.lines]
    assert job.stop(timeout=LONG).stopped
    assert job.outcome == "stopped"
    assert not any(lives(pid) for pid in pids)


def wait_and_tell():
    try:
        # Inside the `try`, because the reader may interrupt at once.
        print("up")
        while True:
            time.sleep(0.01)
    finally:
        print("cleaned up")


def test_a_kill_with_grace_interrupts_the_body_first():
    running = Running(wait_and_tell)
    running.line()
    running.child.kill(grace=LONG)
    assert isinstance(running.error(), KeyboardInterrupt)
    assert running.sink.out == "up\ncleaned up\n"
    assert running.child.killed


def test_an_interrupt_ends_a_long_sleep_at_once():
    def body():
        print("up")
        time.sleep(1000)

    running = Running(body)
    running.line()
    running.child.kill(grace=LONG)
    assert isinstance(running.error(), KeyboardInterrupt)


def test_an_interrupt_reaches_the_command_that_the_body_waits_for():
    def body():
        code = "import time; print(1, flush=True); time.sleep(1000)"
        os.system(f"exec {sys.executable} -c '{code}'")
        return "the command ended"

    running = Running(body)
    running.line()
    running.child.kill(grace=LONG)
    # os.system ignores the interrupt itself, so the body goes on when the command has ended.
    assert running.result() == "the command ended"


def deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("up")
    while True:
        time.sleep(0.01)


def test_a_body_that_ignores_the_interrupt_is_killed_after_the_grace():
    running = Running(deaf)
    running.line()
    running.child.kill(grace=0.05)
    error = running.error()
    assert isinstance(error, ProcessDied) and error.signal == signal.SIGKILL


def test_a_second_kill_shortens_the_grace():
    running = Running(deaf)
    running.line()
    running.child.kill(grace=1000)
    running.child.kill(grace=0)
    assert isinstance(running.error(), ProcessDied)


def test_code_in_c_that_holds_the_lock_of_its_interpreter_is_killed():
    def body():
        print("up")
        ctypes.PyDLL(None).sleep(1000)

    running = Running(body)
    running.line()
    running.child.kill()
    assert isinstance(running.error(), ProcessDied)


def test_a_stopped_process_is_killed_too():
    running = Running(wait_and_tell)
    running.line()
    os.kill(running.child.pid, signal.SIGSTOP)
    running.child.kill()
    assert isinstance(running.error(), ProcessDied)


def test_a_kill_before_the_start_starts_nothing(tmp_path):
    child = Child(pack_call((tmp_path / "made").touch, (), {}))
    child.kill()
    with pytest.raises(ProcessDied, match="before its process started"):
        child.run(Sink().write)
    assert not (tmp_path / "made").exists()


def test_a_kill_after_the_end_does_nothing():
    child = Child(pack_call(math.sqrt, (4,), {}))
    assert child.run(Sink().write) == 2.0
    child.kill()
    child.kill(grace=1)


def leave_the_family():
    """Starts a sleeper in a session of its own, and one whose parent has ended."""
    sleeper = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        daemon = os.fork()
        if daemon:
            os.write(write, str(daemon).encode())
            os._exit(0)
        os.execvp("sleep", ["sleep", "1000"])
    os.wait()
    print(json.dumps([os.getpid(), sleeper.pid, int(os.read(read, 20))]))
    time.sleep(1000)


@linux
@pytest.mark.parametrize("grace", [0, 0.05])
def test_grandchildren_that_have_left_the_session_are_killed_too(grace):
    running = Running(leave_the_family)
    family = json.loads(running.line())
    assert all(lives(pid) for pid in family)
    running.child.kill(grace)
    running.error()
    assert not any(lives(pid) for pid in family)


def test_leaving_run_early_ends_the_processes():
    class Enough(BaseException):
        pass

    pids = []
    child = Child(pack_call(wait_and_tell, (), {}))

    def note_and_leave(err, text):
        pids.append(child.pid)
        raise Enough

    with pytest.raises(Enough):
        child.run(note_and_leave)
    assert not lives(pids[0])


# The parent's end


@linux
@pytest.mark.parametrize("forked", [False, True])
def test_everything_dies_when_the_parent_is_killed(forked, script):
    parent = script(
        """
        import os, sys, time
        from bgjobs.process import Child, pack_call
        sys.path.insert(0, sys.argv[1])
        from test_process import leave_the_family
        text = ""
        def write(err, piece):
            global text
            text += piece
            if not text.endswith("\\n"):
                return
            if sys.argv[2] == "True":
                holder = os.fork()   # it holds every pipe of the parent
                if not holder:
                    time.sleep(1000)
                print(holder, flush=True)
            print(text, end="", flush=True)
        Child(pack_call(leave_the_family, (), {})).run(write)
        """,
        str(Path(__file__).parent),
        str(forked),
    )
    assert parent.stdout is not None
    holder = int(parent.stdout.readline()) if forked else None
    try:
        family = json.loads(parent.stdout.readline())
        assert all(lives(pid) for pid in family)
        parent.kill()
        parent.wait()
        until(lambda: not any(lives(pid) for pid in family))
    finally:
        if holder is not None:
            os.kill(holder, signal.SIGKILL)


@linux
def test_the_worker_dies_with_its_supervisor():
    running = Running(wait_and_tell)
    running.line()
    worker = running.child.pid
    supervisor = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    error = running.error()
    assert isinstance(error, ProcessDied) and "supervisor" in str(error)
    until(lambda: not lives(worker))


@linux
def test_ending_the_supervisor_by_sigterm_ends_everything():
    running = Running(leave_the_family)
    family = json.loads(running.line())
    supervisor = int(Path(f"/proc/{family[0]}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGTERM)
    assert isinstance(running.error(), ProcessDied)
    assert not any(lives(pid) for pid in family)


# The interpreter's lock


def test_a_child_does_not_wait_for_the_parents_interpreter_lock(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def body():
        print("up")
        fifo.write_bytes(b"x")  # waits until the parent has opened it to read
        return "done"

    running = Running(body)
    running.line()
    fd = os.open(fifo, os.O_RDONLY)
    try:
        # A read in C that holds the lock until the child has written.
        assert ctypes.PyDLL(None).read(fd, ctypes.create_string_buffer(1), 1) == 1
    finally:
        os.close(fd)
    assert running.result() == "done"


def test_the_parent_does_not_wait_for_a_childs_interpreter_lock(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def body():
        print("up")
        fd = os.open(fifo, os.O_RDONLY)
        return ctypes.PyDLL(None).read(fd, ctypes.create_string_buffer(1), 1)

    running = Running(body)
    running.line()
    fifo.write_bytes(b"x")
    assert running.result() == 1


# Jobs


@pytest.fixture
def jobs():
    manager = BackgroundJobManager()
    yield manager
    for job in manager.running:
        job.stop()


def finished(job):
    job.join(LONG)
    assert not job.is_alive()
    return job


def test_a_function_job_runs_in_its_own_process(jobs):
    job = finished(jobs.new(math.pow, 2, 5, process=True))
    assert (job.result, job.status, job.stat_code, job.outcome) == (32.0, "Completed", 2, "done")
    assert job.pid != os.getpid()
    assert finished(jobs.new(os.getpid, process=True)).result != os.getpid()


def test_keyword_arguments_are_given_as_for_any_job(jobs):
    job = finished(jobs.new(sorted, [1, 3, 2], kw={"reverse": True}, process=True))
    assert job.result == [3, 2, 1]


def test_an_expression_job_sees_the_names_of_the_caller(jobs):
    def double(n):
        return 2 * n

    n = 21
    job = finished(jobs.new("double(n)", process=True))
    assert job.result == 42
    del double, n


def test_a_process_job_looks_like_the_job_it_is_made_from(jobs):
    plain, job = jobs.new(math.sqrt, 4), jobs.new(math.sqrt, 4, process=True)
    assert (str(job), job.func, job.args, job.kwargs) == (str(plain), math.sqrt, (4,), {})
    expression = finished(jobs.new("1 + 1", {}, process=True))
    assert (str(expression), expression.expression) == ("1 + 1", "1 + 1")
    assert isinstance(job, threading.Thread)


def test_a_body_that_cannot_be_sent_is_refused_at_once_and_uses_no_number(jobs):
    with pytest.raises(pickle.PicklingError, match="argument 1"):
        jobs.new(print, threading.Lock(), process=True)
    with pytest.raises(SyntaxError):
        jobs.new("1 +", process=True)
    with pytest.raises(ValueError, match="at most 2 args"):
        jobs.new("1", {}, {}, {}, process=True)
    assert jobs.new(int, process=True).num == 0


def test_the_output_is_in_the_log_of_the_job(jobs, capfd, monkeypatch):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)

    def body():
        print("printed")
        os.system("echo by a command; echo and an error >&2")

    job = finished(jobs.new(body, process=True))
    assert [(line.stream, line.text) for line in job.log.lines if line.stream == "stdout"] == [
        ("stdout", "printed"),
        ("stdout", "by a command"),
    ]
    assert [line.text for line in job.log.lines if line.stream == "stderr"] == ["and an error"]
    assert capfd.readouterr() == ("", "")


def test_a_failed_body_is_a_dead_job_with_its_exception_and_the_remote_frames(jobs, capsys):
    job = finished(jobs.new(fail, Custom(7), process=True))
    assert (job.stat_code, job.finished, job.outcome) == (-1, None, "failed")
    assert isinstance(job.exception(), Custom) and job.exception().code == 7
    assert ", in fail\n    raise error\n" in job.remote_traceback
    job.traceback()
    text = capsys.readouterr().out
    assert "in fail" in text and "raise error" in text


def test_a_crash_is_a_dead_job_and_nothing_else(jobs, capsys):
    job = finished(jobs.new(os.kill, 0, signal.SIGKILL, process=True))
    assert (job.stat_code, job.outcome) == (-1, "failed")
    assert "SIGKILL" in str(job.exception()) and job.remote_traceback is None
    job.traceback()
    assert "SIGKILL" in capsys.readouterr().out
    assert finished(jobs.new(int, process=True)).result == 0


@pytest.mark.parametrize("error", [SystemExit(4), KeyboardInterrupt()])
def test_exceptions_that_end_programs_make_dead_jobs(jobs, error):
    job = finished(jobs.new(fail, error, process=True))
    assert (job.stat_code, job.outcome, type(job.exception())) == (-1, "failed", type(error))


def test_a_stop_ends_the_job_and_says_so(jobs):
    job = jobs.new(wait_and_tell, process=True)
    until(lambda: "up" in list(job.log))
    verdict = job.stop("enough", timeout=LONG)
    assert verdict.stopped and str(verdict).startswith("stopped after")
    assert (job.stat_code, job.outcome) == (-1, "stopped")
    assert isinstance(job.exception(), Stopped) and str(job.exception()) == "enough"
    assert "cleaned up" in str(job.log)
    assert not lives(job.pid)


def test_a_stop_kills_a_body_that_does_not_react_in_time(jobs):
    job = jobs.new(deaf, process=True)
    until(lambda: "up" in list(job.log))
    verdict = job.stop(timeout=2)
    assert verdict.stopped and verdict.after < 2
    assert not lives(job.pid)


@linux
def test_a_stop_ends_all_processes_of_the_job(jobs):
    job = jobs.new(leave_the_family, process=True)
    until(lambda: job.log.lines)
    family = json.loads(str(job.log))
    assert job.stop(timeout=LONG).stopped
    assert not any(lives(pid) for pid in family)


def test_a_stop_right_after_the_start_ends_the_job(jobs):
    for _ in range(10):
        job = jobs.new(time.sleep, 1000, process=True)
        assert job.stop(timeout=LONG).stopped
        assert job.outcome == "stopped"


@pytest.mark.parametrize("command", ["echo up; exec sleep 1000", "sh -c 'echo up; sleep 1000'; exit $?"])
def test_a_stop_that_ends_the_command_of_a_body_has_stopped_it(jobs, command):
    job = jobs.new(os.system, command, process=True)
    until(lambda: "up" in list(job.log))
    assert job.stop("enough", timeout=LONG).stopped
    assert str(job.exception()) == "enough"


def test_a_command_that_ends_as_if_it_was_interrupted_has_completed(jobs):
    job = jobs.new(os.system, "kill -INT $$", process=True)
    assert (job.get(LONG), job.outcome) == (signal.SIGINT, "done")


def test_a_body_that_returns_a_result_when_it_is_interrupted_completes(jobs):
    def body():
        try:
            # Inside the `try`, because the reader may interrupt at once.
            print("up")
            time.sleep(1000)
        except KeyboardInterrupt:
            return "half of it"

    job = jobs.new(body, process=True)
    until(lambda: "up" in list(job.log))
    verdict = job.stop(timeout=LONG)
    assert (verdict.outcome, job.result) == ("done", "half of it")


def test_a_kill_ends_the_job_without_time_to_clean_up(jobs):
    job = jobs.new(wait_and_tell, process=True)
    until(lambda: "up" in list(job.log))
    job.kill()
    assert finished(job).outcome == "stopped"
    assert "cleaned up" not in str(job.log)


def test_a_kill_of_a_job_that_has_not_begun_calls_its_callbacks():
    job, called = BackgroundJobProcess(BackgroundJobFunc(int)), []
    workers.enter(job, _core.Table())
    job.add_done_callback(called.append)
    job.kill()
    assert called == [job] and job.outcome == "stopped"


def test_where_names_the_process(jobs):
    job = jobs.new(wait_and_tell, process=True)
    until(lambda: "up" in list(job.log))
    assert f"in process {job.pid}" in job.where()
    job.kill()
    assert "process" not in finished(job).where()


def test_the_exit_waits_for_a_non_daemon_job(script, tmp_path):
    done = script(
        """
        import sys, time, pathlib
        from bgjobs import BackgroundJobManager
        def body(file):
            time.sleep(0.3)
            pathlib.Path(file).write_text("done")
        BackgroundJobManager().new(body, sys.argv[1], process=True)
        """,
        str(tmp_path / "file"),
    )
    assert done.communicate(timeout=LONG)[0] == "" and done.returncode == 0
    assert (tmp_path / "file").read_text() == "done"


@linux
def test_the_exit_kills_a_daemon_job_with_all_its_processes(script):
    done = script(
        """
        import sys, time
        from bgjobs import BackgroundJobManager
        sys.path.insert(0, sys.argv[1])
        from test_process import leave_the_family
        job = BackgroundJobManager().new(leave_the_family, process=True, daemon=True)
        while not job.log.lines:
            time.sleep(0.01)
        print(job.log)
        """,
        str(Path(__file__).parent),
    )
    text = done.communicate(timeout=LONG)[0]
    assert done.returncode == 0
    pids = json.loads(text.splitlines()[0])
    until(lambda: not any(lives(pid) for pid in pids))


def test_in_a_kernel_functions_of_cells_run_and_their_output_is_under_the_cell_that_started_them(
    tmp_path,
):
    with kernel() as it:
        it.run("""
            from pathlib import Path
            import time
            from bgjobs import BackgroundJobManager
            jobs = BackgroundJobManager()
            def halve(n):
                return n / 2
            def body(gate):
                while not Path(gate).exists():
                    time.sleep(0.01)
                print("from the process")
                return halve(n)
            n = 42
        """)
        starts = it.run(f"job = jobs.new(body, {str(tmp_path / 'gate')!r}, process=True)")
        it.run(f"Path({str(tmp_path / 'gate')!r}).touch()")
        it.wait_text(starts, "from the process")
        shows = it.run("job.join(); print(job.result, job.log)")
        assert it.text(shows) == "21.0 from the process\n\n"


def test_at_the_prompt_of_ipython_functions_typed_there_run():
    with ipython_prompt() as it:
        it.type("from bgjobs import BackgroundJobManager; jobs = BackgroundJobManager()")
        it.type("half = lambda n: n / 2")
        it.type("job = jobs.new('half(42)', process=True)")
        it.type("job.join()")
        assert "21.0" in it.type("job.result")


def test_ctrl_c_at_a_terminal_leaves_the_job_alone(jobs):
    job = jobs.new(wait_and_tell, process=True)
    until(lambda: "up" in list(job.log))
    assert os.getpgid(job.pid) != os.getpgid(0) and os.getsid(job.pid) != os.getsid(0)
    job.kill()


def test_many_jobs_at_once(jobs):
    made = [jobs.new(lambda n: n * n, n, process=True) for n in range(12)]
    assert [finished(job).result for job in made] == [n * n for n in range(12)]


def test_the_examples_run():
    assert doctest.testmod(process).failed == 0


def test_the_traceback_shows_the_frames_of_the_process_and_none_of_ours() -> None:
    jobs = BackgroundJobManager()
    failed = jobs.new("1 / zero", {"zero": 0}, process=True)
    crashed = jobs.new("__import__('os')._exit(3)", {}, process=True)
    for job in (failed, crashed):
        job.join()
        assert "process.py" not in failures.text_of(job)
    assert 'File "<BackgroundJob compilation>", line 1, in <module>' in failures.text_of(failed)
    assert failures.text_of(crashed).rstrip().endswith("exit status 3 and without a result")


def test_there_is_nothing_to_debug_in_a_job_that_died_in_its_process() -> None:
    job = BackgroundJobManager().new("1 / 0", {}, process=True)
    job.join()
    with pytest.raises(ValueError, match=r"job #0 has left no frames .*jobs\.traceback\(0\)"):
        failures.debug(job)


def test_the_traceback_of_a_stopped_job_shows_none_of_our_frames() -> None:
    jobs = BackgroundJobManager()
    job = jobs.new("print('here', flush=True) or __import__('time').sleep(3600)", {}, process=True)
    next(job.log.follow())
    assert job.stop(timeout=30).stopped
    assert "process.py" not in failures.text_of(job)
