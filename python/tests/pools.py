"""Executors for the tests of jobs on them, each with two workers, whose bodies run on main threads."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest


def process_pool() -> Any:
    return ProcessPoolExecutor(2)


def loky_pool() -> Any:
    return pytest.importorskip("loky").ProcessPoolExecutor(2)


def mpi_pool() -> Any:
    return pytest.importorskip("mpi4py.futures").MPIPoolExecutor(2)


def executorlib_pool() -> Any:
    # Otherwise it starts a process for each task.
    return pytest.importorskip("executorlib").SingleNodeExecutor(max_workers=2, block_allocation=True)


@contextlib.contextmanager
def parsl_pool() -> Iterator[Any]:
    concurrent = pytest.importorskip("parsl.concurrent")
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    blocks = LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1)
    here = {"address": "127.0.0.1", "loopback_address": "127.0.0.1", "encrypted": False}
    with tempfile.TemporaryDirectory() as folder:
        htex = HighThroughputExecutor(label="htex", max_workers_per_node=2, provider=blocks, **here)
        with concurrent.ParslPoolExecutor(Config(run_dir=folder, executors=[htex], initialize_logging=False)) as pool:
            yield pool


LISTENING: dict[str, Callable[[], Any]] = {"mpi4py": mpi_pool, "executorlib": executorlib_pool, "parsl": parsl_pool}
"""They listen on all interfaces, so they run only where there is none but the loopback; see `alone`."""

POOLS: dict[str, Callable[[], Any]] = {"ProcessPoolExecutor": process_pool, "loky": loky_pool}
if os.environ.get("BGJOBS_ALONE"):
    POOLS.update(LISTENING)


def alone(*command: str) -> list[str]:
    """A command, in a namespace of its own for the network, where there is only the loopback."""
    return ["unshare", "-n", "sh", "-c", 'ip link set lo up && BGJOBS_ALONE=1 exec "$@"', "sh", *command]


def can_be_alone() -> bool:
    """Whether this system and this user can have such a namespace."""
    if not all(map(shutil.which, ("unshare", "ip"))):
        return False
    return subprocess.run(alone("true"), capture_output=True).returncode == 0
