"""The magics of ``%load_ext bgjobs``: %bg, %%bg, %jobs, %fg, %kill, %log, %where, %jobdebug; and
the notices at the prompt about jobs that have ended, or have stalled it.

It does not know how jobs run or stop: it offers in IPython's way what the classes offer in Python's.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import functools
import re
import sys
import time
from collections import ChainMap, deque
from collections.abc import Iterable, Iterator
from pickle import PicklingError
from types import SimpleNamespace
from typing import Any, Callable
from weakref import WeakKeyDictionary, WeakSet

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, needs_local_scope, no_var_expand

from . import failures, stalls, workers
from .cells import BackgroundJobCell, BackgroundJobProcessCell, split
from .jobs import BackgroundJobBase
from .manager import BackgroundJobManager
from .output import current, install_router
from .text import harmless, label, report

_NOTICE_INTERVAL = 0.2
"""After how many seconds a waiting prompt looks again for notices."""

_EXIT_PATIENCE = 0.5
"""After how many seconds of waiting for jobs the end of the prompt says so."""

_MAX_LISTED = 10
"""How many jobs a sentence names."""

_MAX_STALLS = 10
"""How many stalls of the prompt are remembered until they are reported: the newest."""


@magics_class
class JobMagics(Magics):  # type: ignore[misc]
    """The magics, for one shell. They work on the manager that the prompt calls `jobs`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._own: BackgroundJobManager | None = None
        self._cells: list[BackgroundJobCell] = []
        self._reported: WeakSet[BackgroundJobBase] = WeakSet()
        # The thread of the stall monitor adds to it.
        self._stalls: deque[stalls.Stall] = deque(maxlen=_MAX_STALLS)
        self._app: Any = None
        self._input: tuple[Any, Any] | None = None

    @property
    def _names(self) -> ChainMap[str, Any]:
        """The prompt's names; where IPython is embedded in a function, those of the module too."""
        return ChainMap(self.shell.user_ns, self.shell.user_global_ns)

    # Which manager, which job.

    @property
    def manager(self) -> BackgroundJobManager:
        """The prompt's `jobs` if it is a manager, otherwise our own, under that name if it is free."""
        names = self.shell.user_ns
        named = names.get("jobs")
        if isinstance(named, BackgroundJobManager):
            return named
        if self._own is None:
            self._own = BackgroundJobManager()
            if "jobs" in names:
                print("`jobs` is already a name of yours; %jobs shows what %bg starts.")
        names.setdefault("jobs", self._own)
        return self._own

    def _managers(self) -> Iterator[BackgroundJobManager]:
        """The existing managers; looking for notices creates none."""
        named = self.shell.user_ns.get("jobs")
        if isinstance(named, BackgroundJobManager):
            yield named
        if self._own is not None and self._own is not named:
            yield self._own

    def _jobs(self, words: list[str], magic: str) -> list[BackgroundJobBase]:
        """The jobs with these numbers; a `UsageError` of one line if there is no such job."""
        known = self.manager.all
        there = f"there are {_listed(known)}" if known else "there are none, %bg f(x) starts one"
        if not words:
            raise UsageError(f"%{magic} takes the number of a job: {there}")
        found = []
        for word in words:
            try:
                found.append(known[int(word)])
            except ValueError:
                wanted = f"%{magic} takes the number of a job, not {word}"
                raise UsageError(f"{wanted}: {there}") from None
            except KeyError:
                raise UsageError(f"Job #{word} not found: {there}") from None
        return found

    def _job(self, line: str, magic: str) -> BackgroundJobBase:
        words = line.split()
        if len(words) > 1:
            raise UsageError(f"%{magic} takes one number, not {len(words)}: %{magic} {words[0]}")
        return self._jobs(words, magic)[0]

    # The magics.

    @needs_local_scope  # type: ignore[untyped-decorator]
    @no_var_expand  # type: ignore[untyped-decorator]
    @line_cell_magic  # type: ignore[untyped-decorator]
    def bg(self, line: str, cell: str | None = None, local_ns: Any = None) -> Any:
        """Starts a background job; the prompt returns at once.

            %bg [--daemon] [--process] expression

        evaluates an expression, as jobs.new("expression") does. The magic returns the job:
        job = %bg f(x), later job.result.

            %%bg [--daemon] [--process]
            statements

        runs a whole cell. It works on a copy of the prompt's names, taken when it starts: you do
        not see what it assigns, and it does not see what you assign; the objects themselves are
        not copied. If it ends without error, the names that it assigned are yours from the next
        prompt on, as after from cell import *. A name that you have rebound meanwhile keeps your
        value, and the notice says so. job.names has everything that it assigned, even if it
        failed; job.result is the value of its last line, if that is an expression. As with an
        import, functions that it defines go on using the cell's names, not the prompt's. It may
        use await, on its own event loop.

        --daemon    the program ends without waiting for the job
        --process   the job gets a process of its own, and copies of what it refers to: its C code
                    can't stall the prompt, and %kill always ends it

        In %bg, put an expression that begins with -- in parentheses.
        """
        options, rest = _options(line)
        if cell is None:
            return self._start_expression(rest, options, local_ns)
        if rest:
            raise UsageError(f"%%bg takes only options in its first line, not {rest}: code goes below it")
        return self._start_cell(cell, options)

    def _start_expression(self, text: str, options: dict[str, Any], local_ns: Any) -> Any:
        if not text:
            raise UsageError("%bg takes an expression: %bg f(x); statements go in a cell: %%bg")
        names = self.shell.user_global_ns
        try:
            return self.manager.new(text, names, local_ns, **options)
        except SyntaxError as error:
            raise UsageError(f"{text} is not an expression ({error.msg}); statements go in a cell: %%bg") from None
        except PicklingError as error:
            raise UsageError(str(error)) from None

    def _start_cell(self, cell: str, options: dict[str, Any]) -> Any:
        shell = self.shell
        source = shell.transform_cell(cell)
        if not source.strip():
            raise UsageError("%%bg takes a cell, and this one is empty: put statements below it")
        # Some versions of IPython have incremented their count by now; this is the number that the prompt showed.
        filename = shell.compile.cache(source, shell.displayhook.prompt_count, raw_code=cell)
        try:
            with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
                body, last = split(source, filename, shell.compile)
        except SyntaxError:
            shell.showsyntaxerror(filename)
            return None
        job_class = BackgroundJobProcessCell if options.get("process") else BackgroundJobCell
        try:
            job = job_class(cell, body, last, self._names)
        except PicklingError as error:
            raise UsageError(str(error)) from None
        job.daemon = options.get("daemon", False)
        self._cells.append(job)
        return self.manager.start(job)

    @line_magic  # type: ignore[untyped-decorator]
    def jobs(self, line: str) -> None:
        """Shows the jobs that are running, have completed, or are dead, as jobs.status() does.

        %jobs
        """
        if line.strip():
            raise UsageError(f"%jobs takes no arguments, not {line.strip()}; %log N shows one job's log")
        manager = self.manager
        if manager.all:
            manager.status()
        else:
            print("No jobs. %bg f(x) starts one.")

    @line_magic  # type: ignore[untyped-decorator]
    def fg(self, line: str) -> Any:
        """Waits for a job, and shows its output, past and new.

            %fg N

        Returns the job's result, or shows the traceback if the job is dead. Ctrl-C ends the wait,
        and the job goes on.
        """
        job = self._job(line, "fg")
        if not self._show_until_end(job):
            return None
        self._reported.add(job)
        print(self._bring_back(), end="")
        if job.outcome == "done":
            return job.result
        if job.outcome == "stopped":
            print(f"Job #{job.num} was stopped.")
        else:
            job.traceback()
        return None

    @line_magic  # type: ignore[untyped-decorator]
    def kill(self, line: str) -> None:
        """Stops jobs, and says for each whether it has stopped.

            %kill N [N ...]

        A job stops when it next runs Python code. If it is in C code, it stops when that returns;
        the answer comes within a second in any case. A job in a process of its own always ends.
        """
        for job in self._jobs(line.split(), "kill"):
            verdict = job.stop()
            if verdict.stopped:
                self._reported.add(job)
            print(f"Job #{job.num} {verdict}.")

    @line_magic  # type: ignore[untyped-decorator]
    def log(self, line: str) -> None:
        """Shows what a job has printed.

            %log N [-n K] [-f]

        -n K   only the newest K lines
        -f     follows the output until the job ends, or until Ctrl-C
        """
        words = line.split()
        follow = "-f" in words
        words = [word for word in words if word != "-f"]
        count = _take_count(words)
        for word in words:
            if word.startswith("-") and not word[1:].isdecimal():
                raise UsageError(f"%log takes -n and -f, not {word}")
        job = self._job(" ".join(words), "log")
        if follow:
            self._show_until_end(job, count)
        else:
            job.log.print(count)

    @line_magic  # type: ignore[untyped-decorator]
    def where(self, line: str) -> None:
        """Shows where a job is now: its call stack, with source lines.

        %where N
        """
        print(self._job(line, "where").where())

    @line_magic  # type: ignore[untyped-decorator]
    def jobdebug(self, line: str) -> None:
        """Opens the debugger at the line where a dead job failed.

        %jobdebug N
        """
        job = self._job(line, "jobdebug")
        try:
            failures.debug(job)
        except ValueError as error:
            raise UsageError(str(error)) from None

    def _show_until_end(self, job: BackgroundJobBase, count: int | None = None) -> bool:
        """Shows a job's output until it ends; False if the user has interrupted that."""
        try:
            for text in job.log.follow(tail=count):
                print(harmless(text))
        except KeyboardInterrupt:
            num = job.num
            print(f"Job #{num} goes on: %fg {num} waits again, %kill {num} stops it.")
            return False
        return True

    # Notices.

    def notify(self, *_: Any) -> None:
        """Prints the notices since the last call, and brings back the names of cells."""
        text = "".join(self._notice(manager) for manager in self._managers())
        text += self._bring_back()
        while self._stalls:
            text += f"{self._stalls.popleft()}. %bg --process leaves the prompt free.\n"
        if text:
            # In one piece, so that a waiting prompt is redrawn only once.
            print(text, end="", flush=True)

    def _notice(self, manager: BackgroundJobManager) -> str:
        if not manager._unreported.has_any():
            return ""
        return report([job for job in manager._unreported.take() if job not in self._reported])

    def _bring_back(self) -> str:
        """Brings back the names of cells that have ended; returns the lines that say so."""
        lines = []
        ended = [cell for cell in self._cells if cell.done()]
        for job in ended:
            self._cells.remove(job)
            back, rebound = job.bring_back(self._names)
            if back:
                lines.append(f"Job #{job.num} has set {', '.join(back)}.\n")
            for name in rebound:
                own = f"jobs[{job.num}].names[{name!r}]"
                lines.append(f"{name} has changed since job #{job.num} began; the job's value is {own}.\n")
        return "".join(lines)

    def explain_exit_wait(self) -> None:
        """Says for which jobs the end of the prompt waits, if it takes a while; otherwise it would seem to hang."""
        until = time.monotonic() + _EXIT_PATIENCE
        for job in [job for manager in self._managers() for job in manager.running if not job.daemon]:
            job.join(max(until - time.monotonic(), 0))
        jobs = [job for manager in self._managers() for job in manager.running if not job.daemon]
        if jobs:
            named = ", ".join(f"#{job.num} ({label(job)})" for job in jobs[:_MAX_LISTED])
            more = f" and {len(jobs) - _MAX_LISTED} more" if len(jobs) > _MAX_LISTED else ""
            print(f"Waiting for job {named}{more}. Ctrl-C leaves at once.", file=sys.stderr, flush=True)

    def attach(self, *_: Any) -> None:
        """Prints notices while a prompt of prompt_toolkit waits, if the shell has one."""
        app = getattr(getattr(self.shell, "pt_app", None), "app", None)
        if app is not None and app is not self._app:
            self._app = app
            app.on_reset += self._begin_notifying

    def detach(self) -> None:
        """Undoes `attach`."""
        if self._app is not None:
            self._app.on_reset -= self._begin_notifying
            self._app = None

    def _begin_notifying(self, app: Any) -> None:
        if app.is_running:
            app.create_background_task(self._notify_while_waiting())

    async def _notify_while_waiting(self) -> None:
        # On the prompt's own loop, where printing goes above what is being typed and leaves it intact.
        while True:
            await asyncio.sleep(_NOTICE_INTERVAL)
            self.notify()

    # The keyboard.

    def block_keyboard(self) -> None:
        """Blocks `input`, and so the debugger, in jobs: with two readers a terminal is unusable."""
        original = builtins.input

        @functools.wraps(original)
        def input(*args: Any) -> str:
            if current.get() is not None:
                raise EOFError("a job has no keyboard: pass what it would ask for as an argument")
            return original(*args)

        self._input = original, input
        builtins.input = input

    def restore_keyboard(self) -> None:
        """Undoes `block_keyboard`."""
        if self._input is not None and builtins.input is self._input[1]:
            builtins.input = self._input[0]

    # Completion.

    def matcher(self, context: Any) -> Any:
        """What Tab offers in a line of these magics: options, numbers of jobs, names."""
        found = re.match(r"\s*%{0,2}(\w+)\s", context.text_until_cursor)
        magic = found[1] if found and found[1] not in self.shell.user_ns else ""
        options, wanted = _COMPLETIONS.get(magic, ((), None))
        offered: Iterable[str] = ()
        if context.token.startswith("-"):
            offered = options
        elif wanted is not None:
            jobs = [job for manager in self._managers() for job in manager.all.values()]
            offered = [str(job.num) for job in jobs if wanted(job)]
        elif magic == "bg" and context.token.isidentifier():
            # Jedi completes the rest of an expression, but can't tell where this one begins.
            offered = sorted({*self.shell.user_global_ns, *vars(builtins)})
        texts = [text for text in offered if text.startswith(context.token)]
        completions = [SimpleNamespace(text=text, type=None) for text in texts]
        return {"completions": completions, "suppress": True, "ordered": True}

    # By these IPython recognizes a matcher.
    matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    matcher.matcher_identifier = "bgjobs"  # type: ignore[attr-defined]


def _options(line: str) -> tuple[dict[str, Any], str]:
    """The options before the code of %bg, and the code."""
    options = {}
    rest = line.strip()
    while rest.startswith("--"):
        word, _, following = rest.partition(" ")
        if word not in ("--daemon", "--process"):
            raise UsageError(
                f"%bg takes --daemon and --process, not {word}; put an expression that begins with -- in parentheses"
            )
        options[word[2:]] = True
        rest = following.strip()
    return options, rest


def _take_count(words: list[str]) -> int | None:
    """Removes ``-n K`` from the words of %log, and returns K."""
    if "-n" not in words:
        return None
    at = words.index("-n")
    count = "".join(words[at + 1 : at + 2])
    if not count.isdecimal():
        raise UsageError(f"-n takes a number of lines, not {count or 'nothing'}: %log 0 -n 10")
    del words[at : at + 2]
    return int(count)


def _listed(numbers: Any, most: int = _MAX_LISTED) -> str:
    """Numbers for a sentence; if there are many, the newest."""
    texts = [str(number) for number in sorted(numbers)]
    return ", ".join(["..."] * (len(texts) > most) + texts[-most:])


_COMPLETIONS: dict[str, tuple[tuple[str, ...], Callable[[Any], bool] | None]] = {
    "bg": (("--daemon", "--process"), None),
    "fg": ((), lambda job: True),
    "kill": ((), lambda job: not job.done()),
    "log": (("-f", "-n"), lambda job: True),
    "where": ((), lambda job: not job.done()),
    "jobdebug": ((), lambda job: job.outcome in ("failed", "stopped")),
}


_unloaded: WeakKeyDictionary[Any, JobMagics] = WeakKeyDictionary()
"""The magics that %reload_ext continues from, so that no job is lost."""


def load_ipython_extension(shell: Any) -> None:
    """Gives a shell the magics, their completion and the notices."""
    magics = JobMagics(shell)
    before = _unloaded.pop(shell, None)
    if before is not None:
        magics._own, magics._cells, magics._reported = before._own, before._cells, before._reported
    shell.register_magics(magics)
    # Not only with the first job, so that code which fetches the streams before then gets the routers.
    install_router()
    shell.Completer.custom_matchers.append(magics.matcher)
    shell.events.register("post_run_cell", magics.notify)
    shell.events.register("post_run_cell", magics.attach)
    magics.attach()
    if not hasattr(shell, "kernel"):
        magics.block_keyboard()
        # What a kernel prints at its end appears nowhere.
        workers.on_exit_wait = magics.explain_exit_wait
    workers.on_start = stalls.StallMonitor(magics._stalls.append).add


def unload_ipython_extension(shell: Any) -> None:
    """Takes the magics and the notices away again; jobs go on."""
    magics = _unloaded[shell] = shell.magics_manager.registry.pop("JobMagics")
    shell.events.unregister("post_run_cell", magics.notify)
    shell.events.unregister("post_run_cell", magics.attach)
    magics.detach()
    magics.restore_keyboard()
    workers.on_start = workers.on_exit_wait = None
    shell.Completer.custom_matchers.remove(magics.matcher)
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
