"""The far side of a job in a process of its own; `remote.py` is the near side, and `kept.py` that of a kept job.

    the user's process  --starts-->  supervisor  --forks-->  worker  --starts-->  any other process

The worker runs the body. The supervisor runs no code of the user's: it is the engine's, and does not leave before the
worker and all its offspring are gone.

This file is run by its path, and imports neither the package nor any module that a body may not need, because its start
is part of every job's time. Its standard input is the engine's socket. Beside that the two sides share three files:

    payload   what to set up, what to run, and what the body finds when it runs (three pickles)
    reply     the result or the failure (a mark that it is complete, a header, a value)
    reports   how far the body is (see `child_reports.py`)
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # this file's directory: the package's modules must not hide others of the same name

import pickle
import signal
import types
from _ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any, BinaryIO


KEPT = "--kept"
"""The word that starts the body of a kept job, which has no supervisor here, and no near side."""

reports: int | None = None
"""The descriptor of the file for reports, in a worker."""


def main() -> None:
    global reports
    # The package, if the body imports it, finds the descriptor here.
    here = sys.modules["bgjobs._child"] = sys.modules["__main__"]
    if sys.argv[1] == KEPT:
        alone("_kept").run(here, os.environ["BGJOBS_JOB"])
    engine, fds = sys.argv[1], [int(word) for word in sys.argv[2:]]
    for fd in fds:
        os.set_inheritable(fd, False)
    supervisor = load(engine).Supervisor()
    nothing = os.open(os.devnull, os.O_RDWR)
    worker = os.fork()
    if worker:
        try:
            for fd in fds:
                os.close(fd)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            supervise(supervisor, worker)
        finally:
            os._exit(0)
    os.setsid()
    supervisor.leave()
    os.dup2(nothing, 0)
    os.close(nothing)
    payload, reply, reports, *displays = fds
    work(payload, lambda *ended: answer(reply, *ended), *displays)


def load(engine: str) -> Any:
    """The engine's part for supervisors, which is in the same file as the package's."""
    import _imp
    from _frozen_importlib import ModuleSpec

    module = _imp.create_dynamic(ModuleSpec("_supervisor", None, origin=engine))
    _imp.exec_dynamic(module)
    return module


def supervise(supervisor: Any, worker: int) -> None:
    """Waits until the worker and its offspring have ended; SIGTERM ends them, as the end of the user's process does."""
    alarm = supervisor.alarm()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    supervisor.attend(worker)


# The worker


class Before:
    """Imports a module before any of those that it watches."""

    def __init__(self, module: str, watched: Container[str]) -> None:
        self.module = module
        self.watched = watched

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.watched:
            return None
        sys.meta_path.remove(self)
        import importlib.util

        importlib.import_module(self.module)
        return importlib.util.find_spec(name)


def work(payload: int, tell: Callable[[Any, BaseException | None], None], displays: int | None = None) -> None:
    """Runs the body, and tells its value or its failure."""
    me = os.getpid()
    ipython = None if displays is None else IPython(displays)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    value = failure = None
    try:
        with open(payload, "rb") as stream:
            unpickler = pickle.Unpickler(stream)
            prepare(**unpickler.load())
            kind, *parts = unpickler.load()
            furnish(**unpickler.load())
        value = call(*parts) if kind == "call" else evaluate(*parts)
        if type(value) is types.CoroutineType:
            from bgjobs.event_loop import Loop

            value = Loop().run(value)
    except BaseException as error:
        failure = error
    if ipython is not None:
        ipython.end_cell()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getpid() != me:
        # This is a child that the body has forked: it ends like a script.
        if failure is not None:
            raise failure
        return
    tell(value, failure)
    leave(0 if failure is None else 1)


def leave(status: int) -> None:
    """Ends this process as a script ends, but without tearing down its modules, which takes long."""
    import atexit

    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the body has closed or replaced it
    os._exit(status)


def prepare(
    path: list[str],
    argv: list[str],
    cwd: str | None,
    main: dict[str, Any],
    limits: dict[str, Any],
    filters: list[tuple[Any, ...]],
    before: tuple[str, Container[str]],
) -> None:
    """Makes this process look to the body like the one that the job was started in."""
    sys.path[:] = path
    sys.argv[:] = argv
    # This file must not be found under that name.
    sys.modules["__main__"] = type(sys)("__main__")
    vars(sys.modules["__main__"]).update(main)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    import faulthandler
    import warnings

    faulthandler.enable()
    for setter, value in limits.items():
        getattr(sys, setter)(value)
    warnings.filters[:] = [  # type: ignore[index]
        (action, text, named(*kind) if type(kind) is tuple else kind, *where) for action, text, kind, *where in filters
    ]
    if cwd is not None:
        os.chdir(cwd)
    sys.meta_path.insert(0, Before(*before))


def named(module: str, name: str) -> Any:
    """A category of warnings, known by its name: code that warns of it has imported its module."""

    class Category(type):
        def __subclasscheck__(cls, kind: type) -> bool:
            return any((base.__module__, base.__qualname__) == (module, name) for base in kind.__mro__)

    return Category(name, (), {})


def furnish(names: dict[str, Any], sources: dict[Any, list[str]], loggers: list[Any], start_method: str | None) -> None:
    """Provides what the body finds by itself: names of `__main__`, lines of code that is in no file, settings."""
    vars(sys.modules["__main__"]).update(names)
    if sources:
        import linecache

        for key, lines in sources.items():
            cache: Any = linecache.cache if type(key) is str else linecache._interactive_cache  # type: ignore[attr-defined]
            cache[key] = (sum(map(len, lines)), None, lines, key)
    if loggers:
        import logging

        for name, level, propagates, is_disabled, handlers in loggers:
            logger = logging.getLogger(name)
            logger.level, logger.propagate, logger.disabled = level, propagates, is_disabled
            for stream, least, formatter, its_filters in handlers:
                handler = logging.StreamHandler(getattr(sys, stream))
                handler.level, handler.formatter, handler.filters = least, formatter, its_filters
                logger.addHandler(handler)
    if start_method is not None:
        import multiprocessing

        multiprocessing.set_start_method(start_method)


class IPython:
    """Has the body find IPython as a cell does, once it asks for it: by import, `display`, a magic or `!`."""

    def __init__(self, displays: int) -> None:
        import builtins

        self.displays = displays
        self.shell: Any = None
        sys.meta_path.insert(0, self)
        vars(builtins).update(get_ipython=self.get_ipython, display=self.display)

    def get_ipython(self) -> Any:
        import IPython

        return IPython.get_ipython()

    def display(self, *values: Any, **options: Any) -> Any:
        from IPython.display import display

        return display(*values, **options)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "IPython":
            return None
        sys.meta_path.remove(self)
        from bgjobs import imports

        return imports.spec_with(name, self.start)

    def start(self, _: Any) -> None:
        from bgjobs import _shell

        self.shell = _shell.start(self.displays)

    def end_cell(self) -> None:
        """Shows the figures that are left, as IPython does at the end of a cell."""
        if self.shell is not None:
            self.shell.events.trigger("post_execute")


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def evaluate(expression: str, filename: str, names: dict[str, Any]) -> Any:
    return eval(compile(expression, filename, "eval", PyCF_ALLOW_TOP_LEVEL_AWAIT), names)


def answer(reply: int, value: Any, failure: BaseException | None) -> None:
    """Writes the reply of a job's process."""
    with open(reply, "w+b") as file:
        file.write(b"?")
        if failure is not None:
            send_failure(file, failure)
        else:
            send_result(file, value)
        file.flush()
        file.seek(0)
        file.write(b"!")


def send_result(file: BinaryIO, value: Any) -> str | None:
    """Returns the reason if it can't be sent."""
    begin = file.tell()
    pickle.dump(("result", type_name(value), ""), file)
    start = file.tell()
    for way in WAYS:
        try:
            way(value, file)
            return None
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            file.seek(start)
            file.truncate()
    file.seek(begin)
    file.truncate()
    pickle.dump(("unsendable", type_name(value), why), file)
    return why


def send_failure(file: BinaryIO, error: BaseException) -> None:
    import traceback

    here, frames = os.path.dirname(__file__), error.__traceback__
    while frames is not None and os.path.dirname(frames.tb_frame.f_code.co_filename) == here:
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    pickle.dump(("failure", type_name(error), text), file)
    file.write(portable(error) or pickle.dumps(None))


def portable(error: BaseException) -> bytes | None:
    """`error` as a pickle that is known to load again, or None."""
    import io

    for way in WAYS:
        try:
            file = io.BytesIO()
            way(error, file)
            if type(pickle.loads(file.getvalue())) is type(error):
                return file.getvalue()
        except Exception:
            pass
    return None


class ByName(pickle.Pickler):
    """Refuses functions and classes of `__main__`: in the user's process their names may mean others by now."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, (type, types.FunctionType)) and value.__module__ == "__main__":
            raise pickle.PicklingError(f"{value.__qualname__} is of __main__")
        return NotImplemented


def by_name(value: Any, file: BinaryIO) -> None:
    """Where it works it saves importing cloudpickle."""
    ByName(file, pickle.HIGHEST_PROTOCOL).dump(value)


def by_value(value: Any, file: BinaryIO) -> None:
    alone("by_value").Pickler(file).dump(value)


def alone(name: str) -> Any:
    """Takes one module out of the package, because the whole takes longer to import."""
    import importlib.util

    there = os.path.join(os.path.dirname(__file__), f"{name}.py")
    spec: Any = importlib.util.spec_from_file_location(name, there)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WAYS = (by_name, by_value)
"""How values are sent back."""


def type_name(value: Any) -> str:
    cls = type(value)
    plain = cls.__module__ in ("builtins", "__main__")
    return cls.__qualname__ if plain else f"{cls.__module__}.{cls.__qualname__}"


if __name__ == "__main__":
    main()
