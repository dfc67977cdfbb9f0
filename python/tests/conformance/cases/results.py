"""The results of jobs."""

import asyncio

from conformance.seeing import Gate, add, fail, finished, refused, show


def a_result_is_the_object_itself(bg):
    jobs = bg.BackgroundJobManager()
    made = object()
    job = finished(jobs.new(lambda: made))
    show(job.result is made, jobs.result(0) is made, jobs[0].result is made)


def a_result_may_be_nothing(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(lambda: None))
    show(job.result, jobs.result(0), job.status)


def a_result_may_be_an_exception(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(lambda: ValueError("returned")))
    show(job.result, job.status)


def before_the_end_a_text_replaces_the_result(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    job = jobs.new(gate)
    gate.wait_for_entry()
    show(job.result, jobs.result(0))
    gate.open()
    show(finished(job).result)


def after_a_failure_a_text_replaces_the_result(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(fail))
    show(job.result, jobs.result(0))


def an_unknown_number_is_a_logged_error(bg):
    jobs = bg.BackgroundJobManager()
    jobs.new(add)
    show(jobs.result(99))
    show(jobs.result(-1))


def a_result_is_read_by_number(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new(lambda: "result", *()))
    job.strform = "text"
    show(jobs.result(job))


def a_result_may_be_replaced(bg):
    job = finished(bg.BackgroundJobManager().new(add))
    job.result = "replaced"
    show(job.result)


async def add_later(a, b):
    await asyncio.sleep(0)
    return a + b


def a_function_may_be_a_coroutine_function(bg):
    result = finished(bg.BackgroundJobManager().new(add_later, 1, 2)).result
    show(type(result).__name__)
    getattr(result, "close", int)()


def an_expression_may_await(bg):
    refused(lambda: finished(bg.BackgroundJobManager().new("await add_later(1, 2)", globals())).result)
