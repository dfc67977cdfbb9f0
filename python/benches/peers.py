"""What a job costs beside the original in a live IPython, `ThreadPoolExecutor` and `threading.Thread`, in one run.

Ratios are taken inside one process, where all peers stand side by side; shown is the median of several processes and
the range, ours to theirs, so less is better. Run it where nothing else does:

    python python/benches/peers.py            # some minutes
    python python/benches/peers.py submit     # one measure; --list names them
    python python/benches/peers.py --processes 3
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PEERS = ("ours", "original", "executor", "thread")

#: What each measure promises: the most that ours may be of a peer, or of a number of its own.
GOALS: dict[str, dict[str, float]] = {
    "submit": {"original": 1 / 35, "executor": 1 / 3.5},
    "cpu": {"original": 1 / 20, "executor": 1 / 3.3},
    "round trip": {"original": 1 / 6, "executor": 0.75},
    "flood": {"original": 1 / 35, "executor": 1 / 3},
    "look, 0 running": {"original": 1 / 3},
    "look, 5000 running": {"original": 1 / 1000},
    "memory": {"original": 1 / 5, "executor": 1 / 3, "itself": 600},
    "dead": {"original": 1 / 200},
    "start 1000 blocked": {"original": 1 / 100},
    "1000 blocked run": {"original": 1 / 2},
    "start 5000 blocked": {"original": 1 / 200},
    "5000 blocked run": {"original": 1 / 10},
    "ctrl-c": {"itself": 5000},
}

UNITS = {"memory": "B"}


# ---- The peers: how each starts a body, and waits for it.


class Manager:
    """A `BackgroundJobManager`, ours or the original's."""

    def __init__(self, module: Any) -> None:
        self.jobs = module.BackgroundJobManager()

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        return self.jobs.new(body, *args)

    def wait(self, job: Any) -> None:
        job.join()


class Executor:
    """A pool of 32 threads, as large as `concurrent.futures` makes one by itself."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(32)

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        return self.pool.submit(body, *args)

    def wait(self, job: Any) -> None:
        job.exception()


class Threads:
    """A thread for each body, and nothing else."""

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        thread = threading.Thread(target=body, args=args)
        thread.start()
        return thread

    def wait(self, job: Any) -> None:
        job.join()


def peer(name: str) -> Any:
    """A new peer by its name."""
    if name == "ours":
        import bgjobs

        return Manager(bgjobs)
    if name == "original":
        from IPython.lib import backgroundjobs

        start_a_shell()
        return Manager(backgroundjobs)
    return Executor() if name == "executor" else Threads()


def start_a_shell() -> None:
    """The original is at its best in a live shell: it then takes that shell's formatter of tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    if not InteractiveShell.initialized():
        config = Config()
        config.HistoryManager.enabled = False
        InteractiveShell.instance(config=config)


def nothing() -> None:
    """The empty body."""


def crash(frames: int = 11) -> None:
    """A body that fails so many frames deep."""
    if frames > 1:
        crash(frames - 1)
    raise ValueError("on purpose")


# ---- The measures: each returns microseconds (or bytes) for each peer that it is about.


def least(measure: Callable[[str], float], names: tuple[str, ...] = PEERS, rounds: int = 5) -> dict[str, float]:
    """The least of some rounds, in which the peers take turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            gc.collect()
            found[name].append(measure(name))
    return {name: min(values) for name, values in found.items()}


def submit() -> dict[str, float]:
    """From the call to its return, with bodies that end at once."""

    def measure(name: str) -> float:
        it, count = peer(name), 300
        began = time.perf_counter()
        jobs = [it.start(nothing) for _ in range(count)]
        took = time.perf_counter() - began
        for job in jobs:
            it.wait(job)
        return took / count * 1e6

    return least(measure)


def cpu() -> dict[str, float]:
    """Processor time for the whole life of an empty job."""

    def measure(name: str) -> float:
        it, count = peer(name), 1000
        began = time.process_time()
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        return (time.process_time() - began) / count * 1e6

    return least(measure)


def round_trip() -> dict[str, float]:
    """Start, and wait for the end: the median of many."""

    def measure(name: str) -> float:
        it, times = peer(name), []
        for _ in range(500):
            began = time.perf_counter()
            it.wait(it.start(nothing))
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    return least(measure)


def flood() -> dict[str, float]:
    """20,000 empty jobs until all have ended; the original gets 2,000, because each costs it more as they grow."""

    def measure(name: str) -> float:
        it, count = peer(name), 20_000 if name in ("ours", "executor") else 2000
        began = time.perf_counter()
        for job in [it.start(nothing) for _ in range(count)]:
            it.wait(job)
        return (time.perf_counter() - began) / count * 1e6

    return least(measure, rounds=3)


def look(running: int) -> dict[str, float]:
    """`_status_new()` with nothing new, as before each prompt."""
    managers = ("ours", "original")
    opened = threading.Event()
    peers = {name: peer(name) for name in managers}
    jobs = {name: [it.start(opened.wait) for _ in range(running)] for name, it in peers.items()}

    def measure(name: str) -> float:
        status_new = peers[name].jobs._status_new
        status_new()
        count = 20_000 if running == 0 or name == "ours" else 200
        began = time.perf_counter()
        for _ in range(count):
            status_new()
        return (time.perf_counter() - began) / count * 1e6

    found = least(measure, managers)
    opened.set()
    for name in managers:
        for job in jobs[name]:
            peers[name].wait(job)
    return found


def blocked(count: int) -> dict[str, dict[str, float]]:
    """As many jobs that wait: the loop that starts them, and until all of them really run."""
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
    """Processor time for a job that fails 11 frames deep."""

    def measure(name: str) -> float:
        it, count = peer(name), 20 if name == "original" else 500
        began = time.process_time()
        for _ in range(count):
            it.wait(it.start(crash))
        return (time.process_time() - began) / count * 1e6

    return least(measure, ("ours", "original", "executor"), rounds=3)


def memory() -> dict[str, float]:
    """Bytes that a finished job keeps while its manager holds it; each peer in a process of its own."""
    found = {}
    for name in PEERS:
        line = f"import peers; print(peers.resident({name!r}))"
        folder = os.path.dirname(os.path.abspath(__file__))
        run = subprocess.run([sys.executable, "-c", line], cwd=folder, capture_output=True, text=True, check=True)
        found[name] = float(run.stdout)
    return found


def resident(name: str, count: int = 20_000) -> float:
    """What the process grows by for each finished job that is kept."""
    it = peer(name)
    kept = [it.start(nothing) for _ in range(2000)]
    for job in kept:
        it.wait(job)
    gc.collect()
    before = pages()
    for _ in range(count // 100):
        some = [it.start(nothing) for _ in range(100)]
        for job in some:
            it.wait(job)
        kept.extend(some)
    gc.collect()
    # The list of ours that holds them is not what is measured.
    return (pages() - before) / count - 8.5


def pages() -> int:
    """The bytes of the process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ctrl_c() -> dict[str, float]:
    """From the signal to `KeyboardInterrupt` in a join."""
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

    return least(measure, ("ours", "original"), rounds=9)


MEASURES: dict[str, Callable[[], dict[str, dict[str, float]]]] = {
    "submit": lambda: {"submit": submit()},
    "cpu": lambda: {"cpu": cpu()},
    "round-trip": lambda: {"round trip": round_trip()},
    "flood": lambda: {"flood": flood()},
    "look": lambda: {"look, 0 running": look(0), "look, 5000 running": look(5000)},
    "memory": lambda: {"memory": memory()},
    "dead": lambda: {"dead": dead()},
    "blocked-1000": lambda: blocked(1000),
    "blocked-5000": lambda: blocked(5000),
    "ctrl-c": lambda: {"ctrl-c": ctrl_c()},
}


# ---- The run and its table.


def in_processes(measure: str, count: int) -> dict[str, list[dict[str, float]]]:
    """What each process finds, by name of the line."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(count):
        run = subprocess.run([sys.executable, __file__, "--inside", measure], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"{measure} failed:\n{run.stderr}")
        for name, values in json.loads(run.stdout.splitlines()[-1]).items():
            found.setdefault(name, []).append(values)
    return found


def shown(name: str, runs: list[dict[str, float]]) -> str:
    """A line of the table."""
    ours = statistics.median(values["ours"] for values in runs)
    cells = [f"{ours:10.2f} {UNITS.get(name, 'µs')}"]
    goals, met = GOALS.get(name, {}), True
    if "itself" in goals:
        met &= ours <= goals["itself"]
    for other in PEERS[1:]:
        ratios = sorted(values["ours"] / values[other] for values in runs if other in values)
        if not ratios:
            cells.append(f"{'':26}")
            continue
        middle = statistics.median(ratios)
        if other in goals:
            met &= middle <= goals[other]
        cells.append(f"{middle:8.4f} ({ratios[0]:.4f}-{ratios[-1]:.4f})".ljust(26))
    wanted = ", ".join(f"{other} {most:.4g}" for other, most in goals.items())
    return f"{name:20} {' '.join(cells)} {'met   ' if met else 'MISSED'} {wanted}"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a job costs beside its peers: ours to theirs, less is better.")
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help="all if none is named")
    parser.add_argument("--processes", type=int, default=5, help="how many processes take each ratio")
    parser.add_argument("--list", action="store_true", help="name the measures")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.list:
        print("\n".join(MEASURES))
    elif options.inside:
        found = MEASURES[options.inside]()
        sys.stdout.flush()
        os.write(1, ("\n" + json.dumps(found) + "\n").encode())
        os._exit(0)
    else:
        unknown = set(options.measures) - set(MEASURES)
        if unknown:
            parser.error(f"no measure {', '.join(sorted(unknown))}; --list names them")
        print(f"{'':20} {'ours':>13} {'to the original':26} {'to the executor':26} {'to a thread':26} goals")
        for measure in options.measures or MEASURES:
            for name, runs in in_processes(measure, options.processes).items():
                print(shown(name, runs), flush=True)


if __name__ == "__main__":
    main()
