"""What a worker calls: `main` for one task of an engine, `batch` for a batch job of one.

It does not know how a body is interrupted.
"""

from __future__ import annotations

import json
import os
import pickle
import platform
import sys
import threading
from typing import Any

from .body import Body
from .channel import Channel, bodies
from .child import Child
from .dask import Dask
from .folder import Folder
from .ipyparallel import IPyParallel

CHANNELS: dict[str, type[Channel]] = {"folder": Folder, "dask": Dask, "ipyparallel": IPyParallel}


def main(letter: bytes, settings: dict[str, Any]) -> bytes:
    """Runs the body in `letter`, and returns the reply."""
    here = python()
    if here != settings["python"]:
        text = "the worker has Python {} and this is {}: code of one can't run on the other".format(
            here, settings["python"]
        )
        return pickle.dumps(("refused", "", text), 2)
    channel = CHANNELS[settings["channel"]](settings)
    body = (Child if settings["process"] else Body)(channel)
    bodies[settings["task"]] = body
    try:
        before = channel.claim(host())
        return body.run(letter) if before is None else pickle.dumps(("refused", "", before), 2)
    finally:
        bodies.pop(settings["task"], None)
        channel.end()


def batch(base: str) -> None:
    """The life of a batch job: one file has its settings and the letter, another takes the reply."""
    with open(base + ".task", "rb") as file:
        settings, letter = json.loads(file.readline()), file.read()
    sys.modules["__main__"] = type(sys)("__main__")
    reply = main(letter, settings)
    with open(base + ".reply-new", "wb") as file:
        file.write(reply)
    os.replace(base + ".reply-new", base + ".reply")


def python() -> str:
    return "{}.{}".format(*sys.version_info)


def host() -> dict[str, Any]:
    job = os.environ.get("SLURM_JOB_ID")
    return {"host": platform.node(), "pid": os.getpid(), "thread": threading.get_native_id(), "slurm": job}
