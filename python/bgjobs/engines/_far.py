"""The far side of a job on an engine: runs one body on a worker, and hears meanwhile of a stop.

An engine's worker gets this file as text, so that it needs nothing but Python and cloudpickle, and no code of another
Python is loaded before the versions were compared. The engine carries bytes, `main`'s, and never an object of the
user's. All else that the two sides tell each other goes by a channel: `Folder` needs a disk that both see, `Dask` goes
by the scheduler, `Kernel` by the messages of an engine of ipyparallel.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import pickle
import platform
import signal
import subprocess
import sys
import threading
import time
import traceback
from _ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Iterator
from typing import Any, Callable

POLL = 0.02
"""How many seconds pass between two looks for a stop."""

PIECE = 1 << 16
"""How many characters of output are sent at once."""

SIGNAL = getattr(signal, "SIGRTMIN", signal.SIGUSR1 - 7) + 7
"""Interrupts a body on a main thread. The engines and their users use the lower ones."""

FILE = "<bgjobs far side>"
"""The file name of this code on a worker."""

bodies: dict[str, Body] = {}
"""The bodies that run in this process, by their tasks."""

here: Any = vars(sys).setdefault("_bgjobs_far_here", threading.local())
"""Has the `body` of a thread, for `bgjobs.sleep` and `bgjobs.cancelled` on a worker that has the package."""


class Stopped(BaseException):
    """Tells a body to stop, where the package is not at hand."""


def stopped_types() -> tuple[type[BaseException], ...]:
    """The exceptions that tell a body to stop; the first is the one to raise."""
    # Its import may go on right now.
    theirs = getattr(sys.modules.get("bgjobs"), "Stopped", Stopped)
    return (theirs, Stopped)


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


def python() -> str:
    return "{}.{}".format(*sys.version_info)


def host() -> dict[str, Any]:
    return {"host": platform.node(), "pid": os.getpid(), "thread": threading.get_native_id()}


class Body:
    """A body on a thread of the engine's."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._lock = threading.Lock()
        self._ident = 0
        self._armed = False
        self._asked = threading.Event()
        self._on_main = threading.current_thread() is threading.main_thread()

    def run(self, letter: bytes) -> bytes:
        """Calls the body, and returns the reply."""
        self._ident, me = threading.get_ident(), os.getpid()
        value = failure = None
        with self._output(), self._signal():
            self.channel.attend(self)
            try:
                try:
                    call = read(letter)
                    self._arm()
                    value = call()
                finally:
                    self._disarm()
            except BaseException as error:
                failure = error
            # A stop may have come at the entry of the first call.
            self._disarm()
        if os.getpid() != me:
            # This is a child that the body has forked.
            os._exit(0 if failure is None else 1)
        if failure is None:
            return reply_of(value)
        return failed(failure, "stopped" if isinstance(failure, stopped_types()) else "failure")

    def _arm(self) -> None:
        """Lets stops interrupt this thread; raises `Stopped` if one has come before."""
        here.body = self
        with self._lock:
            self._armed = True
        if self.cancelled():
            raise stopped_types()[0]

    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not on after a stop."""
        if self._asked.wait(seconds):
            raise stopped_types()[0]

    def _disarm(self) -> None:
        """Takes the right to interrupt this thread away for good; what is on its way is taken back."""
        here.body = None
        while True:
            try:
                with self._lock:
                    self._armed = False
                    if not self._on_main:
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._ident), None)
                return
            except stopped_types():
                # It comes too late to stop anything else.
                continue

    def stop(self, grace: float) -> None:
        """Interrupts the body, from another thread."""
        self._asked.set()
        with self._lock:
            if not self._armed:
                return
            if self._on_main and os.name == "posix":
                signal.pthread_kill(self._ident, SIGNAL)
            else:
                stopped = ctypes.py_object(stopped_types()[0])
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._ident), stopped)

    def where(self) -> str:
        """Its stack, as a traceback has it."""
        frame = sys._current_frames().get(self._ident)
        frames = [] if frame is None else list(traceback.walk_stack(frame))[::-1]
        # Those of the engine come first, then ours, which end where the body begins.
        is_ours = [found.f_code.co_filename == FILE for found, _ in frames]
        begin = is_ours.index(True) if True in is_ours else 0
        while begin < len(frames) and is_ours[begin]:
            begin += 1
        frames = frames[begin:]
        return "".join(traceback.StackSummary.extract(iter(frames)).format())

    @contextlib.contextmanager
    def _signal(self) -> Iterator[None]:
        if not self._on_main or os.name != "posix":
            yield
            return

        def interrupt(*_: Any) -> None:
            if self._armed:
                raise stopped_types()[0]

        before = signal.signal(SIGNAL, interrupt)
        # A signal that was sent too late finds the handler that ignores it.
        try:
            yield
        finally:
            signal.signal(SIGNAL, signal.SIG_IGN if before == signal.SIG_DFL else before)

    @contextlib.contextmanager
    def _output(self) -> Iterator[None]:
        """Sends to the channel what the body prints."""
        files = self.channel.files() if self._on_main else None
        if files is not None:
            with _descriptors(*files):
                yield
        elif self.channel.takes_text:
            for name in ("stdout", "stderr"):
                if not isinstance(getattr(sys, name), _Stream):
                    setattr(sys, name, _Stream(getattr(sys, name), name == "stderr"))
            _Stream.of_thread.write = self.channel.write
            try:
                yield
            finally:
                _Stream.of_thread.write = None
        else:
            yield


class _Stream(io.TextIOBase):
    """Stands in front of a stream of the worker: text of a thread with a body goes to its channel."""

    of_thread = threading.local()

    def __init__(self, stream: Any, err: bool) -> None:
        self._stream, self._err = stream, err

    def write(self, text: str) -> int:
        write = getattr(self.of_thread, "write", None)
        if write is None:
            return self._stream.write(text)  # type: ignore[no-any-return]
        write(self._err, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()  # type: ignore[no-any-return]


@contextlib.contextmanager
def _descriptors(out: int, err: int) -> Iterator[None]:
    """Puts these files in the place of the standard streams and of descriptors 1 and 2, and closes them."""
    before = sys.stdout, sys.stderr
    for stream in before:
        with contextlib.suppress(Exception):
            stream.flush()
    kept = []
    for number, file in ((1, out), (2, err)):
        try:
            kept.append(os.dup(number))
        except OSError:
            kept.append(-1)
        os.dup2(file, number)
    streams = [
        io.TextIOWrapper(io.FileIO(file, "w"), "utf-8", "backslashreplace", line_buffering=True) for file in (out, err)
    ]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        sys.stdout, sys.stderr = before
        for number, file in zip((1, 2), kept):
            if file >= 0:
                os.dup2(file, number)
                os.close(file)
            else:
                os.close(number)
        for stream in streams:
            with contextlib.suppress(Exception):
                stream.close()


class Child(Body):
    """A body in a process of its own, which this one starts and ends with all that it has started."""

    _process: subprocess.Popen[bytes] | None = None
    _ends_at = 0.0

    def run(self, letter: bytes) -> bytes:
        read_fd, write_fd = os.pipe()
        names = {"SOURCE": SOURCE, "path": sys.path, "fd": write_fd}
        boot = "import pickle,sys; n=pickle.load(sys.stdin.buffer); sys.path[:]=n['path']; "
        boot += f"m={{'__name__':'bgjobs_far','SOURCE':n['SOURCE']}}; exec(compile(n['SOURCE'],{FILE!r},'exec'),m); "
        boot += "m['child'](n['fd'])"
        files = self.channel.files()
        with open(read_fd, "rb") as reply:
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", boot],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if files is None else files[0],
                stderr=subprocess.PIPE if files is None else files[1],
                pass_fds=(write_fd,),
                start_new_session=True,
            )
            os.close(write_fd)
            for file in files or ():
                os.close(file)
            pumps = [_Pump(self.channel, err, pipe) for err, pipe in ((False, process.stdout), (True, process.stderr))]
            self.channel.attend(self)
            # It is busy with its start, or does not read at all.
            with contextlib.suppress(OSError):
                assert process.stdin is not None
                process.stdin.write(pickle.dumps(names) + letter)
                process.stdin.close()
            threading.Thread(target=self._end, daemon=True).start()
            data = reply.read()
        status = process.wait()
        self._kill()
        for pump in pumps:
            pump.finish()
        if data:
            return data
        how = f"was ended by signal {-status}" if status < 0 else f"left with exit status {status}"
        return pickle.dumps(("died", "", f"process {process.pid} of the job {how}"), 2)

    def stop(self, grace: float) -> None:
        if self._process is not None:
            self._ends_at = time.monotonic() + grace
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, SIGNAL)

    def where(self) -> str:
        return "" if self._process is None else f"  in process {self._process.pid}\n"

    def _end(self) -> None:
        """Ends the processes when the time of a stop is up, and what the body has left running when it is over."""
        assert self._process is not None
        while self._process.poll() is None:
            if self._ends_at and time.monotonic() >= self._ends_at:
                break
            time.sleep(POLL)
        self._kill()

    def _kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)


class _Pump(threading.Thread):
    """Passes on what a child prints, if the channel has no file for it."""

    def __init__(self, channel: Channel, err: bool, pipe: Any) -> None:
        super().__init__(daemon=True)
        self._channel, self._err, self._pipe = channel, err, pipe
        if pipe is not None:
            self.start()

    def run(self) -> None:
        for line in io.TextIOWrapper(self._pipe, "utf-8", "backslashreplace"):
            self._channel.write(self._err, line)

    def finish(self) -> None:
        if self._pipe is not None:
            self.join(1.0)


def child(fd: int) -> None:
    """The life of such a process: its standard input has the letter, and `fd` takes the reply."""
    letter = sys.stdin.buffer.read()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.set_inheritable(fd, False)
    sys.modules["__main__"] = type(sys)("__main__")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    reply = Body(Channel({"task": ""})).run(letter)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    with open(fd, "wb") as file:
        file.write(reply)
    os._exit(0)


def batch(base: str) -> None:
    """The life of a batch job: one file has its settings and the letter, another takes the reply."""
    with open(base + ".task", "rb") as file:
        settings, letter = json.loads(file.readline()), file.read()
    sys.modules["__main__"] = type(sys)("__main__")
    reply = main(letter, settings)
    with open(base + ".reply-new", "wb") as file:
        file.write(reply)
    os.replace(base + ".reply-new", base + ".reply")


# The letter and the reply.


def read(letter: bytes) -> Callable[[], Any]:
    """What calls the body of a letter."""
    unpickler = pickle.Unpickler(io.BytesIO(letter))
    unpickler.load()  # the settings, of which a worker gets none
    try:
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


# Channels.


class Channel:
    """What a body tells the near side, and hears from it; this one does neither."""

    takes_text = False
    """Whether `write` leads anywhere."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.task: str = settings["task"]

    def claim(self, host: dict[str, Any]) -> str | None:
        """Takes the sole right to run the task, and tells where it runs; why not, if it is taken."""
        return None

    def files(self) -> tuple[int, int] | None:
        """Descriptors of new files for what the body prints, if it prints to files."""
        return None

    def write(self, err: bool, text: str) -> None:
        """Sends what the body prints."""

    def attend(self, body: Body) -> None:
        """Begins to hear of stops."""

    def end(self) -> None:
        """The body is over."""


class Folder(Channel):
    """A folder that both sides see: a file for each thing that one of them says, named after the task."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._base = os.path.join(settings["folder"], self.task)
        # In the user's own process the streams are the prompt's.
        self.takes_text = settings["near"] != [platform.node(), os.getpid()]
        self._is_over = threading.Event()
        self._text: list[Any] = [None, None]

    def claim(self, host: dict[str, Any]) -> str | None:
        try:
            file = os.open(self._base + ".begun", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            with open(self._base + ".begun") as other:
                began = other.read()
            if began == "null":
                return "it was taken back"
            return "the engine has started it a second time, which was refused; it had begun: " + began
        os.write(file, json.dumps(host).encode())
        os.close(file)
        return None

    def files(self) -> tuple[int, int] | None:
        if not self.takes_text:
            return None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(self._base + ".out", flags, 0o600), os.open(self._base + ".err", flags, 0o600)

    def write(self, err: bool, text: str) -> None:
        if self._text[err] is None:
            self._text[err] = open(self._base + (".err" if err else ".out"), "ab", 0)  # noqa: SIM115
        self._text[err].write(text.encode("utf-8", "backslashreplace"))

    def attend(self, body: Body) -> None:
        threading.Thread(target=self._hear, args=(body,), name="bgjobs hears stops", daemon=True).start()

    def _hear(self, body: Body) -> None:
        while not self._is_over.wait(POLL):
            with contextlib.suppress(OSError):
                grace = self._take(".stop")
                if grace is not None:
                    body.stop(float(grace or 0))
                if self._take(".ask") is not None:
                    with open(self._base + ".new", "w", encoding="utf-8", errors="backslashreplace") as file:
                        file.write(body.where())
                    os.replace(self._base + ".new", self._base + ".where")

    def _take(self, what: str) -> str | None:
        """What the near side has said, once."""
        try:
            with open(self._base + what) as file:
                said = file.read()
            os.unlink(self._base + what)
        except FileNotFoundError:
            return None
        return said

    def end(self) -> None:
        self._is_over.set()
        for file in filter(None, self._text):
            file.close()


class Dask(Channel):
    """Events of a topic of Dask's; the near side calls the body on this worker."""

    takes_text = True

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        from distributed import get_worker

        self._worker: Any = get_worker()
        self._topic = settings["topic"]
        self._lock = threading.Lock()
        self._text = ["", ""]
        self._flushes = False

    def claim(self, host: dict[str, Any]) -> str | None:
        from distributed.utils import sync

        lock = f"{self.task}-{host['pid']}-{time.time_ns()}"

        async def acquire() -> Any:
            return await self._worker.scheduler.multi_lock_acquire(
                locks=["bgjobs-" + self.task], id=lock, num_locks=1, timeout=0
            )

        if not sync(self._worker.loop, acquire):
            return "dask has lost its worker and started it a second time, which was refused"
        self._tell("begun", {**host, "worker": self._worker.address, "lock": lock})
        return None

    def _tell(self, what: str, *said: Any) -> None:
        self._worker.log_event(self._topic, (what, self.task, *said))

    def write(self, err: bool, text: str) -> None:
        with self._lock:
            self._text[err] += text
            if len(self._text[err]) >= PIECE:
                self._flush()
            elif not self._flushes:
                self._flushes = True
                self._worker.loop.add_callback(self._worker.loop.call_later, POLL, self._flush_later)

    def _flush_later(self) -> None:
        with self._lock:
            self._flushes = False
            self._flush()

    def _flush(self) -> None:
        for err in (False, True):
            text, self._text[err] = self._text[err], ""
            if text:
                self._tell("wrote", err, text)

    def end(self) -> None:
        with self._lock:
            self._flush()
        self._tell("ended")


CHANNELS: dict[str, Callable[[dict[str, Any]], Channel]] = {"folder": Folder, "dask": Dask}
SOURCE: str = globals().get("SOURCE", "")
"""The text of this file, which its loader sets."""
