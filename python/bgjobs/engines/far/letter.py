"""The letter and the reply: what calls a body, and what became of it, as bytes.

It does not know channels, nor threads.
"""

from __future__ import annotations

import io
import pickle
import sys
import traceback
from _ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from typing import Any, Callable

FILE = "<bgjobs far side>"
"""The file name of this code on a worker."""


def read(letter: bytes) -> Callable[[], Any]:
    """What calls the body of a letter."""
    unpickler = pickle.Unpickler(io.BytesIO(letter))
    try:
        unpickler.load()  # what is called, which the next one refers to
        kind, *parts = unpickler.load()
    except ModuleNotFoundError as error:
        known = (
            ""
            if error.name == "cloudpickle"
            else (f"; cloudpickle.register_pickle_by_value({error.name}) at the prompt sends a module of yours along")
        )
        message = f"the worker has no module {error.name}{known}"
        raise ModuleNotFoundError(message, name=error.name, path=error.path) from error
    import linecache

    for key, lines in unpickler.load()["sources"].items():
        cache: Any = linecache.cache if type(key) is str else linecache._interactive_cache  # type: ignore[attr-defined]
        cache[key] = (sum(map(len, lines)), None, lines, key)
    return lambda: finish(KINDS[kind](*parts))


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def evaluate(expression: str, filename: str, names: dict[str, Any]) -> Any:
    return eval(compile(expression, filename, "eval", PyCF_ALLOW_TOP_LEVEL_AWAIT), names)


def run_cell(
    body: Any,
    last: Any,
    names: dict[str, Any],
    assigns: set[str],
    passing: frozenset[str],
    pythons: set[str],
    fingerprints: str,
) -> tuple[Any, dict[str, Any], list[str]]:
    """Runs a cell; returns its value, what it assigned that can be sent back, and what it changed.

    The rule is that of a cell in a process of its own; `fingerprints` is the text of the module that knows changes.
    """
    import cloudpickle

    module: dict[str, Any] = {"__name__": "bgjobs_fingerprints"}
    exec(compile(fingerprints, FILE, "exec"), module)
    fingerprint = module["fingerprint"]
    names = {"get_ipython": get_ipython, **names}
    own = {**names, "__name__": "__main__"}
    held = {name: fingerprint(value) for name, value in names.items()}
    value = None
    for code in filter(None, (body, last)):
        value = finish(eval(code, own))
    kept = {name for name in names if name in own and own[name] is names[name]}
    changed = {name for name in kept if fingerprint(names[name]) != held[name]}
    found = {}
    for name in own.keys() - pythons - (kept - (changed & assigns)) - {"__name__"}:
        try:
            cloudpickle.dumps(own[name])
        except Exception as error:
            if name not in passing:
                print(f"{name} cannot be sent back from the worker: {error}", file=sys.stderr)
        else:
            found[name] = own[name]
    return value, found, sorted(changed - assigns)


def get_ipython() -> Any:
    """The worker's IPython, which magics and `!` of a cell call."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        raise RuntimeError(
            "magics and ! need IPython, which does not run on this worker: "
            "call subprocess.run, or start the cell without on="
        )
    return shell


KINDS: dict[str, Callable[..., Any]] = {"call": call, "eval": evaluate, "cell": run_cell}


def finish(value: Any) -> Any:
    """A value; a coroutine is run to its end."""
    import types

    if type(value) is not types.CoroutineType:
        return value
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(value)
    finally:
        loop.close()


def reply_of(value: Any) -> bytes:
    header = pickle.dumps(("result", type_name(value), ""), 2)
    try:
        return header + pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:
        # It was defined at a prompt, or can't be sent at all.
        pass
    try:
        import cloudpickle

        return header + bytes(cloudpickle.dumps(value))
    except Exception as error:
        return pickle.dumps(("unsendable", type_name(value), f"{type(error).__name__}: {error}"), 2)


def failed(error: BaseException, kind: str) -> bytes:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == FILE:
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    header = pickle.dumps((kind, type_name(error), text), 2)
    # Some engines have taught pickle to send it.
    error.__traceback__ = None
    if kind == "failure":
        for module in ("pickle", "cloudpickle"):
            try:
                data: bytes = __import__(module).dumps(error)
                if type(pickle.loads(data)) is type(error):
                    return header + data
            except Exception:
                pass
    return header + pickle.dumps(None)


def type_name(value: Any) -> str:
    cls = type(value)
    plain = cls.__module__ in ("builtins", "__main__")
    return cls.__qualname__ if plain else f"{cls.__module__}.{cls.__qualname__}"
