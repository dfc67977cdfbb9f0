"""The numbers that jobs get."""

from conformance.seeing import add, fail, finished, refused


def jobs_are_numbered_from_zero(bg):
    jobs = bg.BackgroundJobManager()
    print([jobs.new(add).num, jobs.new("1").num, jobs.new(fail).num])


def each_manager_has_its_own_numbers(bg):
    first, second = bg.BackgroundJobManager(), bg.BackgroundJobManager()
    print(first.new(add).num, second.new(add).num, first.new(add).num)


def a_refused_start_uses_no_number(bg):
    jobs = bg.BackgroundJobManager()
    refused(jobs.new, "1 +")
    refused(jobs.new, "1", {}, {}, {})
    refused(jobs.new, None)
    print(jobs.new(add).num, list(jobs.all))


def numbers_go_on_after_a_removal_and_a_flush(bg):
    jobs = bg.BackgroundJobManager()
    jobs.remove(finished(jobs.new(add)).num)
    finished(jobs.new(add))
    jobs.flush()
    print(jobs.new(add).num)


def a_job_without_a_manager_has_no_number(bg):
    print(bg.BackgroundJobFunc(add).num, bg.BackgroundJobExpr("1").num)
