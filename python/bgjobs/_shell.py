"""IPython in a process of a job's: `display`, figures, magics and `!` do there what they do in a cell.

What is displayed goes to the user's process, where `displays.py` shows it. This module is imported there only when the
body asks for IPython.
"""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config


class Publisher(DisplayPublisher):  # type: ignore[misc]
    """Sends what is displayed, and waits until it is shown."""

    connection: Connection
    pid: int
    lock: Any

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        shown = {"data": data, "metadata": metadata or {}, "transient": transient or {}, "update": update}
        if not self._send("publish", shown) and "text/plain" in data:
            print(data["text/plain"])

    def clear_output(self, wait: bool = False) -> None:
        self._send("clear_output", {"wait": wait})

    def _send(self, method: str, arguments: dict[str, Any]) -> bool:
        if os.getpid() != self.pid:
            # A process that the body has forked.
            return False
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with self.lock:
            try:
                self.connection.send((method, arguments))
                self.connection.recv_bytes()
            except (EOFError, OSError):
                return False
        return True


class Shell(InteractiveShell):  # type: ignore[misc]
    """A shell whose names are those of `__main__`; it leaves no trace there, nor in IPython's history."""

    display_pub_class = Type(Publisher)

    def init_user_ns(self) -> None:
        """Adds no names to the body's."""

    def system(self, command: str) -> None:
        """Runs a command. IPython's own goes on with the cell after an interrupt, which here is a stop."""
        words = self.var_expand(command, depth=1)
        status = subprocess.call(words, shell=True, executable=os.environ.get("SHELL"))
        self.user_ns["_exit_code"] = 128 - status if status > 128 else status

    def atexit_operations(self) -> None:
        """Saves the time of tidying up, as all of the process does."""


def start(displays: int) -> Shell:
    """Makes the shell of this process; what is displayed is sent by this descriptor."""
    config = Config()
    config.HistoryManager.enabled = False
    main = sys.modules["__main__"]
    shell: Shell = Shell.instance(config=config, user_module=main)
    vars(main).pop("__builtin__", None)
    publisher: Any = shell.display_pub
    publisher.connection, publisher.pid, publisher.lock = Connection(displays), os.getpid(), threading.Lock()
    builtins.get_ipython = shell.get_ipython  # type: ignore[attr-defined]
    return shell
