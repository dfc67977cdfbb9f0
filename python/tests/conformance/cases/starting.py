"""Function jobs, and objects that can't be started."""

import functools
import logging

from conformance.seeing import Gate, add, fail, finished, refused, show


class Callable:
    """An object with `__call__`."""

    def __call__(self, *args, **kwargs):
        return args, kwargs

    def method(self):
        return "called"

    def __repr__(self):
        return "a callable"


class CallableText(str):
    """A string that can be called; a job calls it."""

    def __call__(self):
        return "called"


def a_function_gets_its_arguments(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new(add)).result)
    show(finished(jobs.new(add, 3)).result)
    show(finished(jobs.new(add, 3, 4)).result)
    show(finished(jobs.new(add, "a", "b", "c")).result)


def keyword_arguments_are_given_as_a_dict(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new(add, 3, kw={"c": 7})).result)
    show(finished(jobs.new(add, kw={"a": 1, "b": 2})).result)
    show(finished(jobs.new(add, kw={})).result)
    show(finished(jobs.new(Callable(), 1, kw={"kw": 2, "daemon": 3})).result)


def the_dict_of_keyword_arguments_is_copied(bg):
    jobs = bg.BackgroundJobManager()
    gate, given = Gate(), {"result": "before"}
    job = jobs.new(gate, kw=given)
    given["result"] = "after"
    gate.open()
    show(finished(job).result, job.kwargs)


def keyword_arguments_that_are_not_a_mapping_are_refused(bg):
    jobs = bg.BackgroundJobManager()
    for wrong in (None, 5, [1]):
        try:
            jobs.new(add, kw=wrong)
        except TypeError:
            print("TypeError")
    show(jobs.all)


def wrong_arguments_make_a_dead_job(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(add, 1, 2, 3, 4))
    show(job.status, job.result)


def any_callable_is_started(bg):
    jobs = bg.BackgroundJobManager()
    it = Callable()
    show(finished(jobs.new(it, 1)).result)
    show(finished(jobs.new(it.method)).result)
    show(finished(jobs.new(len, "four")).result)
    show(finished(jobs.new(int, "7")).result)
    show(finished(jobs.new(functools.partial(add, 1), 2)).result)
    show(finished(jobs.new(lambda x: x * 2, 4)).result)
    show(finished(jobs.new(CallableText("1 + 1"))).result)


def the_text_shows_the_function_and_never_its_arguments(bg):
    jobs = bg.BackgroundJobManager()
    it = Callable()
    for function in (add, it, it.method, len, int, functools.partial(add, 1), lambda *given: 1, CallableText("text")):
        job = finished(jobs.new(function, *["an argument"] if function in (add, it) else []))
        print(str(job), "|", repr(job), "|", job.strform)


def a_function_whose_text_fails_is_refused(bg):
    class Silent:
        def __call__(self):
            return 1

        def __str__(self):
            raise ValueError("no text")

    jobs = bg.BackgroundJobManager()
    refused(jobs.new, Silent())
    show(jobs.all)


def a_function_job_is_not_daemon(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.new(add).daemon, jobs.new(add, daemon=False).daemon, jobs.new(add, daemon=True).daemon)
    show(jobs.new(add, daemon=0).daemon, jobs.new(add, daemon="yes").daemon)
    show(jobs.new("1").daemon, jobs.new("1", daemon=True).daemon)


def anything_else_is_refused(bg):
    jobs = bg.BackgroundJobManager()
    for wrong in (None, 5, b"1 + 1", [], {}, ("1",)):
        refused(jobs.new, wrong)
    show(jobs.all, jobs.running)


def a_job_itself_is_refused(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.new, bg.BackgroundJobFunc(add))


def a_start_needs_something_to_start(bg):
    jobs = bg.BackgroundJobManager()
    try:
        jobs.new()
    except TypeError:
        print("TypeError")


def the_class_of_function_jobs_refuses_an_object_that_is_not_callable(bg):
    refused(bg.BackgroundJobFunc, 5)
    refused(bg.BackgroundJobFunc, "1 + 1")


def new_returns_the_job(bg):
    jobs = bg.BackgroundJobManager()
    show(type(jobs.new(add)).__name__, type(jobs.new("1")).__name__)
    show(type(jobs.new(add)) is bg.BackgroundJobFunc, type(jobs.new("1")) is bg.BackgroundJobExpr)


def unknown_keywords_of_new(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new(add, c=5)).result)


def a_start_is_logged_for_debugging(bg):
    logging.basicConfig(level=logging.DEBUG)
    jobs = bg.BackgroundJobManager()
    jobs.new(add)
    jobs.new("1")


def a_start_leaves_logging_alone(bg):
    show(logging.getLogger().handlers)
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(fail))
    print(len(logging.getLogger().handlers), "handlers at the root")
