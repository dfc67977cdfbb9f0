"""Exceptions that are not an `Exception`, and Ctrl-C."""

import os
import signal
import sys
import threading
import time

from conformance.seeing import Gate, finished, refused, show, until


class Own(BaseException):
    """A user's exception that is not an `Exception`."""


def ends_with(bg, exception):
    threading.excepthook = lambda given: print("excepthook:", given.exc_type.__name__)
    jobs = bg.BackgroundJobManager()

    def body():
        raise exception

    job = jobs.new(body)
    job.join(10)
    show(job.status, job.stat_code, job.finished, job.result, job.is_alive())
    show(len(jobs.running), len(jobs.completed), len(jobs.dead))


def a_job_that_exits(bg):
    ends_with(bg, SystemExit(3))


def a_job_that_raises_keyboard_interrupt(bg):
    ends_with(bg, KeyboardInterrupt())


def a_job_that_raises_generator_exit(bg):
    ends_with(bg, GeneratorExit())


def a_job_that_raises_a_users_base_exception(bg):
    ends_with(bg, Own("own"))


def a_job_that_raises_stop_iteration(bg):
    ends_with(bg, StopIteration(5))


def the_traceback_of_a_job_that_exits(bg):
    threading.excepthook = lambda given: None
    job = bg.BackgroundJobManager().new(sys.exit, 3)
    finished(job).traceback()


def ctrl_c_in_a_join(bg):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    main = threading.main_thread().ident

    def interrupt():
        # Not before the main thread sleeps inside the join.
        until(lambda: "join" in functions_of(main) and sleeps(main))
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    refused(job.join)
    show(job.is_alive(), job.status, job.finished)
    gate.open()
    until(lambda: job.finished)
    show(job.result)


def sleeps(thread):
    """Whether it is at the same instruction for a while."""
    seen = set()
    for _ in range(20):
        frame = sys._current_frames()[thread]
        seen.add((id(frame), frame.f_lasti))
        time.sleep(0.002)
    return len(seen) == 1


def functions_of(thread):
    names, frame = [], sys._current_frames().get(thread)
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
