"""The tracebacks of dead jobs."""

import contextlib
import io
import threading

import IPython
from conformance.seeing import Gate, add, fail, finished, refused, show, until, without_a_shell


def divide(a, b):
    """A body that fails on a separate line."""
    quotient = a / b
    return quotient


def outer(a):
    inner = a - 1
    return divide(inner, 0)


class Own(Exception):
    """A user's exception."""


def chained():
    try:
        divide(1, 0)
    except ZeroDivisionError as error:
        raise Own("while dividing") from error


def while_handling():
    try:
        divide(1, 0)
    except ZeroDivisionError:
        {}["missing"]


def unknown_name():
    return undefined_name  # noqa: F821


def unknown_attribute():
    return [].pushed


def wrong_source():
    compile("1 +", "a file", "exec")


def deep(level):
    if level == 0:
        raise Own("deep")
    deep(level - 1)


def without_text():
    raise Own


def several_lines():
    raise Own("first line\nsecond line")


def failing_text():
    class Silent(Exception):
        def __str__(self):
            raise ValueError("no text")

    raise Silent


def traceback_of(bg, body, *args):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(body, *args))
    jobs.traceback(0)


def the_failure_of_a_function(bg):
    traceback_of(bg, outer, 1)


def the_failure_of_an_expression(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    finished(jobs.new("[outer(x) for x in (1,)]"))
    jobs.traceback(0)
    jobs.traceback(1)


def the_failure_of_a_lambda(bg):
    traceback_of(bg, lambda: divide(1, 0))


def the_failure_of_a_builtin(bg):
    traceback_of(bg, int, "no number")


def the_failure_of_a_wrong_call(bg):
    traceback_of(bg, divide, 1)


def a_chain_of_causes(bg):
    traceback_of(bg, chained)


def a_failure_while_handling_another(bg):
    traceback_of(bg, while_handling)


def an_unknown_name(bg):
    traceback_of(bg, unknown_name)


def an_unknown_attribute(bg):
    traceback_of(bg, unknown_attribute)


def a_syntax_error_in_the_body(bg):
    traceback_of(bg, wrong_source)


def a_deep_failure(bg):
    traceback_of(bg, deep, 9)


def a_failure_without_a_message(bg):
    traceback_of(bg, without_text)


def a_failure_of_several_lines(bg):
    traceback_of(bg, several_lines)


def a_failure_whose_message_fails(bg):
    traceback_of(bg, failing_text)


def a_traceback_by_job_by_number_and_by_the_job_itself(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(fail))
    show(jobs.traceback(job))
    show(jobs.traceback(0))
    show(job.traceback())


def all_tracebacks(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(fail))
    finished(jobs.new(add))
    finished(jobs.new("1 / 0"))
    show(jobs.traceback())


def all_tracebacks_when_there_are_none(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    show(jobs.traceback())


def reading_tracebacks_does_not_count_as_a_report(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    jobs.traceback()
    show(jobs._status_new())


def an_unknown_number_is_a_logged_error(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.traceback(99))


def a_job_of_another_manager_is_looked_up_by_its_number(bg):
    jobs, others = bg.BackgroundJobManager(), bg.BackgroundJobManager()
    other = finished(others.new(fail))
    jobs.traceback(other)
    finished(jobs.new("1 / 0"))
    jobs.traceback(other)


def an_argument_that_is_neither_number_nor_job(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.traceback, "0")


def a_job_that_did_not_fail_has_no_traceback(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    running, completed = jobs.new(gate), finished(jobs.new(add))
    completed.traceback()
    jobs.traceback(1)
    running.traceback()
    gate.open()


def a_dead_job_never_lacks_its_traceback(bg):
    printed = threading.Event()

    class Slow(Exception):
        def __str__(self):
            # The first look at the job comes while its own thread formats the traceback, if it does.
            if threading.current_thread() is job:
                printed.wait(5)
            return "slowly"

    entered = Gate()

    def body():
        entered()
        raise Slow

    job = bg.BackgroundJobManager().new(body)
    entered.open()
    until(lambda: job.stat_code == job.stat_dead_c)
    print("no traceback" if says_none(job) else "a traceback")
    printed.set()
    finished(job)
    print("no traceback" if says_none(job) else "a traceback")


def says_none(job):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        job.traceback()
    return printed.getvalue() == "None\n"


def the_failure_of_a_subclass(bg):
    class Mine(bg.BackgroundJobBase):
        strform = "mine"

        def __init__(self):
            self._init()

        def call(self):
            return divide(1, 0)

    job = Mine()
    job.start()
    finished(job).traceback()


def in_mode(bg, mode):
    IPython.get_ipython().InteractiveTB.set_mode(mode)
    traceback_of(bg, outer, 1)


def in_plain_mode(bg):
    in_mode(bg, "Plain")


def in_verbose_mode(bg):
    in_mode(bg, "Verbose")


def in_minimal_mode(bg):
    in_mode(bg, "Minimal")


def in_colours(bg):
    IPython.get_ipython().run_line_magic("colors", "Linux" if IPython.version_info[0] < 9 else "linux")
    traceback_of(bg, outer, 1)
    traceback_of(bg, chained)


def of_a_cell(bg):
    shell = IPython.get_ipython()
    jobs = bg.BackgroundJobManager()
    shell.user_ns.update(jobs=jobs, finished=finished)
    shell.run_cell("def f(x):\n    return 1 / x\n", store_history=True)
    shell.run_cell("a = finished(jobs.new(f, 0)); b = finished(jobs.new('f(0)'))", store_history=True)
    jobs.traceback()


@without_a_shell
def without_a_live_shell(bg):
    jobs = bg.BackgroundJobManager()
    try:
        finished(jobs.new(int, "no number"))
        finished(jobs.new("1 / 0"))
    except TypeError:
        print("TypeError")
    jobs.traceback()
