"""The three lists and the table of all jobs."""

from conformance.seeing import Gate, add, fail, finished, refused, show


def the_lists_are_lists(bg):
    jobs = bg.BackgroundJobManager()
    show(jobs.running, jobs.completed, jobs.dead, jobs.all)
    show([type(it).__name__ for it in (jobs.running, jobs.completed, jobs.dead, jobs.all)])


def each_list_stays_the_same_object(bg):
    jobs = bg.BackgroundJobManager()
    before = jobs.running, jobs.completed, jobs.dead, jobs.all
    gate = Gate()
    jobs.new(gate)
    finished(jobs.new("1"))
    finished(jobs.new("1 / 0"))
    print([a is b for a, b in zip(before, (jobs.running, jobs.completed, jobs.dead, jobs.all))])
    print([len(it) for it in before])
    jobs.flush()
    print([a is b for a, b in zip(before, (jobs.running, jobs.completed, jobs.dead, jobs.all))])
    print([len(it) for it in before])
    gate.open()


def a_list_holds_the_jobs_themselves(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    a, b, c = jobs.new(gate), finished(jobs.new(add)), finished(jobs.new(fail))
    show(jobs.running[0] is a, jobs.completed[0] is b, jobs.dead[0] is c, jobs.all[1] is b)
    gate.open()


def a_job_that_ends_moves_to_its_list(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    job, failing = jobs.new(gate), jobs.new(gate.fail)
    show(jobs.running, jobs.completed, jobs.dead)
    gate.open()
    finished(job)
    finished(failing)
    show(jobs.running, jobs.completed, jobs.dead)


def a_list_that_the_user_holds_is_updated_when_the_manager_is_read(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    held = jobs.running
    job = jobs.new(gate)
    show(len(held))
    gate.open()
    finished(job)
    show(len(jobs.completed), len(held))


def jobs_found_ended_by_one_read_are_listed_by_number(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    first = jobs.new(gate)
    finished(jobs.new("'second'"))
    gate.open()
    finished(first)
    show([job.num for job in jobs.completed])


def jobs_found_ended_by_two_reads_are_listed_by_read(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    first = jobs.new(gate)
    finished(jobs.new("'second'"))
    show([job.num for job in jobs.completed])
    gate.open()
    finished(first)
    show([job.num for job in jobs.completed])


def running_jobs_are_listed_by_number(bg):
    jobs = bg.BackgroundJobManager()
    gate, other = Gate(), Gate()
    started = [jobs.new(gate), jobs.new(other), jobs.new(gate)]
    show([job.num for job in jobs.running])
    other.open()
    finished(started[1])
    show([job.num for job in jobs.running])
    gate.open()


def the_table_holds_all_jobs_by_number(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    finished(jobs.new("1 / 0"))
    show(jobs.all)
    show(sorted(jobs.all), 0 in jobs.all, 5 in jobs.all)


def the_user_may_shorten_a_list(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    finished(jobs.new("2"))
    del jobs.completed[0]
    jobs.status()
    show(len(jobs.all))
    jobs.flush()


def the_user_may_forget_a_job_in_the_table(bg):
    jobs = bg.BackgroundJobManager()
    finished(jobs.new("1"))
    del jobs.all[0]
    refused(lambda: jobs[0])
    jobs.result(0)


def the_lists_can_not_be_replaced(bg):
    jobs = bg.BackgroundJobManager()
    for name in ("running", "completed", "dead"):
        try:
            setattr(jobs, name, [])
        except AttributeError:
            print("AttributeError")


def a_manager_may_be_derived_from(bg):
    class Mine(bg.BackgroundJobManager):
        def __init__(self):
            super().__init__()
            self.started = []

        def new(self, function, *args, **kwargs):
            job = super().new(function, *args, **kwargs)
            self.started.append(job.num)
            return job

    jobs = Mine()
    finished(jobs.new(add))
    finished(jobs.new("1 / 0", {}))
    jobs.status()
    show(jobs.started)
    jobs.note = "attributes of one's own"
    show(jobs.note)
