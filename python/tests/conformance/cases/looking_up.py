"""`jobs[N]` and `jobs[job]`."""

from conformance.seeing import add, finished, refused, show


def by_number_and_by_job(bg):
    jobs = bg.BackgroundJobManager()
    job = jobs.new(add)
    show(jobs[0] is job, jobs[job] is job)


def a_missing_number_is_a_key_error(bg):
    jobs = bg.BackgroundJobManager()
    jobs.new(add)
    for number in (99, 1, -1):
        try:
            jobs[number]
        except KeyError as error:
            show(error.args)


def a_job_of_another_manager_is_looked_up_by_its_number(bg):
    jobs, others = bg.BackgroundJobManager(), bg.BackgroundJobManager()
    mine, other = jobs.new("'mine'"), others.new("'other'")
    show(jobs[other] is mine)


def a_truth_value_is_a_number(bg):
    jobs = bg.BackgroundJobManager()
    jobs.new("0"), jobs.new("1")
    show(jobs[True].num, jobs[False].num)


def an_object_without_a_number_is_an_attribute_error(bg):
    jobs = bg.BackgroundJobManager()
    jobs.new(add)
    for wrong in (0.0, None):
        refused(lambda wrong=wrong: jobs[wrong])


def a_number_as_text_is_refused(bg):
    jobs = bg.BackgroundJobManager()
    jobs.new(add)
    refused(lambda: jobs["0"])


def a_flushed_job_is_a_key_error(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new(add))
    jobs.status()
    jobs.flush()
    refused(lambda: jobs[0])
    show(jobs.all)


def a_job_without_a_manager_is_a_key_error(bg):
    jobs = bg.BackgroundJobManager()
    refused(lambda: jobs[bg.BackgroundJobFunc(add)])
