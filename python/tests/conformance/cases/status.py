"""The report of all jobs."""

from conformance.seeing import Gate, add, fail, finished, show


def nothing_is_printed_without_jobs(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.status())
    show(jobs())


def jobs_that_run(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    jobs.new(gate)
    jobs.new("gate()")
    jobs.status()
    gate.open()


def jobs_that_are_completed(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    finished(jobs.new("'text'"))
    jobs.status()
    jobs.status()


def jobs_that_are_dead(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1 / 0"))
    finished(jobs.new(fail))
    jobs.status()
    jobs()


def all_groups_at_once(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    jobs.new(gate)
    finished(jobs.new("1 / 0"))
    finished(jobs.new("1"))
    jobs.new("gate()")
    finished(jobs.new("2"))
    finished(jobs.new("2 / 0"))
    show(jobs.status())
    gate.open()


def verbose_is_accepted_and_ignored(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    jobs.status(0)
    jobs.status(verbose=0)
    jobs.status(verbose=5)


def a_status_empties_the_next_report(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    finished(jobs.new("1 / 0"))
    jobs.status()
    show(jobs._status_new())


def a_status_shows_the_present_text_of_the_job(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("1"))
    job.strform = "renamed"
    jobs.status()
    print(job, repr(job))


def long_texts_are_shown_whole(bg):
    jobs = bg.BackgroundJobManager()
    job = finished(jobs.new("'" + "long " * 50 + "'"))
    jobs.status()
    print(len(str(job)))


def texts_are_shown_as_they_are(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("'<b>é 文 100% {} %s'"))
    jobs.status()
    jobs._status_new()
    print(repr(jobs[0]))
