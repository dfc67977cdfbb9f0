"""`remove`."""

import logging

from conformance.seeing import Gate, add, fail, finished, refused, show


def a_completed_job_leaves_its_list(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    finished(jobs.new("2"))
    show(jobs.remove(0))
    show(jobs.completed)
    jobs.status()


def a_dead_job_leaves_its_list(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    show(jobs.remove(0))
    show(jobs.dead)
    jobs.traceback()


def a_job_whose_end_was_not_read_can_be_removed(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    job = jobs.new(gate)
    gate.open()
    finished(job)
    jobs.remove(0)
    show(jobs.completed, jobs.running)


def a_running_job_is_refused(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    jobs.new(gate)
    gate.wait_for_entry()
    show(jobs.remove(0))
    show(jobs.running, jobs.all)
    gate.open()


def a_refusal_obeys_the_settings_of_logging(bg):
    jobs = bg.BackgroundJobManager()
    logging.disable(logging.CRITICAL)
    show(jobs.remove(99))
    logging.disable(logging.NOTSET)
    logging.getLogger().setLevel(logging.CRITICAL)
    show(jobs.remove(98))


def a_refusal_reaches_the_handlers_of_logging(bg):
    jobs = bg.BackgroundJobManager()
    handler = logging.Handler()
    handler.emit = lambda record: print("handled:", record.levelname, record.name, record.getMessage())
    logging.getLogger().addHandler(handler)
    show(jobs.remove(99))


def an_unknown_number_is_a_logged_error(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.remove(99))
    jobs.new(add)
    show(jobs.remove(1))


def a_removed_job_is_looked_up(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(fail))
    jobs.status()
    jobs.remove(0)
    refused(lambda: jobs[0].num)
    print(sorted(jobs.all))


def a_job_is_removed_twice(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    jobs.status()
    jobs.remove(0)
    refused(jobs.remove, 0)


def a_job_is_not_a_number(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("1"))
    show(jobs.remove(job))
    show(len(jobs.completed))


def a_removed_job_still_works(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("1 + 1"))
    jobs.remove(0)
    show(job, job.num, job.result, job.status, job.finished)
