"""The magics of ``%load_ext bgjobs``: %bg, %%bg, %jobs, %fg, %kill, %log, %where, %jobdebug; and
the notices that tell at the prompt which jobs have ended, and which one has stalled it.

It does not know how jobs run, nor how they are stopped: it says in IPython's way what the classes
say in Python's.
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
from .manager import BackgroundJobManager, report
from .output import current, harmless, install_router, shown

_PAUSE = 0.2
"""How many seconds may pass until a waiting prompt is told of a job's end."""

_PATIENCE = 0.5
"""After how many seconds of waiting for jobs the end of the prompt says so."""

_LISTED = 10
"""How many jobs are named in a sentence."""

_STALLS = 10
"""How many stalls of the prompt are remembered until they are told: the newest."""


@magics_class
class JobMagics(Magics):  # type: ignore[misc]
    """The magics, for one shell. They work on the manager that the prompt calls `jobs`."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._own: BackgroundJobManager | None = None
        self._cells: list[BackgroundJobCell] = []
        self._shown: WeakSet[BackgroundJobBase] = WeakSet()
        # Added to by the thread of the watch.
        self._stalls: deque[stalls.Stall] = deque(maxlen=_STALLS)
        self._app: Any = None
        self._input: tuple[Any, Any] | None = None

    @property
    def _names(self) -> ChainMap[str, Any]:
        """The prompt's names; in a function where IPython is embedded, the module's stand behind."""
        return ChainMap(self.shell.user_ns, self.shell.user_global_ns)

    # Which manager, which job.

    @property
    def manager(self) -> BackgroundJobManager:
        """The prompt's `jobs` if it is a manager, else our own, called so if the name is free."""
        names = self.shell.user_ns
        named = names.get("jobs")
        if isinstance(named, BackgroundJobManager):
            return named
        if self._own is None:
            self._own = BackgroundJobManager()
            if "jobs" in names:
                print("`jobs` is a name of yours already; %jobs shows what %bg starts.")
        names.setdefault("jobs", self._own)
        return self._own

    def _managers(self) -> Iterator[BackgroundJobManager]:
        """Those that there are; looking for news makes none."""
        named = self.shell.user_ns.get("jobs")
        if isinstance(named, BackgroundJobManager):
            yield named
        if self._own is not None and self._own is not named:
            yield self._own

    def _jobs(self, words: list[str], magic: str) -> list[BackgroundJobBase]:
        """The jobs of these numbers; `UsageError` in one line for what is none."""
        known = self.manager.all
        there = f"there are {_listed(known)}" if known else "there are none, %bg f(x) starts one"
        if not words:
            raise UsageError(f"%{magic} takes the number of a job: {there}")
        found = []
        for word in words:
            try:
                found.append(known[int(word)])
            except ValueError:
                wants = f"%{magic} takes the number of a job, not {word}"
                raise UsageError(f"{wants}: {there}") from None
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
        """Starts a background job, and gives the prompt back at once.

            %bg [--daemon] [--process] expression

        evaluates an expression, as jobs.new("expression") does. The value of the magic is the
        job: job = %bg f(x), later job.result.

            %%bg [--daemon] [--process]
            statements

        runs a whole cell. It works on a copy of the prompt's names, taken when it starts: what it
        assigns, you do not see, and what you assign, it does not see; the objects are not copied.
        When it has ended without error, the names that it assigned are yours from the next prompt
        on, as after from cell import *. A name that you have bound anew meanwhile keeps your
        value, and the notice says so. job.names has all that it assigned, also if it failed;
        job.result is the value of its last line, if that is an expression. As with an import,
        functions that it defines go on with the cell's names, not with the prompt's. An await in
        it works, on an event loop of its own.

        --daemon    the end of the program does not wait for the job
        --process   the job gets a process of its own, and copies of what it refers to: no job in
                    C code then stalls the prompt, and %kill ends it for certain

        In %bg an expression that begins with -- goes in parentheses.
        """
        options, rest = _options(line)
        if cell is None:
            return self._start_expression(rest, options, local_ns)
        if rest:
            raise UsageError(f"after %%bg stand only options, not {rest}: code goes in the cell")
        return self._start_cell(cell, options)

    def _start_expression(self, text: str, options: dict[str, Any], local_ns: Any) -> Any:
        if not text:
            raise UsageError("%bg takes an expression: %bg f(x); statements go in a cell: %%bg")
        names = self.shell.user_global_ns
        try:
            return self.manager.new(text, names, local_ns, **options)
        except SyntaxError as error:
            raise UsageError(f"{text} is no expression ({error.msg}); statements go in a cell: %%bg") from None
        except PicklingError as error:
            raise UsageError(str(error)) from None

    def _start_cell(self, cell: str, options: dict[str, Any]) -> Any:
        shell = self.shell
        source = shell.transform_cell(cell)
        if not source.strip():
            raise UsageError("%%bg takes a cell, and this one is empty: put statements below it")
        # IPython has counted on by now, or has not, as its version goes; this is the number that the prompt showed.
        filename = shell.compile.cache(source, shell.displayhook.prompt_count, raw_code=cell)
        try:
            with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
                body, last = split(source, filename, shell.compile)
        except SyntaxError:
            shell.showsyntaxerror(filename)
            return None
        kind = BackgroundJobProcessCell if options.get("process") else BackgroundJobCell
        try:
            job = kind(cell, body, last, self._names)
        except PicklingError as error:
            raise UsageError(str(error)) from None
        job.daemon = options.get("daemon", False)
        self._cells.append(job)
        return self.manager.start(job)

    @line_magic  # type: ignore[untyped-decorator]
    def jobs(self, line: str) -> None:
        """Shows the jobs that run, that have completed, and that died, as jobs.status() does.

        %jobs
        """
        if line.strip():
            raise UsageError(f"%jobs takes nothing, not {line.strip()}; %log N shows one job's log")
        manager = self.manager
        if manager.all:
            manager.status()
        else:
            print("No jobs. %bg f(x) starts one.")

    @line_magic  # type: ignore[untyped-decorator]
    def fg(self, line: str) -> Any:
        """Waits for a job, and shows what it has printed and prints meanwhile.

            %fg N

        The value is the job's result; of a dead job the traceback is shown. Ctrl-C ends the
        waiting, and the job goes on.
        """
        job = self._job(line, "fg")
        if not self._show_until_end(job):
            return None
        self._shown.add(job)
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
        """Stops jobs, and says of each what came of it.

            %kill N [N ...]

        A job hears it when it next runs Python code. One that is in C code goes on until that
        returns, and then stops; the answer comes within a second in any case. A job in a process of
        its own is ended for certain.
        """
        for job in self._jobs(line.split(), "kill"):
            verdict = job.stop()
            if verdict.stopped:
                self._shown.add(job)
            print(f"Job #{job.num} {verdict}.")

    @line_magic  # type: ignore[untyped-decorator]
    def log(self, line: str) -> None:
        """Shows what a job has printed.

            %log N [-n K] [-f]

        -n K   only the newest K lines
        -f     goes on with what the job prints, until it ends or Ctrl-C
        """
        words = line.split()
        follow = "-f" in words
        words = [word for word in words if word != "-f"]
        count = _take_count(words)
        for word in words:
            if word.startswith("-") and not word[1:].isdecimal():
                raise UsageError(f"%log has -n and -f, no {word}")
        job = self._job(" ".join(words), "log")
        if follow:
            self._show_until_end(job, count)
        else:
            job.log.print(count)

    @line_magic  # type: ignore[untyped-decorator]
    def where(self, line: str) -> None:
        """Shows where a job is now: its stack of calls, with the lines of the source.

        %where N
        """
        print(self._job(line, "where").where())

    @line_magic  # type: ignore[untyped-decorator]
    def jobdebug(self, line: str) -> None:
        """Opens the debugger in the place where a dead job failed.

        %jobdebug N
        """
        job = self._job(line, "jobdebug")
        try:
            failures.debug(job)
        except ValueError as error:
            raise UsageError(str(error)) from None

    def _show_until_end(self, job: BackgroundJobBase, count: int | None = None) -> bool:
        """Shows a job's output until it ends; False if the user has had enough before."""
        try:
            for text in job.log.follow(tail=count):
                print(harmless(text))
        except KeyboardInterrupt:
            num = job.num
            print(f"Job #{num} goes on: %fg {num} waits again, %kill {num} stops it.")
            return False
        return True

    # Notices.

    def tell(self, *_: Any) -> None:
        """Prints what is new since it last did, and brings the names of cells back."""
        text = "".join(self._news(manager) for manager in self._managers())
        text += self._bring_back()
        while self._stalls:
            text += f"{self._stalls.popleft()}. %bg --process leaves the prompt free.\n"
        if text:
            # In one piece, so that a waiting prompt is drawn anew once.
            print(text, end="", flush=True)

    def _news(self, manager: BackgroundJobManager) -> str:
        if not manager._news.has_news():
            return ""
        return report([job for job in manager._news.look() if job not in self._shown])

    def _bring_back(self) -> str:
        """Brings back the names of cells that have ended; says so."""
        told = []
        ended = [cell for cell in self._cells if cell.done()]
        for job in ended:
            self._cells.remove(job)
            back, left = job.bring_back(self._names)
            if back:
                told.append(f"Job #{job.num} has set {', '.join(back)}.\n")
            for name in left:
                own = f"jobs[{job.num}].names[{name!r}]"
                told.append(f"{name} has changed since job #{job.num} began; its own is {own}.\n")
        return "".join(told)

    def farewell(self) -> None:
        """Says for which jobs the end of the prompt waits, if it takes a while; it would only seem to hang."""
        until = time.monotonic() + _PATIENCE
        for job in [job for manager in self._managers() for job in manager.running if not job.daemon]:
            job.join(max(until - time.monotonic(), 0))
        jobs = [job for manager in self._managers() for job in manager.running if not job.daemon]
        if jobs:
            named = ", ".join(f"#{job.num} ({shown(job)})" for job in jobs[:_LISTED])
            more = f" and {len(jobs) - _LISTED} more" if len(jobs) > _LISTED else ""
            print(f"Waiting for job {named}{more}. Ctrl-C leaves at once.", file=sys.stderr, flush=True)

    def attach(self, *_: Any) -> None:
        """Lets the prompt of prompt_toolkit, if that is the shell's, be told while it waits."""
        app = getattr(getattr(self.shell, "pt_app", None), "app", None)
        if app is not None and app is not self._app:
            self._app = app
            app.on_reset += self._watch

    def detach(self) -> None:
        """Undoes `attach`."""
        if self._app is not None:
            self._app.on_reset -= self._watch
            self._app = None

    def _watch(self, app: Any) -> None:
        if app.is_running:
            app.create_background_task(self._tell_while_it_waits())

    async def _tell_while_it_waits(self) -> None:
        # On the prompt's own loop, where printing draws above what is typed, and breaks nothing.
        while True:
            await asyncio.sleep(_PAUSE)
            self.tell()

    # The keyboard.

    def keep_keyboard(self) -> None:
        """Keeps `input`, and so the debugger, from jobs: two who read from one terminal leave it useless."""
        given = builtins.input

        @functools.wraps(given)
        def input(*args: Any) -> str:
            if current.get() is not None:
                raise EOFError("a job has no keyboard: give it as an argument what it would ask for")
            return given(*args)

        self._input = given, input
        builtins.input = input

    def give_keyboard_back(self) -> None:
        """Undoes `keep_keyboard`."""
        if self._input is not None and builtins.input is self._input[1]:
            builtins.input = self._input[0]

    # Completion.

    def matcher(self, context: Any) -> Any:
        """What Tab offers within a line of these magics: options, numbers of jobs, names."""
        found = re.match(r"\s*%{0,2}(\w+)\s", context.text_until_cursor)
        magic = found[1] if found and found[1] not in self.shell.user_ns else ""
        options, wanted = _OFFERED.get(magic, ((), None))
        offered: Iterable[str] = ()
        if context.token.startswith("-"):
            offered = options
        elif wanted is not None:
            jobs = [job for manager in self._managers() for job in manager.all.values()]
            offered = [str(job.num) for job in jobs if wanted(job)]
        elif magic == "bg" and context.token.isidentifier():
            # Jedi, which completes all else in an expression, does not see where this one begins.
            offered = sorted({*self.shell.user_global_ns, *vars(builtins)})
        texts = [text for text in offered if text.startswith(context.token)]
        completions = [SimpleNamespace(text=text, type=None) for text in texts]
        return {"completions": completions, "suppress": True, "ordered": True}

    # IPython asks for these to know its own kind of function.
    matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    matcher.matcher_identifier = "bgjobs"  # type: ignore[attr-defined]


def _options(line: str) -> tuple[dict[str, Any], str]:
    """What stands before the code of %bg, and the code."""
    options = {}
    rest = line.strip()
    while rest.startswith("--"):
        word, _, following = rest.partition(" ")
        if word not in ("--daemon", "--process"):
            raise UsageError(
                f"%bg has --daemon and --process, no {word}; an expression that begins so goes in parentheses"
            )
        options[word[2:]] = True
        rest = following.strip()
    return options, rest


def _take_count(words: list[str]) -> int | None:
    """Takes ``-n K`` out of the words of %log."""
    if "-n" not in words:
        return None
    at = words.index("-n")
    given = words[at + 1 : at + 2]
    if not given or not given[0].isdecimal():
        given = given or ["nothing"]
        raise UsageError(f"-n takes a number of lines, not {given[0]}: %log 0 -n 10")
    del words[at : at + 2]
    return int(given[0])


def _listed(numbers: Any, most: int = _LISTED) -> str:
    """Numbers for a sentence; of many the newest."""
    shown = [str(number) for number in sorted(numbers)]
    return ", ".join(["..."] * (len(shown) > most) + shown[-most:])


_OFFERED: dict[str, tuple[tuple[str, ...], Callable[[Any], bool] | None]] = {
    "bg": (("--daemon", "--process"), None),
    "fg": ((), lambda job: True),
    "kill": ((), lambda job: not job.done()),
    "log": (("-f", "-n"), lambda job: True),
    "where": ((), lambda job: not job.done()),
    "jobdebug": ((), lambda job: job.outcome in ("failed", "stopped")),
}


_unloaded: WeakKeyDictionary[Any, JobMagics] = WeakKeyDictionary()
"""What %reload_ext goes on with: its jobs must not be lost."""


def load_ipython_extension(shell: Any) -> None:
    """Gives a shell the magics, their completion and the notices."""
    magics = JobMagics(shell)
    before = _unloaded.pop(shell, None)
    if before is not None:
        magics._own, magics._cells, magics._shown = before._own, before._cells, before._shown
    shell.register_magics(magics)
    # Not only with the first job: who takes the streams in between, takes the routers.
    install_router()
    shell.Completer.custom_matchers.append(magics.matcher)
    shell.events.register("post_run_cell", magics.tell)
    shell.events.register("post_run_cell", magics.attach)
    magics.attach()
    if not hasattr(shell, "kernel"):
        magics.keep_keyboard()
        # A kernel's last words nobody sees.
        workers.farewell = magics.farewell
    workers.watch = stalls.Watch(magics._stalls.append).begin


def unload_ipython_extension(shell: Any) -> None:
    """Takes the magics and the notices away again; jobs go on."""
    magics = _unloaded[shell] = shell.magics_manager.registry.pop("JobMagics")
    shell.events.unregister("post_run_cell", magics.tell)
    shell.events.unregister("post_run_cell", magics.attach)
    magics.detach()
    magics.give_keyboard_back()
    workers.watch = workers.farewell = None
    shell.Completer.custom_matchers.remove(magics.matcher)
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
