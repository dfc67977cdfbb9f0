"""The far side of a job in a process of its own; `process.py` is the near side.

    the user's process  --starts-->  supervisor  --forks-->  worker  --starts-->  whatever it starts

The worker runs the body.  The supervisor runs nothing of the user's: it waits, passes a stop on,
and sees to it that the worker and all that came of it are gone before it leaves itself.  On Linux
it is a "child subreaper": a process whose parent ends becomes its child, so that one which left the
session or forked twice is found and killed too.  Elsewhere only the worker's process group is.

This file is run by its path, and imports neither the package nor anything else that a body may not
need: its start is part of every job's time.  Each side knows the other by file descriptors alone:

    payload   what to set up and what to run (two pickles in a file)
    reply     what came of it (a mark that it is whole, a header, a value; in a file)
    control   orders: seconds of grace before the kill; its end: the user's process is gone
    status    the worker's process id, and at last how it ended
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # this file's directory: none of the package's modules must hide another

import ctypes
import pickle
import select
import signal
import struct
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, BinaryIO

LINUX = sys.platform == "linux"

# What the body left running is asked to end (SIGTERM) when the body has ended, and killed after
# this many seconds.  Some of it ends by itself just then, with cleaning up to do: multiprocessing's
# resource tracker, for one.
LINGER = 0.5

# Seconds to go on killing what does not die (it is in the kernel, or is another user's by now).
GIVE_UP = 5.0

ORDER = struct.Struct("<d")
NEWS = struct.Struct("<cq")


def main() -> None:
    payload, reply, control, status, parent = map(int, sys.argv[1:])
    for fd in (payload, reply, control, status):
        os.set_inheritable(fd, False)
    if LINUX:
        prctl(36)  # PR_SET_CHILD_SUBREAPER
    supervisor = os.getpid()
    worker = os.fork()
    if worker:
        try:
            os.close(payload)
            os.close(reply)
            supervise(worker, control, status, parent)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(0)
    os.setsid()
    tell(status, b"p", os.getpid())  # before the body can say anything
    os.close(control)
    os.close(status)
    if LINUX:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: the supervisor's end is the worker's
        if os.getppid() != supervisor:
            os._exit(1)
    work(payload, reply)


def prctl(option: int, value: int = 1) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# The supervisor


def supervise(worker: int, control: int, status: int, parent: int) -> None:
    """Sees the worker and its offspring to their end, then tells how the worker ended."""
    heard, wake = os.pipe()
    for fd in (heard, wake):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

    events = select.poll()
    events.register(heard, select.POLLIN)
    events.register(control, select.POLLIN)
    ending = None
    kill_at = float("inf")
    while True:
        some_live, ended = reap(worker)
        if ended is not None:
            ending = ended
            kill_at = min(kill_at, time.monotonic() + LINGER)
            if some_live:
                signal_all(worker, signal.SIGTERM)
        if not some_live:
            break
        left = kill_at - time.monotonic()
        if left <= 0:
            signal_all(worker, signal.SIGKILL)
            if ending is not None and left < -GIVE_UP:
                break
            left = 0.01  # those whose parent has just been killed come to us: look again
        for fd, _ in events.poll(1000 * min(left, 1.0)):
            if fd == heard:
                if signal.SIGTERM in os.read(heard, 512):
                    kill_at = 0.0
                continue
            order = os.read(control, ORDER.size)
            if order:
                (grace,) = ORDER.unpack(order)
                if grace > 0 and ending is None:
                    interrupt(worker)
                kill_at = min(kill_at, time.monotonic() + grace)
            else:
                events.unregister(control)
                kill_at = min(kill_at, time.monotonic())
        if os.getppid() != parent:
            # The end of `control` says so at once, but not while a fork of the parent holds it too.
            kill_at = min(kill_at, time.monotonic())
    if not LINUX:
        signal_all(worker, signal.SIGKILL)  # orphans are not ours to wait for
    if ending is not None:
        tell(status, b"e", ending)


def tell(status: int, what: bytes, number: int) -> None:
    try:
        os.write(status, NEWS.pack(what, number))
    except BrokenPipeError:
        pass


def reap(worker: int) -> tuple[bool, int | None]:
    """Whether any child is left, and the worker's wait status if it has ended just now."""
    ended = None
    while True:
        try:
            pid, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False, ended
        if pid == 0:
            return True, ended
        if pid == worker:
            ended = how


def interrupt(worker: int) -> None:
    """Does what Ctrl-C at a terminal does: tells the worker and the commands it waits for."""
    try:
        os.killpg(worker, signal.SIGINT)
    except ProcessLookupError:
        os.kill(worker, signal.SIGINT)  # it has not made its own group yet


def signal_all(worker: int, number: int) -> None:
    for pid in offspring() if LINUX else [-worker]:
        try:
            os.kill(pid, number)
        except OSError:
            pass  # gone, or not ours to signal


def offspring() -> list[int]:
    """The processes below this one, as they are now."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    fields = stat.read().rpartition(b")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(name))
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


# The worker


def work(payload: int, reply: int) -> None:
    """Runs the body and writes what came of it."""
    me = os.getpid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    value = failure = None
    try:
        with open(payload, "rb") as letter:
            prepare(**pickle.load(letter))
            kind, *parts = pickle.load(letter)
        value = call(*parts) if kind == "call" else evaluate(*parts)
    except BaseException as error:
        failure = error
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getpid() != me:
        # A fork that the body made has come back here: it ends as a script does.
        if failure is not None:
            raise failure
        return
    with open(reply, "w+b") as sheet:
        sheet.write(b"?")
        if failure is not None:
            send_failure(sheet, failure)
        else:
            send_result(sheet, value)
        sheet.flush()
        sheet.seek(0)
        sheet.write(b"!")
    leave()


def leave() -> None:
    """Ends this process as a script ends, but does not take its modules apart, which takes long."""
    import atexit

    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the body has closed or replaced it
    os._exit(0)


def prepare(path: list[str], argv: list[str], cwd: str | None, sources: dict[str, list[str]]) -> None:
    """Makes this process look to the body like the one that the job was started in."""
    sys.path[:] = path
    sys.argv[:] = argv
    # What the body calls __main__ came by value.  It must not find this file under that name.
    sys.modules["__main__"] = type(sys)("__main__")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    import faulthandler

    faulthandler.enable()
    if sources:
        import linecache

        for name, lines in sources.items():
            linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
    if cwd is not None:
        os.chdir(cwd)


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def evaluate(expression: str, file: str, names: dict[str, Any]) -> Any:
    return eval(compile(expression, file, "eval"), names)


def send_result(sheet: BinaryIO, value: Any) -> None:
    pickle.dump(("result", type_name(value), ""), sheet)
    start = sheet.tell()
    try:
        # Fails for what was defined at a prompt; where it works it saves importing cloudpickle.
        pickle.dump(value, sheet, pickle.HIGHEST_PROTOCOL)
        return
    except Exception:
        sheet.seek(start)
        sheet.truncate()
    try:
        import cloudpickle

        cloudpickle.dump(value, sheet)
    except Exception as error:
        sheet.seek(1)
        sheet.truncate()
        why = f"{type(error).__name__}: {error}"
        pickle.dump(("unsendable", type_name(value), why), sheet)


def send_failure(sheet: BinaryIO, error: BaseException) -> None:
    import traceback

    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    pickle.dump(("failure", type_name(error), text), sheet)
    sheet.write(survivor(error) or pickle.dumps(None))


def survivor(error: BaseException) -> bytes | None:
    """`error` as a pickle that has been seen to come back, or None."""
    for module in ("pickle", "cloudpickle"):
        try:
            data: bytes = __import__(module).dumps(error)
            if type(pickle.loads(data)) is type(error):
                return data
        except Exception:
            pass
    return None


def type_name(value: Any) -> str:
    kind = type(value)
    plain = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"


if __name__ == "__main__":
    main()
