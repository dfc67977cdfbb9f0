"""The measures: each finds microseconds, or bytes, for each of its peers.

It does not know how the peers run a function.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from runners import PEERS, peer

#: The peers with lists and notices.
MANAGERS = ("ours", "original")


def nothing() -> None:
    """The empty body."""


def crash(frames: int = 11) -> None:
    """A body that fails this many frames deep."""
    if frames > 1:
        crash(frames - 1)
    raise ValueError("on purpose")


def minimum(measure: Callable[[str], float], names: tuple[str, ...] = PEERS, rounds: int = 5) -> dict[str, float]:
    """The minimum of some rounds, in which the peers take turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            gc.collect()
            found[name].append(measure(name))
    return {name: min(values) for name, values in found.items()}


def submit() -> dict[str, float]:
    """The time of the call, with bodies that end at once."""

    def measure(name: str) -> float:
        it, count = peer(name), 300
        began = time.perf_counter()
        jobs = [it.start(nothing) for _ in range(count)]
        took = time.perf_counter() - began
        for job in jobs:
            it.wait(job)
        return took / count * 1e6

    return minimum(measure)


def cpu() -> dict[str, float]:
    """The processor time of the whole life of an empty job."""

    def measure(name: str) -> float:
        it, count = peer(name), 1000
        began = time.process_time()
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        return (time.process_time() - began) / count * 1e6

    return minimum(measure)


def round_trip() -> dict[str, float]:
    """Starts a job and waits for its end: the median of many."""

    def measure(name: str) -> float:
        it, times = peer(name), []
        for _ in range(500):
            began = time.perf_counter()
            it.wait(it.start(nothing))
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    return minimum(measure)


def flood() -> dict[str, float]:
    """20,000 empty jobs until all have ended; the original gets 2,000, because with more each job costs it more."""

    def measure(name: str) -> float:
        it, count = peer(name), 20_000 if name in ("ours", "executor") else 2000
        began = time.perf_counter()
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        return (time.perf_counter() - began) / count * 1e6

    return minimum(measure, rounds=3)


def pause() -> dict[str, float]:
    """Starts a job and waits for its end, after a pause of 2 ms."""

    def measure(name: str) -> float:
        it, times = peer(name), []
        for _ in range(100):
            time.sleep(0.002)
            began = time.perf_counter()
            it.wait(it.start(nothing))
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    return minimum(measure)


def tree() -> dict[str, float]:
    """1,023 jobs, each of which starts two, until all have run."""
    levels = 10

    def measure(name: str) -> float:
        it, ended = peer(name), threading.Semaphore(0)

        def grow(left: int) -> None:
            if left > 1:
                it.start(grow, left - 1)
                it.start(grow, left - 1)
            ended.release()

        count: int = 2**levels - 1
        began = time.perf_counter()
        it.start(grow, levels)
        for _ in range(count):
            ended.acquire()
        return (time.perf_counter() - began) / count * 1e6

    return minimum(measure, rounds=3)


def look(running: int) -> dict[str, float]:
    """`_status_new()` with nothing new, as before each prompt."""
    opened = threading.Event()
    peers = {name: peer(name) for name in MANAGERS}
    jobs = {name: [it.start(opened.wait) for _ in range(running)] for name, it in peers.items()}

    def measure(name: str) -> float:
        status_new = peers[name].jobs._status_new
        status_new()
        count = 20_000 if running == 0 or name == "ours" else 200
        began = time.perf_counter()
        for _ in range(count):
            status_new()
        return (time.perf_counter() - began) / count * 1e6

    found = minimum(measure, MANAGERS)
    opened.set()
    for name in MANAGERS:
        for job in jobs[name]:
            peers[name].wait(job)
    return found


def report() -> dict[str, float]:
    """`_status_new()` when one job has ended since the last call, with its text."""

    def measure(name: str) -> float:
        it, took, count = peer(name), 0.0, 200
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            for _ in range(count):
                it.wait(it.start(nothing))
                began = time.perf_counter()
                it.jobs._status_new()
                took += time.perf_counter() - began
        assert printed.getvalue().count("Completed jobs:") == count
        return took / count * 1e6

    return minimum(measure, MANAGERS)


def status() -> dict[str, float]:
    """`status()` of 2,000 jobs that have ended, for each job."""
    count = 2000

    def measure(name: str) -> float:
        it = peer(name)
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        it.jobs._status_new()
        with contextlib.redirect_stdout(io.StringIO()):
            began = time.perf_counter()
            it.jobs.status()
            return (time.perf_counter() - began) / count * 1e6

    return minimum(measure, MANAGERS, rounds=3)


def flush() -> dict[str, float]:
    """`flush()` of 2,000 jobs that have ended, for each job."""
    count = 2000

    def measure(name: str) -> float:
        it = peer(name)
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        with contextlib.redirect_stdout(io.StringIO()):
            it.jobs._status_new()
            began = time.perf_counter()
            it.jobs.flush()
            return (time.perf_counter() - began) / count * 1e6

    return minimum(measure, MANAGERS, rounds=3)


def blocked(count: int) -> dict[str, dict[str, float]]:
    """Jobs that block: the loop that starts them, and the time until all of them really run."""
    started, running = {}, {}
    for name in ("ours", "original", "thread"):
        it, opened, entered = peer(name), threading.Event(), threading.Semaphore(0)

        def body(entered: threading.Semaphore = entered, opened: threading.Event = opened) -> None:
            entered.release()
            opened.wait()

        gc.collect()
        began = time.perf_counter()
        jobs = [it.start(body) for _ in range(count)]
        started[name] = (time.perf_counter() - began) / count * 1e6
        for _ in range(count):
            entered.acquire()
        running[name] = (time.perf_counter() - began) / count * 1e6
        opened.set()
        for job in jobs:
            it.wait(job)
    return {f"start {count} blocked": started, f"{count} blocked run": running}


def dead() -> dict[str, float]:
    """The processor time of a job that fails 11 frames deep."""

    def measure(name: str) -> float:
        it, count = peer(name), 20 if name == "original" else 500
        began = time.process_time()
        for _ in range(count):
            it.wait(it.start(crash))
        return (time.process_time() - began) / count * 1e6

    return minimum(measure, ("ours", "original", "executor"), rounds=3)


def memory() -> dict[str, float]:
    """The bytes of a finished job that its manager holds; each peer is measured in its own process."""
    found = {}
    for name in PEERS:
        found[name] = float(_in_new(f"import measures; print(measures.resident({name!r}))"))
    return found


def resident(name: str, count: int = 20_000) -> float:
    """How much the process grows for each finished job that is held."""
    it = peer(name)
    held = [it.start(nothing) for _ in range(2000)]
    for job in held:
        it.wait(job)
    gc.collect()
    before = pages()
    for _ in range(count // 100):
        some = [it.start(nothing) for _ in range(100)]
        for job in some:
            it.wait(job)
        held.extend(some)
    gc.collect()
    # The list above that holds them does not count.
    return (pages() - before) / count - 8.5


def pages() -> int:
    """How many bytes of the process are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ctrl_c() -> dict[str, float]:
    """The time from the signal to `KeyboardInterrupt` in a join."""
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def measure(name: str) -> float:
        it, opened, sent = peer(name), threading.Event(), []

        def interrupt() -> None:
            time.sleep(0.02)
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        job = it.start(opened.wait)
        threading.Thread(target=interrupt).start()
        try:
            it.wait(job)
        except KeyboardInterrupt:
            took = time.perf_counter() - sent[0]
        opened.set()
        return took * 1e6

    return minimum(measure, ("ours", "original"), rounds=9)


def stop() -> dict[str, float]:
    """The time from the request to the verdict for a job that computes; no peer can stop one."""

    def compute() -> None:
        while True:
            pass

    def measure(name: str) -> float:
        job = peer(name).start(compute)
        time.sleep(0.02)
        began = time.perf_counter()
        assert job.stop().stopped
        return (time.perf_counter() - began) * 1e6

    return minimum(measure, ("ours",))


def imports() -> dict[str, float]:
    """The time of `import bgjobs`, once the modules of the standard library that it needs are imported."""
    listed = _in_new("import sys; known = set(sys.modules); import bgjobs; print(*sorted(set(sys.modules) - known))")
    # `typing.io` and `typing.re` are no modules that can be imported.
    needed = [name for name in listed.split() if not name.startswith(("bgjobs", "typing."))]
    return {"ours": _time_of("import bgjobs", after=f"import {', '.join(needed)}")}


def load_ext() -> dict[str, float]:
    """The time of `%load_ext bgjobs` in a new IPython."""
    shell = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
    return {"ours": _time_of("shell.run_line_magic('load_ext', 'bgjobs')", after=shell)}


def _time_of(line: str, *, after: str) -> float:
    """The microseconds of a line in a new Python: the minimum of some."""
    timed = f"{after}; from time import perf_counter; began = perf_counter(); {line}; print(perf_counter() - began)"
    return min(float(_in_new(timed)) for _ in range(5)) * 1e6


def _in_new(line: str) -> str:
    """What a line prints in a new Python."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # With compiled modules, as pip leaves them.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = [sys.executable, "-c", line]
    return subprocess.run(run, cwd=folder, env=variables, capture_output=True, text=True, check=True).stdout


MEASURES: dict[str, Callable[[], dict[str, dict[str, float]]]] = {
    "submit": lambda: {"submit": submit()},
    "cpu": lambda: {"cpu": cpu()},
    "round-trip": lambda: {"round trip": round_trip()},
    "pause": lambda: {"after a pause": pause()},
    "flood": lambda: {"flood": flood()},
    "tree": lambda: {"jobs that start jobs": tree()},
    "look": lambda: {"look, 0 running": look(0), "look, 5000 running": look(5000)},
    "report": lambda: {"look, 1 has ended": report()},
    "status": lambda: {"status": status()},
    "flush": lambda: {"flush": flush()},
    "memory": lambda: {"memory": memory()},
    "dead": lambda: {"dead": dead()},
    "blocked-1000": lambda: blocked(1000),
    "blocked-5000": lambda: blocked(5000),
    "ctrl-c": lambda: {"ctrl-c": ctrl_c()},
    "stop": lambda: {"stop": stop()},
    "import": lambda: {"import bgjobs": imports(), "%load_ext bgjobs": load_ext()},
}
