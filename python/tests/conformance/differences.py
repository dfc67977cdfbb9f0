"""The intended differences between ours and the original: one row for each case, with both transcripts.

The suite asserts both sides, so a row that is no longer true fails. This module does not know how a case is run.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import IPython

#: The originals of IPython 8 and 9 differ in some rows.
IPYTHON = IPython.version_info[0]


@dataclass(frozen=True)
class Difference:
    """A case in which the two differ, and why."""

    case: str
    because: str
    original: str
    ours: str


def lines(*lines: str) -> str:
    """A transcript of these lines."""
    return "".join(f"{line}\n" for line in lines)


def _no_number() -> str:
    """The error of `%d` for `None`."""
    if sys.version_info >= (3, 15):
        return "format argument 1: %d requires a real number, not NoneType"
    real = "real " if sys.version_info >= (3, 10) else ""
    return f"%d format: a {real}number is required, not NoneType"


DEAD = "Dead (Exception), call jobs.traceback() for details"
NO_NUMBER = _no_number()
NO_RESULT = "<BackgroundJob died, call jobs.traceback() for details>"


def _rows() -> list[Difference]:
    rows = [
        Difference(
            "looking_up.a_number_as_text_is_refused",
            "the error says what finds the job",
            original=lines("AttributeError: 'str' object has no attribute 'num'"),
            ours=lines("KeyError: \"'0' is no number; jobs.select('0') finds jobs by what is typed after %jobs\""),
        ),
        Difference(
            "tracebacks.an_argument_that_is_neither_number_nor_job",
            "the error says what finds the job",
            original=lines("AttributeError: 'str' object has no attribute 'num'"),
            ours=lines("KeyError: \"'0' is no number; jobs.select('0') finds jobs by what is typed after %jobs\""),
        ),
        Difference(
            "removing.a_removed_job_is_looked_up",
            "a removed job is gone",
            original=lines("Dead jobs:", "0 : <function fail at 0x…>", "", "returned 0", "[0]"),
            ours=lines("Dead jobs:", "0 : <function fail at 0x…>", "", "KeyError: 0", "[]"),
        ),
        Difference(
            "removing.a_job_is_removed_twice",
            "a removed job is gone",
            original=lines("Completed jobs:", "0 : 1", "", "ValueError: list.remove(x): x not in list"),
            ours=lines(
                "Completed jobs:",
                "0 : 1",
                "",
                "# ERROR root: Job #0 not found",
                "! ERROR:root:Job #0 not found",
                "returned None",
            ),
        ),
        Difference(
            "tracebacks.a_dead_job_never_lacks_its_traceback",
            "a job that is seen dead has its traceback",
            original=lines("no traceback", "a traceback"),
            ours=lines("a traceback", "a traceback"),
        ),
        Difference(
            "starting.a_start_is_logged_for_debugging",
            "debug messages go to our own logger",
            original=lines(
                "# DEBUG root: Starting job # 0 in a separate thread.",
                "! DEBUG:root:Starting job # 0 in a separate thread.",
                "# DEBUG root: Starting job # 1 in a separate thread.",
                "! DEBUG:root:Starting job # 1 in a separate thread.",
            ),
            ours=lines(
                "# DEBUG bgjobs: Starting job # 0 in a separate thread.",
                "! DEBUG:bgjobs:Starting job # 0 in a separate thread.",
                "# DEBUG bgjobs: Starting job # 1 in a separate thread.",
                "! DEBUG:bgjobs:Starting job # 1 in a separate thread.",
            ),
        ),
        Difference(
            "starting.a_start_leaves_logging_alone",
            "a start installs no handler in the user's process",
            original=lines("[]", "1 handlers at the root"),
            ours=lines("[]", "0 handlers at the root"),
        ),
        Difference(
            "attributes.the_exception_of_a_dead_job",
            "the exception itself is available",
            original=lines("no exception"),
            ours=lines("ValueError('on purpose')"),
        ),
        Difference(
            "results.a_function_may_be_a_coroutine_function",
            "a coroutine runs",
            original=lines("'coroutine'"),
            ours=lines("'int'"),
        ),
        Difference(
            "results.an_expression_may_await",
            "a coroutine runs",
            original=lines("SyntaxError: 'await' outside function (<BackgroundJob compilation>, line 1)"),
            ours=lines("returned 3"),
        ),
        Difference(
            "attributes.a_job_without_a_number_has_a_text_but_no_representation",
            "a job can be shown before it has a number",
            original=lines("1 + 1", f"TypeError: {NO_NUMBER}"),
            ours=lines("1 + 1", "returned '<BackgroundJob #None: 1 + 1>'"),
        ),
        Difference(
            "starting.unknown_keywords_of_new",
            "new warns about keywords that it does not know",
            original=lines("3"),
            ours=lines(
                "! tests/conformance/cases/starting.py:LINE: UserWarning: "
                "jobs.new ignores c=: pass the function's keyword arguments as kw={...}, or use jobs.submit",
                "!   show(finished(jobs.new(add, c=5)).result)",
                "3",
            ),
        ),
        Difference(
            "expressions.keywords_of_new_are_not_names",
            "new warns about keywords that an expression does not get",
            original=lines(f"'{DEAD}'"),
            ours=lines(
                "! tests/conformance/cases/expressions.py:LINE: UserWarning: "
                "jobs.new ignores kw= with an expression: give its names as jobs.new(expression, names)",
                '!   show(finished(jobs.new("x", kw={"x": 1})).status)',
                f"'{DEAD}'",
            ),
        ),
        Difference(
            "printing.a_job_prints",
            "a job's output goes to its log, not between the lines of the prompt",
            original=lines("printed before", "printed by the job", "! to stderr", "printed after"),
            ours=lines("printed before", "printed after"),
        ),
        Difference(
            "subclasses.run_may_be_replaced",
            "a job ends however its body ends",
            original=lines("(0, 'Created') 'Created' 0 False '<BackgroundJob has not completed>'"),
            ours=lines("(1, 'Running') 'Completed' 2 True None"),
        ),
        Difference(
            "subclasses.a_job_that_forgot_init_can_not_be_started",
            "such a job starts anyway",
            original=lines("RuntimeError"),
            ours=lines("1"),
        ),
        Difference(
            "lists.a_list_that_the_user_holds_is_updated_when_the_manager_is_read",
            "a list is updated only when the manager is read, so that a start costs the same however many jobs run",
            original=lines("1", "1 0"),
            ours=lines("0", "1 0"),
        ),
        Difference(
            "subclasses.a_job_is_added_to_a_manager_by_hand",
            "users can't add to the list of running jobs",
            original=lines("True [7]", "[] [0, 7]", "Completed jobs:")
            + lines("0 : <function add at 0x…>", "7 : mine", "", "Flushing 2 Completed jobs."),
            ours=lines("True []", "[] [0]", "Completed jobs:")
            + lines("0 : <function add at 0x…>", "", "Flushing 1 Completed job."),
        ),
        Difference(
            "subclasses.run_without_a_thread_leaves_an_identity",
            "a job whose `run` was called directly has the identity of that thread",
            original=lines("False True"),
            ours=lines("True False"),
        ),
        Difference(
            "threads.a_name_is_given_read_and_set",
            "a thread is named after its job",
            original=lines("'Thread-N' True", "'a name'", "'5'", "'5'"),
            ours=lines("'BackgroundJob' True", "'a name'", "'5'", "'5'"),
        ),
    ]
    if sys.version_info < (3, 13):
        rows.append(
            Difference(
                "ends_of_all_kinds.ctrl_c_in_a_join",
                "an interrupted join leaves the job as it is",
                original=lines("KeyboardInterrupt: ", "False 'Running' False", "'passed'"),
                ours=lines("KeyboardInterrupt: ", "True 'Running' False", "'passed'"),
            )
        )
    if IPYTHON >= 9:
        rows += _rows_of_ipython_9()
    return rows


def _rows_of_ipython_9() -> list[Difference]:
    """Faults of 9: a job that raises no `Exception` is listed as running forever; without a shell no job starts."""
    for_ever = lines("'Running' 1 False '<BackgroundJob has not completed>' False", "1 0 0")
    dead = lines(f"'{DEAD}' -1 None '{NO_RESULT}' False", "0 0 1")
    rows = [
        Difference(
            f"ends_of_all_kinds.{case}",
            "a job ends however its body ends",
            original=lines(f"excepthook: {exception}") + for_ever,
            ours=dead,
        )
        for case, exception in (
            ("a_job_that_exits", "SystemExit"),
            ("a_job_that_raises_keyboard_interrupt", "KeyboardInterrupt"),
            ("a_job_that_raises_generator_exit", "GeneratorExit"),
            ("a_job_that_raises_a_users_base_exception", "Own"),
        )
    ]
    rows += [
        Difference(
            "ends_of_all_kinds.the_traceback_of_a_job_that_exits",
            "a job ends however its body ends",
            original=lines("None"),
            ours=lines(
                "-" * 75,
                "SystemExit                                Traceback (most recent call last)",
                "SystemExit: 3",
            ),
        ),
        Difference(
            "without_ipython.jobs_are_started",
            "works without a live shell",
            original=lines("TypeError"),
            ours=lines("3", "2", f"'{DEAD}'", "Completed jobs:", "0 : <function add at 0x…>", "1 : 1 + 1", "")
            + lines("Dead jobs:", "2 : <function fail at 0x…>", ""),
        ),
        Difference(
            "tracebacks.without_a_live_shell",
            "works without a live shell",
            original=lines("TypeError"),
            ours=lines(
                "Traceback for: <BackgroundJob #0: <class 'int'>>",
                "-" * 75,
                "ValueError                                Traceback (most recent call last)",
                "ValueError: invalid literal for int() with base 10: 'no number'",
                "",
                "Traceback for: <BackgroundJob #1: 1 / 0>",
                "-" * 75,
                "ZeroDivisionError                         Traceback (most recent call last)",
                "File <BackgroundJob compilation>:1",
                " …",
                "ZeroDivisionError: division by zero",
                "",
            ),
        ),
    ]
    return rows


DIFFERENCES = {row.case: row for row in _rows()}
