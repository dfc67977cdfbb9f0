"""How a process with jobs ends, forks and is interrupted; each test runs in its own process.

A script prints by writing to the file descriptor, so that nothing depends on where a job's output goes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

#: How many seconds a process may take; only one that hangs takes that long.
DEADLINE = 60.0

PRELUDE = """
import os, sys, threading, time
from bgjobs import BackgroundJobBase, BackgroundJobManager
jobs = BackgroundJobManager()

def say(text):
    os.write(1, (text + "\\n").encode())

def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.001)

class Gate:
    def __init__(self):
        self.entered, self.opened = threading.Semaphore(0), threading.Event()
    def __call__(self):
        self.entered.release()
        assert self.opened.wait(30)
        return "passed"
    def wait_for_entry(self):
        assert self.entered.acquire(timeout=30)
"""

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the script in a process, to its end."""
    return subprocess.run(
        [sys.executable, *options, "-c", PRELUDE + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def check(script: str, *expected: str, code: int = 0, options: tuple[str, ...] = ()) -> None:
    """Checks that the script prints these lines and nothing to stderr, and ends with this code."""
    ended = run(script, *options)
    assert (ended.stdout.splitlines(), ended.stderr, ended.returncode) == (list(expected), "", code)


# ---- The end of the interpreter


def test_the_exit_waits_for_jobs_that_their_options_keep() -> None:
    ended = run(
        """
        jobs.new(say, "delayed", delay=0.05)
        jobs.group("paused").pause()
        jobs.new(say, "paused", group="paused")
        jobs.new(say, "after", after=jobs.new(time.sleep, 0.01))
        jobs.map(say, ["first", "second", "third"], limit=1)
        answers = iter(["no route", "no answer"])
        def fetch():
            for answer in answers:
                raise OSError(answer)
            say("fetched")
        jobs.new(fetch, retry=3, backoff=0.001)
        def spin():
            while True:
                time.sleep(0.001)
        jobs.new(spin, time_limit=0.05)
        jobs.new(say, "never", delay=3600, daemon=True)
        """
    )
    said = ["after", "delayed", "fetched", "first", "paused", "second", "third"]
    assert (sorted(ended.stdout.splitlines()), ended.returncode, ended.stderr) == (said, 0, "")


def test_a_job_may_start_one_with_a_delay_while_the_interpreter_ends() -> None:
    check(
        """
        def start():
            until(lambda: not threading.main_thread().is_alive())
            jobs.new(say, "late", delay=0.01)
        jobs.new(start)
        """,
        "late",
    )


def test_a_daemon_job_that_spins_is_cut_off() -> None:
    check(
        """
        gate = Gate()
        def spin():
            gate.entered.release()
            while True:
                pass
        jobs.new(spin, daemon=True)
        gate.wait_for_entry()
        say("leaving")
        """,
        "leaving",
    )


def test_daemon_jobs_in_short_sleeps_are_cut_off() -> None:
    check(
        """
        gate = Gate()
        def nap():
            gate.entered.release()
            while True:
                time.sleep(0.0005)
        for _ in range(20):
            jobs.new(nap, daemon=True)
        for _ in range(20):
            gate.wait_for_entry()
        say("leaving")
        """,
        "leaving",
    )


def test_daemon_jobs_that_end_while_the_interpreter_does_are_cut_off() -> None:
    check(
        """
        for number in range(100):
            jobs.new(time.sleep, number / 1000, daemon=True)
        say("leaving")
        """,
        "leaving",
    )


def test_the_exit_does_not_wait_for_a_daemon_job_in_a_long_sleep() -> None:
    check("jobs.new(time.sleep, 1000, daemon=True)")


def test_a_daemon_job_that_waits_for_a_lock_is_cut_off() -> None:
    check(
        """
        lock = threading.Lock()
        lock.acquire()
        jobs.new(lock.acquire, daemon=True)
        """
    )


def test_a_daemon_job_that_joins_another_is_cut_off() -> None:
    check(
        """
        first = jobs.new(time.sleep, 1000, daemon=True)
        jobs.new(first.join, daemon=True)
        """
    )


def test_the_exit_waits_for_running_jobs() -> None:
    check(
        """
        def body():
            time.sleep(0.2)
            say("done")
        for _ in range(30):
            jobs.new(body)
        """,
        *["done"] * 30,
    )


def test_the_exit_waits_for_the_jobs_of_all_managers_even_of_collected_ones() -> None:
    check(
        """
        def body():
            time.sleep(0.2)
            say("done")
        other = BackgroundJobManager()
        jobs.new(body), other.new(body)
        del other
        """,
        "done",
        "done",
    )


def test_the_exit_waits_for_a_job_that_was_started_without_a_manager() -> None:
    check(
        """
        class Mine(BackgroundJobBase):
            strform = "mine"
            def __init__(self):
                self._init()
            def call(self):
                time.sleep(0.2)
                say("done")
        Mine().start()
        """,
        "done",
    )


def test_the_exit_waits_for_a_job_that_fails() -> None:
    ended = run("jobs.new(lambda: (time.sleep(0.2), say('failing'), 1 / 0))")
    assert (ended.stdout, ended.returncode) == ("failing\n", 0)
    assert ended.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_job_that_raises_system_exit_does_not_change_the_exit_code() -> None:
    check("jobs.new(lambda: (time.sleep(0.2), say('exiting'), sys.exit(7)))", "exiting")


def test_idle_workers_end_silently() -> None:
    check(
        """
        for job in [jobs.new(time.sleep, 0.01) for _ in range(20)]:
            job.join()
        say("leaving")
        """,
        "leaving",
        options=("-X", "dev"),
    )


def test_a_process_without_jobs_ends_silently() -> None:
    check("say('leaving')", "leaving", options=("-X", "dev"))


def test_the_exit_code_is_that_of_the_main_thread_after_the_jobs() -> None:
    check("jobs.new(lambda: (time.sleep(0.2), say('done')));  sys.exit(3)", "done", code=3)


def test_the_exit_after_an_exception_waits_for_the_jobs() -> None:
    ended = run("jobs.new(lambda: (time.sleep(0.2), say('done')))\nraise ValueError('main')")
    assert (ended.stdout, ended.returncode) == ("done\n", 1)
    assert ended.stderr.endswith("ValueError: main\n")


def test_an_immediate_exit_waits_for_no_job() -> None:
    check("jobs.new(time.sleep, 1000); os._exit(5)", code=5)


def test_a_job_may_start_jobs_while_the_interpreter_waits_for_it() -> None:
    check(
        """
        def body(level):
            time.sleep(0.05)
            say(f"level {level}")
            if level:
                jobs.new(body, level - 1)
        jobs.new(body, 3)
        """,
        "level 3",
        "level 2",
        "level 1",
        "level 0",
    )


def test_a_job_may_wait_for_jobs_that_it_starts_during_the_exit() -> None:
    check(
        """
        def body():
            time.sleep(0.1)
            inner = [jobs.new(time.sleep, 0.05) for _ in range(5)]
            for job in inner:
                job.join()
            say(str([job.status for job in inner]))
        jobs.new(body)
        """,
        str(["Completed"] * 5),
    )


def test_a_job_may_wait_for_the_end_of_the_main_thread() -> None:
    check(
        """
        def body():
            threading.main_thread().join()
            say("after the main thread")
        jobs.new(body)
        say("leaving")
        """,
        "leaving",
        "after the main thread",
    )


def test_during_the_exit_an_executor_refuses_a_job_as_it_refuses_a_thread() -> None:
    check(
        """
        from concurrent.futures import ThreadPoolExecutor
        def body():
            threading.main_thread().join()
            try:
                with ThreadPoolExecutor() as pool:
                    say(str(pool.submit(pow, 2, 3).result()))
            except RuntimeError:
                say("refused")
        jobs.new(body)
        """,
        "refused",
    )


def test_a_thread_that_outlives_the_main_thread_may_start_jobs() -> None:
    ended = run(
        """
        def body():
            time.sleep(0.2)
            try:
                job = jobs.new(say, "a job")
                job.join()
                say(job.status)
            except RuntimeError:
                say("refused")
        threading.Thread(target=body).start()
        """
    )
    # From 3.12 on Python starts no thread once the interpreter has begun to end.
    assert ended.stdout in ("a job\nCompleted\n", "refused\n")
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_a_job_started_by_an_exit_handler_runs_or_is_refused() -> None:
    ended = run(
        """
        import atexit
        @atexit.register
        def handler():
            try:
                job = jobs.new(say, "a job")
                job.join()
                say(job.status)
            except RuntimeError:
                say("refused")
        jobs.new(time.sleep, 0.1)
        """
    )
    assert ended.stdout in ("a job\nCompleted\n", "refused\n")
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_an_exit_handler_finds_all_jobs_ended() -> None:
    check(
        """
        import atexit
        atexit.register(lambda: say(f"{len(jobs.running)} running, {len(jobs.completed)} completed"))
        for _ in range(5):
            jobs.new(time.sleep, 0.1)
        """,
        "0 running, 5 completed",
    )


def test_ctrl_c_while_the_interpreter_waits_for_jobs_ends_the_wait() -> None:
    script = """
        gate = Gate()
        jobs.new(gate)
        gate.wait_for_entry()
        def tell():
            main = threading.main_thread().ident
            until(lambda: any("shutdown" in name for name in names(sys._current_frames()[main])))
            say("leaving")
        def names(frame):
            while frame:
                yield frame.f_code.co_name
                frame = frame.f_back
        threading.Thread(target=tell, daemon=True).start()
        """
    with started(script) as process:
        assert process.stdout.readline() == "leaving\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
        assert (process.returncode, errors) == (0, "Cut off job #0 (<Gate>()).\n")


def started(script: str) -> subprocess.Popen[str]:
    """Starts a process that runs the script."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# ---- Fork


@forks
def test_the_child_of_a_fork_has_no_running_jobs_and_may_start_new_ones() -> None:
    check(
        """
        gate = Gate()
        job, idle = jobs.new(gate), jobs.new(int)
        gate.wait_for_entry()
        idle.join()
        child = os.fork()
        if child == 0:
            say(f"child: {job.is_alive()} {job.stat_code} {job in threading.enumerate()}")
            job.join()
            made = jobs.new(lambda: "made in the child")
            made.join()
            say(f"child: {made.result} {made.is_alive()}")
            sys.exit(4)
        say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        say(f"parent: {job.is_alive()} {job.stat_code}")
        gate.opened.set()
        job.join()
        say(f"parent: {job.result}")
        """,
        "child: False 1 False",
        "child: made in the child False",
        "4",
        "parent: True 1",
        "parent: passed",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_the_child_of_a_fork_leaves_jobs_that_wait_to_its_parent_and_has_its_own() -> None:
    check(
        """
        late = jobs.new(say, "late", delay=3600)
        net = jobs.group("net", limit=1)
        gate = Gate()
        running, waiting = net.submit(gate), net.submit(say, "parent")
        gate.wait_for_entry()
        child = os.fork()
        if not child:
            own = BackgroundJobManager()
            own.new(say, "child", delay=0.01, group="net").join()
            own.new(time.sleep, 0.001, after=own.new(say, "first"), time_limit=60)
            sys.exit(0)
        os.waitpid(child, 0)
        gate.opened.set()
        waiting.join()
        late.stop()
        """,
        "child",
        "first",
        "parent",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_the_child_of_a_fork_waits_for_its_own_jobs() -> None:
    check(
        """
        gate = Gate()
        jobs.new(gate)
        gate.wait_for_entry()
        child = os.fork()
        if child == 0:
            jobs.new(lambda: (time.sleep(0.2), say("child: done")))
        else:
            say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
            gate.opened.set()
        """,
        "child: done",
        "0",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_a_job_may_fork() -> None:
    check(
        """
        def body():
            child = os.fork()
            if child == 0:
                inner = jobs.new(lambda: "in the child")
                inner.join()
                say(inner.result)
                os._exit(6)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        job = jobs.new(body)
        job.join()
        say(str(job.result))
        """,
        "in the child",
        "6",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_a_job_that_forks_and_returns_ends_in_both_processes() -> None:
    check(
        """
        job = jobs.new(os.fork)
        job.join()
        until(lambda: os.waitpid(job.result, os.WNOHANG)[0])
        say(job.status)
        """,
        "Completed",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_forks_of_forks_have_their_own_jobs() -> None:
    check(
        """
        def descend(level):
            job = jobs.new(lambda: level)
            job.join()
            say(f"{job.num}: {job.result}")
            if level == 0:
                return
            child = os.fork()
            if child == 0:
                descend(level - 1)
                os._exit(0)
            os.waitpid(child, 0)
        descend(3)
        """,
        "0: 3",
        "1: 2",
        "2: 1",
        "3: 0",
        options=("-W", "ignore::DeprecationWarning"),
    )


def test_no_step_of_a_job_lets_another_thread_run_not_even_the_first_of_its_kind() -> None:
    # A fork at that moment would leave something half initialized in the child, without the thread that was at it.
    check(
        """
        import _thread, gc
        from functools import partial
        from bgjobs import _core

        turns = [0]
        def turn():
            while True:
                turns[0] += 1

        table, lock = _core.Table(), _thread.allocate_lock()
        lock.acquire()
        worker, subscriber = _core.WorkerPool(int, 1.0).worker(), table.subscribe()
        refuses = _core.WorkerPool(partial(int, "no thread"), 1.0)
        pool = _core.WorkerPool(int, 1.0)

        steps = []
        for end in ("done", "failed", "stopped"):
            job, error = _core.JobCore(), ValueError()
            state = partial(getattr, job, "_state")
            steps += [state, partial(pool.enter, job, table, False), state, partial(job._await, "begin", lock)]
            steps += [partial(pool.push, job), partial(worker.begin, job), state]
            if end == "stopped":
                steps += [partial(job._ask_stop, "no more")]
            die = partial(job._die, error, ValueError if end == "stopped" else KeyError)
            steps += [partial(job._complete, None) if end == "done" else die, state]
        unbegun = _core.JobCore()
        steps += [partial(pool.enter, unbegun, table, False), partial(unbegun._ask_stop, "no more")]
        steps += [partial(table.running), partial(subscriber.drain), partial(refuses.push, unbegun)]
        steps += [partial([_core.JobCore()].clear)]
        options = dict.fromkeys(("group", "delay", "after", "time_limit", "log_bytes", "log_file"))
        options.update(daemon=False, priority=0, group="net", time_limit=60.0, after=[])
        waiting, group = _core.JobCore(), _core.Group(table, "net")
        steps += [partial(pool.enter, waiting, table, False, _core.Options(**options))]
        steps += [partial(_core.take_due, waiting), partial(_core.next_due), partial(_core.held_jobs)]
        steps += [partial(worker.begin, waiting), partial(_core.why, waiting)]
        steps += [partial(_core.begin_wait, waiting, [unbegun], 1, True), partial(waiting._end_wait, True, lock)]
        steps += [partial(group.pause, True), partial(waiting._complete, None)]
        steps += [partial(_core.take_all_due), partial(_core.resume_all)]

        # All in one call of C, between whose parts nobody else gets a turn, while the other thread asks for one.
        ask, look = partial(sum, range(30_000)), partial(turns.__getitem__, 0)
        calls = [call for step in steps for call in (ask, look, step, look)]
        threading.Thread(target=turn, daemon=True).start()
        gc.disable()
        sys.setswitchinterval(1e-6)
        seen = list(map(partial.__call__, calls))
        say(str([step for number, step in enumerate(steps) if seen[4 * number + 1] != seen[4 * number + 3]]))
        os._exit(0)
        """,
        "[]",
    )


@forks
def test_the_child_of_a_fork_does_not_monitor_its_parents_prompt() -> None:
    check(
        """
        from bgjobs import stalls, workers
        monitor = stalls.StallMonitor(say)
        workers.on_start = monitor.add
        # As if another thread had just started a job.
        monitor._lock.acquire()
        child = os.fork()
        if child == 0:
            jobs.new(int).join()
            os._exit(4)
        say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        """,
        "4",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
def test_a_fork_while_other_threads_start_jobs_leaves_no_lock_held() -> None:
    check(
        """
        stop = threading.Event()
        def start():
            while not stop.is_set():
                jobs.new(int).join()
        busy = [threading.Thread(target=start) for _ in range(3)]
        for thread in busy:
            thread.start()
        codes = []
        for _ in range(30):
            child = os.fork()
            if child == 0:
                import faulthandler
                faulthandler.dump_traceback_later(20, exit=True)
                job = jobs.new(int)
                job.join()
                jobs.running, jobs.completed
                os._exit(0 if job.result == 0 else 1)
            codes.append(os.waitpid(child, 0)[1])
        stop.set()
        for thread in busy:
            thread.join()
        say(str(set(codes)))
        """,
        "{0}",
        options=("-W", "ignore::DeprecationWarning"),
    )


@forks
@pytest.mark.parametrize(
    "where", ["target()", "job = jobs.new(target); job.join(); assert job.finished, job.traceback()"]
)
def test_a_forked_process_of_multiprocessing_has_jobs(where: str) -> None:
    check(
        f"""
        import multiprocessing
        gate = Gate()
        held = jobs.new(gate)
        gate.wait_for_entry()
        def body():
            job = jobs.new(lambda: "in the child")
            job.join()
            say(job.result)
        def target():
            process = multiprocessing.get_context("fork").Process(target=body)
            process.start()
            process.join()
            say(str(process.exitcode))
        {where}
        gate.opened.set()
        """,
        "in the child",
        "0",
        options=("-W", "ignore::DeprecationWarning"),
    )


def test_a_spawned_process_of_multiprocessing_is_unaffected() -> None:
    check(
        """
        import multiprocessing
        def target():
            process = multiprocessing.get_context("spawn").Process(target=int)
            process.start()
            process.join()
            return process.exitcode
        job = jobs.new(target)
        job.join()
        say(str(job.result))
        """,
        "0",
    )


def test_a_job_may_run_programs() -> None:
    check(
        """
        import subprocess
        program = [sys.executable, "-c", "print('a program')"]
        job = jobs.new(subprocess.run, program, kw={"capture_output": True, "text": True})
        job.join()
        say(job.result.stdout.strip())
        """,
        "a program",
    )


# ---- Ctrl-C

INTERRUPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
main = threading.main_thread().ident

def interrupt_in(function):
    def names(frame):
        while frame:
            yield frame.f_code.co_name
            frame = frame.f_back
    def interrupt():
        until(lambda: function in names(sys._current_frames()[main]))
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt).start()
"""


@pytest.mark.parametrize("timeout", ["", "1000"])
def test_ctrl_c_in_a_join_leaves_the_job_as_it_is(timeout: str) -> None:
    script = f"""
gate = Gate()
job = jobs.new(gate)
for _ in range(3):
    interrupt_in("join")
    try:
        job.join({timeout})
        say("not interrupted")
    except KeyboardInterrupt:
        say(f"interrupted: {{job.is_alive()}} {{job.status}} {{job.finished}} {{len(jobs.running)}}")
gate.opened.set()
job.join({timeout})
say(f"{{job.is_alive()}} {{job.status}} {{job.result}}")
"""
    check(INTERRUPT + script, *["interrupted: True Running False 1"] * 3, "False Completed passed")


def test_ctrl_c_goes_to_the_prompt_and_not_to_the_jobs() -> None:
    script = """
gate = Gate()
held = [jobs.new(gate) for _ in range(5)]
for _ in held:
    gate.wait_for_entry()
interrupt_in("wait_here")
def wait_here():
    while True:
        time.sleep(0.01)
try:
    wait_here()
except KeyboardInterrupt:
    say("interrupted")
gate.opened.set()
for job in held:
    job.join()
say(str({job.status for job in held}))
"""
    check(INTERRUPT + script, "interrupted", "{'Completed'}")


# ---- What one job leaves on its thread


def each_sees(before: str, change: str, expected: str) -> Callable[[], None]:
    """A test that runs 20 jobs in turn: each sees `before` as the first did, and then changes it."""

    def test() -> None:
        check(
            f"""
            import asyncio, contextvars, decimal, warnings
            warnings.simplefilter("ignore")
            variable, local = contextvars.ContextVar("variable"), threading.local()
            loops = []
            def new_event_loop():
                loops.append(asyncio.new_event_loop())
                return loops[-1]
            def event_loop():
                try:
                    return asyncio.get_event_loop_policy().get_event_loop()
                except RuntimeError:
                    return None
            class Count(threading.local):
                def __init__(self):
                    self.value = 0
            count = Count()
            def body(number):
                seen = {before}
                {change}
                return seen
            seen = []
            for number in range(20):
                job = jobs.new(body, number)
                job.join()
                seen.append(job.result)
            for loop in loops:
                loop.close()
            say(str(seen == [{expected}] * 20) if seen == [{expected}] * 20 else str(seen))
            """,
            "True",
        )

    return test


test_a_context_variable_is_not_left_to_the_next_job = each_sees("variable.get(None)", "variable.set(number)", "None")
test_a_decimal_context_is_not_left_to_the_next_job = each_sees(
    "decimal.getcontext().prec", "decimal.getcontext().prec = 5", "28"
)
test_a_thread_local_is_not_left_to_the_next_job = each_sees(
    "getattr(local, 'value', None)", "local.value = number", "None"
)
test_a_thread_local_with_a_constructor_is_made_anew_for_the_next_job = each_sees("count.value", "count.value = 9", "0")
test_an_event_loop_is_not_left_to_the_next_job = each_sees(
    "event_loop()", "asyncio.set_event_loop(new_event_loop())", "None"
)
test_a_trace_function_is_not_left_to_the_next_job = each_sees(
    "sys.gettrace()", "sys.settrace(lambda *event: None)", "None"
)
test_a_profile_function_is_not_left_to_the_next_job = each_sees(
    "sys.getprofile()", "sys.setprofile(lambda *event: None)", "None"
)


def test_a_destructor_of_a_thread_local_leaves_nothing_to_the_next_job() -> None:
    check(
        """
        local = threading.local()
        class Leaves:
            def __del__(self):
                local.left = "by the destructor"
        def body():
            seen = getattr(local, "left", None)
            local.value = Leaves()
            return seen
        for _ in range(5):
            job = jobs.new(body)
            job.join()
            say(str(job.result))
        """,
        *["None"] * 5,
    )


def test_a_thread_local_dies_on_the_thread_of_its_job() -> None:
    check(
        """
        local, died = threading.local(), []
        class Value:
            def __del__(self):
                died.append(threading.get_native_id())
        def body():
            local.value = Value()
            return threading.get_native_id()
        job = jobs.new(body)
        until(lambda: died)
        say(str(died == [job.result]))
        """,
        "True",
    )


def test_the_thread_locals_of_the_other_threads_stay() -> None:
    check(
        """
        local, gate = threading.local(), Gate()
        local.value = "of the main thread"
        def keeps():
            local.value = "of the job"
            gate()
            return local.value
        job = jobs.new(keeps)
        gate.wait_for_entry()
        for _ in range(5):
            jobs.new(setattr, local, "value", "of another job").join()
        gate.opened.set()
        job.join()
        say(local.value)
        say(job.result)
        """,
        "of the main thread",
        "of the job",
    )


def test_a_daemon_job_whose_thread_local_never_dies_is_cut_off() -> None:
    # In this destructor the thread asks for the interpreter while that ends.
    check(
        """
        local, gate = threading.local(), Gate()
        class Endless:
            def __del__(self):
                gate.entered.release()
                while True:
                    time.sleep(0.0005)
        def body():
            local.value = Endless()
        for _ in range(10):
            jobs.new(body, daemon=True)
        for _ in range(10):
            gate.wait_for_entry()
        say("leaving")
        """,
        "leaving",
    )


# ---- The threads that jobs share


def test_jobs_that_follow_one_another_share_a_thread() -> None:
    check(
        """
        def turn():
            job = jobs.new(threading.get_native_id)
            job.join()
            until(workers._pool.idle)
            return job.result
        from bgjobs import workers
        say(str(len({turn() for _ in range(20)})))
        """,
        "1",
    )


def test_where_thread_locals_cannot_be_cleared_each_job_has_a_thread_of_its_own() -> None:
    check(
        """
        from bgjobs import thread_locals
        thread_locals.of_new_thread = lambda: None
        local = threading.local()
        def body():
            seen, local.value = hasattr(local, "value"), True
            return seen
        seen = []
        for _ in range(20):
            job = jobs.new(body)
            job.join()
            seen.append(job.result)
        say(str(any(seen)))
        """,
        "False",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="asks the C library in its own way")
def test_a_job_has_a_stack_of_the_size_that_was_set_before_its_start() -> None:
    check(
        """
        import ctypes
        from bgjobs import workers
        def stack():
            library, size = ctypes.CDLL(None), ctypes.c_size_t()
            attributes = ctypes.create_string_buffer(256)
            assert library.pthread_getattr_np(ctypes.c_void_p(threading.get_ident()), attributes) == 0
            library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
            return size.value // 2**20
        for size in (8, 64, 64, 16):
            threading.stack_size(size * 2**20)
            job = jobs.new(stack)
            job.join()
            say(str(job.result))
            until(workers._pool.idle)
        """,
        "8",
        "64",
        "64",
        "16",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the process")
def test_a_job_whose_worker_gets_no_thread_with_the_new_stack_runs_on_the_old_one() -> None:
    check(
        """
        import resource
        from bgjobs import workers
        first = jobs.new(threading.get_native_id)
        first.join()
        until(workers._pool.idle)
        threading.stack_size(2**37)
        resource.setrlimit(resource.RLIMIT_AS, (2**36, 2**36))
        job = jobs.new(threading.get_native_id)
        job.join()
        say(str(job.result == first.result))
        threading.stack_size(0)
        """,
        "True",
    )
