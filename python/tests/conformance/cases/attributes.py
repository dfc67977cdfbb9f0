"""The attributes of a job."""

from conformance.seeing import Gate, add, fail, finished, refused, show


def the_constants_of_the_class(bg):
    base = bg.BackgroundJobBase
    show(base.stat_created, base.stat_running, base.stat_completed, base.stat_dead)
    show(base.stat_created_c, base.stat_running_c, base.stat_completed_c, base.stat_dead_c)


def the_public_names_of_the_module(bg):
    for name in ("BackgroundJobManager", "BackgroundJobBase", "BackgroundJobExpr", "BackgroundJobFunc"):
        show(getattr(bg, name).__name__, issubclass(getattr(bg, name), object))
    show(issubclass(bg.BackgroundJobExpr, bg.BackgroundJobBase), issubclass(bg.BackgroundJobFunc, bg.BackgroundJobBase))


def state_of(job):
    show(job.num, job.status, job.stat_code, job.finished, job.result, job.is_alive())


def a_job_not_started(bg):
    job = bg.BackgroundJobFunc(add)
    state_of(job)
    show(job.ident, job.native_id)


def a_running_job(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    gate.wait_for_entry()
    state_of(job)
    gate.open()


def a_completed_job(bg):
    state_of(finished(bg.BackgroundJobManager().new(add)))


def a_dead_job(bg):
    state_of(finished(bg.BackgroundJobManager().new(fail)))


def a_function_job_has_its_function_and_arguments(bg):
    job = finished(bg.BackgroundJobManager().new(add, 1, 2, kw={"c": 3}))
    show(job.func is add, job.args, job.kwargs)


def a_function_job_without_arguments(bg):
    job = finished(bg.BackgroundJobManager().new(add))
    show(job.args, job.kwargs)


def a_function_job_without_a_manager(bg):
    job = bg.BackgroundJobFunc(add, 1, c=5)
    show(job.args, job.kwargs)
    job.start()
    show(finished(job).result)


def arguments_may_be_changed_before_the_start(bg):
    job = bg.BackgroundJobFunc(add, 1)
    job.args = (5, 6)
    job.kwargs["c"] = 7
    job.start()
    show(finished(job).result)


def the_number_may_be_set(bg):
    job = bg.BackgroundJobFunc(add)
    job.num = 17
    show(job.num)
    print(repr(job).startswith("<BackgroundJob #17: "))


def a_job_without_a_number_has_a_text_but_no_representation(bg):
    job = bg.BackgroundJobExpr("1 + 1")
    print(job)
    refused(repr, job)


def users_own_attributes(bg):
    job = bg.BackgroundJobManager().new(add)
    job.note = "mine"
    show(job.note, vars(job)["note"])


def a_missing_attribute(bg):
    try:
        bg.BackgroundJobManager().new(add).nothing
    except AttributeError:
        print("AttributeError")


def the_exception_of_a_dead_job(bg):
    job = finished(bg.BackgroundJobManager().new(fail))
    try:
        show(job.exception())
    except AttributeError:
        print("no exception")


def a_job_equals_only_itself(bg):
    jobs = bg.BackgroundJobManager()
    one, other = jobs.new("1"), jobs.new("1")
    show(one == one, one == other, len({one, other, one}), one in [one], other in [one])
