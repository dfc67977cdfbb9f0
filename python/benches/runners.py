"""The ways to run a function in the background: how each starts one and waits for it.

It does not know what is measured.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PEERS = ("ours", "original", "executor", "thread")


class Manager:
    """A `BackgroundJobManager`, ours or the original's."""

    def __init__(self, module: Any) -> None:
        self.jobs = module.BackgroundJobManager()

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        return self.jobs.new(body, *args)

    def wait(self, job: Any) -> None:
        job.join()


class Executor:
    """A pool of 32 threads, the largest default of `concurrent.futures`."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(32)

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        return self.pool.submit(body, *args)

    def wait(self, job: Any) -> None:
        job.exception()


class Threads:
    """A thread for each body."""

    def start(self, body: Callable[..., Any], *args: Any) -> Any:
        thread = threading.Thread(target=body, args=args)
        thread.start()
        return thread

    def wait(self, job: Any) -> None:
        job.join()


def peer(name: str) -> Any:
    """A new peer with this name."""
    if name == "ours":
        import bgjobs

        return Manager(bgjobs)
    if name == "original":
        from IPython.lib import backgroundjobs

        start_a_shell()
        return Manager(backgroundjobs)
    return Executor() if name == "executor" else Threads()


def start_a_shell() -> None:
    """The original is fastest in a live shell, because it then uses that shell's formatter of tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    if not InteractiveShell.initialized():
        config = Config()
        config.HistoryManager.enabled = False
        InteractiveShell.instance(config=config)
