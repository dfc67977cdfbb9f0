"""The jobs that have finished since the last report."""

from conformance.seeing import Gate, fail, finished, show


def nothing_is_reported_without_jobs(bg):
    show(bg.BackgroundJobManager()._status_new())


def running_jobs_are_not_reported(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    jobs.new(gate)
    show(jobs._status_new())
    gate.open()


def a_completed_job_is_reported_once(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    show(jobs._status_new())
    show(jobs._status_new())


def a_dead_job_is_reported_once(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    show(jobs._status_new())
    show(jobs._status_new())


def completed_jobs_are_reported_before_dead_ones(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    finished(jobs.new("1"))
    finished(jobs.new("2 / 0"))
    finished(jobs.new("2"))
    show(jobs._status_new())


def each_report_has_what_the_last_one_did_not(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    finished(jobs.new("1"))
    late = jobs.new(gate.fail)
    show(jobs._status_new())
    gate.open()
    finished(late)
    finished(jobs.new(fail))
    show(jobs._status_new())
    show(jobs._status_new())


def a_report_is_ordered_by_number(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    first = jobs.new(gate)
    finished(jobs.new("'second'"))
    gate.open()
    finished(first)
    jobs._status_new()


def a_report_is_in_the_order_of_the_looks_that_found_the_ends(bg):
    for look in ("running", "completed", "dead", "flush"):
        jobs = bg.BackgroundJobManager()
        gate = Gate()
        late, late_and_dead = jobs.new(gate), jobs.new(gate.fail)
        finished(jobs.new("'early'"))
        finished(jobs.new("1 / 0"))
        found = getattr(jobs, look)
        if look == "flush":
            found()
        gate.open()
        finished(late)
        finished(late_and_dead)
        show(look, jobs._status_new(), [job.num for job in jobs.completed + jobs.dead])


def reading_the_lists_does_not_count_as_a_report(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    show(len(jobs.completed), len(jobs.running), len(jobs.dead))
    show(jobs._status_new())


def a_flush_leaves_the_next_report_alone(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    jobs.flush()
    show(jobs._status_new())
    show(jobs._status_new())


def a_removal_leaves_the_next_report_alone(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    jobs.remove(0)
    show(jobs._status_new())


def the_result_of_an_unreported_job_after_a_flush(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    jobs.flush()
    try:
        show(jobs[0].result)
    except KeyError as error:
        print("KeyError", error)
