"""The far side of a job in a process of its own; `remote.py` is the near side.

    the user's process  --starts-->  supervisor  --forks-->  worker  --starts-->  any other process

The worker runs the body.  The supervisor runs no code of the user's: it waits, passes a stop on, and does not leave
before the worker and all its offspring are gone.  On Linux it is a "child subreaper": a process that loses its parent
becomes the supervisor's child, so that one which has left the session or forked twice is still found and killed.
Elsewhere only the worker's process group is killed.

This file is run by its path, and imports neither the package nor any module that a body may not
need, because its start is part of every job's time.  The two sides share only file descriptors:

    payload   what to set up and what to run (two pickles in a file)
    reply     the result or the failure (a mark that it is complete, a header, a value; in a file)
    control   orders: seconds of grace before the kill; closed when the user's process is gone
    status    the worker's process id, and at last its wait status
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # this file's directory: the package's modules must not hide others of the same name

import ctypes
import pickle
import select
import signal
import struct
import time
import types
from _ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, BinaryIO

LINUX = sys.platform == "linux"

# When the body has ended, the processes that it left running get SIGTERM, and SIGKILL after this
# many seconds.  Some of them end by themselves at that moment and still have to clean up:
# multiprocessing's resource tracker, for example.
LINGER = 0.5

# For how many seconds to go on killing a process that does not die: it may hang in the kernel, or
# belong to another user by now.
GIVE_UP = 5.0

ORDER = struct.Struct("<d")
STATUS = struct.Struct("<cq")
STARTED, ENDED = b"p", b"e"


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
    report(status, STARTED, os.getpid())  # before the body can print anything
    os.close(control)
    os.close(status)
    if LINUX:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: the worker ends with the supervisor
        if os.getppid() != supervisor:
            os._exit(1)
    work(payload, reply)


def prctl(option: int, value: int = 1) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# The supervisor


def supervise(worker: int, control: int, status: int, parent: int) -> None:
    """Waits until the worker and its offspring have ended, then reports how the worker ended."""
    wakeups, wakeup_end = os.pipe()
    for fd in (wakeups, wakeup_end):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(wakeup_end, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

    events = select.poll()
    events.register(wakeups, select.POLLIN)
    events.register(control, select.POLLIN)
    wait_status = None
    kill_at = float("inf")
    while True:
        some_live, ended = reap(worker)
        if ended is not None:
            wait_status = ended
            kill_at = min(kill_at, time.monotonic() + LINGER)
            if some_live:
                signal_all(worker, signal.SIGTERM)
        if not some_live:
            break
        left = kill_at - time.monotonic()
        if left <= 0:
            signal_all(worker, signal.SIGKILL)
            if wait_status is not None and left < -GIVE_UP:
                break
            left = 0.01  # look again: orphans of a process that was just killed become our children
        for fd, _ in events.poll(1000 * min(left, 1.0)):
            if fd == wakeups:
                if signal.SIGTERM in os.read(wakeups, 512):
                    kill_at = 0.0
                continue
            order = os.read(control, ORDER.size)
            if order:
                (grace,) = ORDER.unpack(order)
                if grace > 0 and wait_status is None:
                    interrupt(worker)
                kill_at = min(kill_at, time.monotonic() + grace)
            else:
                events.unregister(control)
                kill_at = min(kill_at, time.monotonic())
        if os.getppid() != parent:
            # Normally `control` is closed by then, but a fork of the parent may hold it open.
            kill_at = min(kill_at, time.monotonic())
    if not LINUX:
        signal_all(worker, signal.SIGKILL)  # orphans are not our children here
    if wait_status is not None:
        report(status, ENDED, wait_status)


def report(status: int, event: bytes, number: int) -> None:
    try:
        os.write(status, STATUS.pack(event, number))
    except BrokenPipeError:
        pass


def reap(worker: int) -> tuple[bool, int | None]:
    """Whether any child is left, and the worker's wait status if it has just ended."""
    ended = None
    while True:
        try:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False, ended
        if pid == 0:
            return True, ended
        if pid == worker:
            ended = wait_status


def interrupt(worker: int) -> None:
    """Does what Ctrl-C at a terminal does: interrupts the worker and the commands that it waits for."""
    try:
        os.killpg(worker, signal.SIGINT)
    except ProcessLookupError:
        os.kill(worker, signal.SIGINT)  # it has not made its own group yet


def signal_all(worker: int, number: int) -> None:
    for pid in offspring() if LINUX else [-worker]:
        try:
            os.kill(pid, number)
        except OSError:
            pass  # gone, or owned by another user


def offspring() -> list[int]:
    """The processes that descend from this one, at this moment."""
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
    """Runs the body and writes the reply."""
    me = os.getpid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGINT, signal.default_int_handler)
    value = failure = None
    try:
        with open(payload, "rb") as stream:
            prepare(**pickle.load(stream))
            kind, *parts = pickle.load(stream)
        value = call(*parts) if kind == "call" else evaluate(*parts)
        if type(value) is types.CoroutineType:
            from bgjobs.event_loop import Loop

            value = Loop().run(value)
    except BaseException as error:
        failure = error
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getpid() != me:
        # This is a child that the body has forked: it ends like a script.
        if failure is not None:
            raise failure
        return
    with open(reply, "w+b") as file:
        file.write(b"?")
        if failure is not None:
            send_failure(file, failure)
        else:
            send_result(file, value)
        file.flush()
        file.seek(0)
        file.write(b"!")
    leave()


def leave() -> None:
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
    os._exit(0)


def prepare(path: list[str], argv: list[str], cwd: str | None, sources: dict[str, list[str]]) -> None:
    """Makes this process look to the body like the one that the job was started in."""
    sys.path[:] = path
    sys.argv[:] = argv
    # The body's own __main__ was sent by value.  This file must not be found under that name.
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


def evaluate(expression: str, filename: str, names: dict[str, Any]) -> Any:
    return eval(compile(expression, filename, "eval", PyCF_ALLOW_TOP_LEVEL_AWAIT), names)


def send_result(file: BinaryIO, value: Any) -> None:
    pickle.dump(("result", type_name(value), ""), file)
    start = file.tell()
    try:
        # Fails for what was defined at a prompt; where it works it saves importing cloudpickle.
        pickle.dump(value, file, pickle.HIGHEST_PROTOCOL)
        return
    except Exception:
        file.seek(start)
        file.truncate()
    try:
        import cloudpickle

        cloudpickle.dump(value, file)
    except Exception as error:
        file.seek(1)
        file.truncate()
        why = f"{type(error).__name__}: {error}"
        pickle.dump(("unsendable", type_name(value), why), file)


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
    for module in ("pickle", "cloudpickle"):
        try:
            data: bytes = __import__(module).dumps(error)
            if type(pickle.loads(data)) is type(error):
                return data
        except Exception:
            pass
    return None


def type_name(value: Any) -> str:
    cls = type(value)
    plain = cls.__module__ in ("builtins", "__main__")
    return cls.__qualname__ if plain else f"{cls.__module__}.{cls.__qualname__}"


if __name__ == "__main__":
    main()
