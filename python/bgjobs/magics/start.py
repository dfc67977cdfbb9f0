"""The magics that start jobs."""

from __future__ import annotations

import ast
from pickle import PicklingError
from typing import Any, Callable

from IPython.core.error import UsageError
from IPython.core.magic import line_cell_magic, line_magic, needs_local_scope, no_var_expand

from ..cells import BackgroundJobCell, BackgroundJobProcessCell, Code, split
from .base import REFUSED, Base
from .options import ALL, parse


class Start(Base):
    """%bg, %%bg and %rerun."""

    @needs_local_scope  # type: ignore[untyped-decorator]
    @no_var_expand  # type: ignore[untyped-decorator]
    @line_cell_magic  # type: ignore[untyped-decorator]
    def bg(self, line: str, cell: str | None = None, local_ns: Any = None) -> Any:
        """Starts a background job; the prompt returns at once.

            %bg [options] expression

        evaluates an expression, as jobs.new("expression") does. The magic returns the job:
        job = %bg f(x), later job.result. The expression may be a coroutine, f(x), or await one.

            %%bg [options]
            statements

        runs a whole cell. It works on a copy of the prompt's names, taken when it starts: you do
        not see what it assigns, and it does not see what you assign; the objects themselves are
        not copied. If it ends without error, the names that it assigned are yours before your next
        cell runs, as after from cell import *. A name that you have rebound meanwhile keeps your
        value, and the notice says so. job.names has everything that it assigned, even if it
        failed; job.result is the value of its last line, if that is an expression. As with an
        import, functions that it defines go on using the cell's names, not the prompt's. It may
        use await, on its own event loop.

        --daemon         the program ends without waiting for the job
        --process        the job gets a process of its own, and copies of what it refers to: its C
                         code can't stall the prompt, and %kill always ends it; an object that a
                         cell changes in place comes back if the cell assigns it too: df = df
        --keep           the process outlives this one: %attach k12 goes on with it in another kernel;
                         --time-limit then holds there too, and --daemon means nothing
        --on farm        runs it on an engine: jobs.engines["farm"], or the prompt's variable of that name
        --name fit       what the lists show
        --group net      the group whose limit it obeys; %limit net 2 sets that, %why 3 tells
        --priority 1     in its group, the higher start first
        --delay 5        starts it in 5 seconds
        --after 1,2      starts it when these jobs are done; --after-ended when they have ended
        --time-limit 60  stops it when it has run for 60 seconds
        --retry 3        calls it up to 3 times if it fails, with a pause of --backoff 1 seconds
                         before the second call, doubled before each further one
        --log-file fit.log   a new file for all that it prints; --log-bytes says how much %log holds

        In %bg, put an expression that begins with -- in parentheses.
        """
        if cell is None:
            return self._start_expression(line, local_ns)
        made = self._make_cell(line, cell, "%%bg")
        if made is None:
            return None
        _, start = made
        return start()

    def _start_expression(self, line: str, local_ns: Any) -> Any:
        options, text = self._parse(line, "%bg")
        if not text:
            raise UsageError("%bg takes an expression: %bg f(x); statements go in a cell: %%bg")
        starter = self._starter(options)
        expression = text.removesuffix(";").rstrip()
        try:
            job = starter.new(expression, self.shell.user_global_ns, local_ns)
        except SyntaxError as error:
            raise UsageError(f"{text} is not an expression ({error.msg}); statements go in a cell: %%bg") from None
        except (PicklingError, *REFUSED) as error:
            raise UsageError(str(error)) from None
        self._tell_kept(job)
        # As after any expression in IPython, a semicolon hides the value.
        return job if expression == text else None

    def _parse(self, line: str, magic: str) -> tuple[dict[str, Any], str]:
        options, rest = parse(line, magic, ALL)
        if "on" in options:
            options["on"] = self._target(options["on"])
        return options, rest

    def _make_cell(self, line: str, cell: str, magic: str) -> tuple[BackgroundJobCell, Callable[[], Any]] | None:
        """A cell as a job, and what starts and returns it; None if it does not compile, which its user was shown."""
        options, rest = self._parse(line, magic)
        if rest:
            raise UsageError(f"{magic} takes only options in its first line, not {rest}: code goes below it")
        shell = self.shell
        source = shell.transform_cell(cell)
        if not source.strip():
            raise UsageError(f"{magic} takes a cell, and this one is empty: put statements below it")
        # Some versions of IPython have incremented their count by now; this is the number that the prompt showed.
        filename = shell.compile.cache(source, shell.displayhook.prompt_count, raw_code=cell)
        try:
            with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
                code = split(source, filename, shell.compile)
        except SyntaxError:
            shell.showsyntaxerror(filename)
            return None
        if options.get("keep"):
            kept = self._keep_cell(cell, code, options)
            return kept, lambda: kept
        target, process = options.pop("on", None), options.pop("process", False)
        job_class = BackgroundJobProcessCell if process and target is None else BackgroundJobCell
        starter = self._starter(options)
        try:
            job = job_class(cell, *code, self.prompt.names)
            if target is not None:
                from ..engines import on_engine

                job = on_engine(job, target, {}, process)
        except PicklingError as error:
            raise UsageError(str(error)) from None
        self._expect_names(job)
        return job, lambda: starter.start(job)

    def _keep_cell(self, cell: str, code: Code, options: dict[str, Any]) -> Any:
        try:
            job: Any = self._starter(options).start(BackgroundJobCell(cell, *code, self.prompt.names))
        except (PicklingError, *REFUSED) as error:
            raise UsageError(str(error)) from None
        self._expect_names(job)
        self._tell_kept(job)
        return job

    @line_magic  # type: ignore[untyped-decorator]
    def rerun(self, line: str) -> Any:
        """Starts jobs again, each with the same body and options and a number of its own.

            %rerun 3

        The magic returns the new job, or a list if it starts several: %rerun failed starts all
        again that have failed. A cell gets the prompt's names as they are now. Without a
        selection: the newest job that has ended.
        """
        found, unknown = self._selected_or_newest(line, lambda job: job.done(), "no job has ended")
        if unknown:
            raise UsageError(f"{unknown}; nothing was started")
        try:
            again = [job._again(self.prompt.names) for job in found]
        except (TypeError, PicklingError) as error:
            raise UsageError(str(error)) from None
        started = [self.manager.start(job) for job in again]
        return started[0] if len(started) == 1 else started or None
