"""`flush`."""

import gc
import weakref

from conformance.seeing import Gate, add, fail, finished, refused, show


def nothing_to_flush(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.flush())


def one_completed_job(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    show(jobs.flush())
    show(jobs.completed, jobs.all)


def one_dead_job(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(fail))
    jobs.flush()
    show(jobs.dead, jobs.all)


def several_of_each(bg):
    jobs = bg.BackgroundJobManager()
    for body in (add, fail, add, fail, add):
        finished(jobs.new(body))
    jobs.flush()
    show(jobs.completed, jobs.dead, jobs.all)
    jobs.flush()


def running_jobs_stay(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    job = jobs.new(gate)
    gate.wait_for_entry()
    jobs.flush()
    finished(jobs.new(add))
    jobs.flush()
    show(jobs.running, jobs.all, jobs[0] is job)
    gate.open()
    finished(job)
    jobs.flush()
    show(jobs.all)


def a_flushed_job_still_works(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("1 + 1"))
    jobs.flush()
    show(job, job.num, job.result, job.status, job.finished)


def a_flush_after_a_removal(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    finished(jobs.new("2"))
    jobs.remove(0)
    jobs.flush()
    jobs.flush()


def a_reported_and_flushed_job_is_freed(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    job = weakref.ref(jobs[0])
    jobs._status_new()
    jobs.flush()
    gc.collect()
    show(job())


def a_flushed_job_is_looked_up(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    jobs.status()
    jobs.flush()
    jobs.result(0)
    jobs.remove(0)
    jobs.traceback(0)
    refused(lambda: jobs[0])
