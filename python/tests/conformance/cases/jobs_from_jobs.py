"""Jobs that start, join and inspect jobs."""

from conformance.seeing import Gate, add, finished, show


def a_job_starts_a_job_and_waits_for_it(bg):
    jobs = bg.BackgroundJobManager()

    def body():
        inner = jobs.new(add, 20, 22)
        inner.join()
        return inner.num, inner.result

    job = finished(jobs.new(body))
    show(job.num, job.result, len(jobs.completed))


def jobs_wait_for_jobs_in_a_long_chain(bg):
    jobs = bg.BackgroundJobManager()

    def body(level):
        if level == 0:
            return 0
        inner = jobs.new(body, level - 1)
        inner.join()
        return inner.result + 1

    show(finished(jobs.new(body, 60)).result, len(jobs.completed), len(jobs.running))


def a_job_sees_itself_in_its_manager(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()

    def body():
        gate()
        running, reported = len(jobs.running), jobs._status_new()
        return jobs[0].status, running, reported, jobs.completed, jobs.result(0)

    job = jobs.new(body)
    gate.open()
    show(finished(job).result)


def one_job_passes_its_result_to_another(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    first = jobs.new(gate, "from the first")
    second = jobs.new(lambda: (first.join(), first.result)[1])
    gate.open()
    show(finished(second).result)


def a_job_uses_its_own_manager(bg):
    def body():
        inner = bg.BackgroundJobManager()
        finished(inner.new("1 / 0"))
        return inner.dead, inner.running

    show(finished(bg.BackgroundJobManager().new(body)).result)
