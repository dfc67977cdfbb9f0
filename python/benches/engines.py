"""Jobs on engines beside the engines alone: the submit loop and the whole, with bodies of 10 ms.

    python python/benches/engines.py [pool|dask|ipyparallel] [bodies]

prints milliseconds, and ratios in turns: the medians of three. Run it on an idle machine.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import bgjobs


@contextlib.contextmanager
def pool() -> Iterator[tuple[Any, Callable[[Any], object]]]:
    with ProcessPoolExecutor(2) as pool:
        yield pool, lambda futures: [future.result() for future in futures]


@contextlib.contextmanager
def dask() -> Iterator[tuple[Any, Callable[[Any], object]]]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        yield client, client.gather


@contextlib.contextmanager
def ipyparallel() -> Iterator[tuple[Any, Callable[[Any], object]]]:
    import ipyparallel

    with ipyparallel.Cluster(n=2, controller_ip="127.0.0.1", log_level=50) as client:
        yield client.load_balanced_view().executor, lambda futures: [future.result() for future in futures]


ENGINES = {"pool": pool, "dask": dask, "ipyparallel": ipyparallel}


def body(number: int) -> int:
    # ipyparallel sends a function without its module.
    import time

    time.sleep(0.01)
    return number


def measure(submit: Callable[..., Any], wait: Callable[[Any], object], count: int) -> tuple[float, float]:
    """How many milliseconds the submit loop took, and the whole."""
    began = time.perf_counter()
    started = [submit(body, number) for number in range(count)]
    submitted = time.perf_counter()
    wait(started)
    return (submitted - began) * 1000, (time.perf_counter() - began) * 1000


def main(name: str = "pool", bodies: str = "500") -> None:
    warnings.simplefilter("ignore")
    count, ratios = int(bodies), []
    with ENGINES[name]() as (engine, gather):
        jobs = bgjobs.BackgroundJobManager()
        on = jobs.on(engine)
        # Workers start at their first task.
        gather([engine.submit(body, -number) for number in range(1, 5)])
        bgjobs.wait_all([on.submit(body, number) for number in range(4)])
        for turn in range(3):
            alone = measure(lambda *call, turn=turn: engine.submit(*call, **_unlike(name, turn, call)), gather, count)
            ours = measure(on.submit, bgjobs.wait_all, count)
            ratios.append([mine / theirs for mine, theirs in zip(ours, alone)])
            print(f"{name}: alone {alone[0]:.0f} and {alone[1]:.0f} ms, ours {ours[0]:.0f} and {ours[1]:.0f} ms")
    submit, whole = (statistics.median(column) for column in zip(*ratios))
    print(f"{name}: submit loop {submit:.2f} times the engine's (goal 3), all done {whole:.2f} times (goal 1.5)")


def _unlike(name: str, turn: int, call: Any) -> dict[str, Any]:
    """Dask would take equal calls for one."""
    return {"key": f"alone-{turn}-{call[1]}"} if name == "dask" else {}


if __name__ == "__main__":
    main(*sys.argv[1:])
