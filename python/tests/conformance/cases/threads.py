"""To all other code a job is a thread."""

import asyncio
import contextvars
import re
import sys
import threading
import warnings

from conformance.seeing import Gate, add, fail, finished, refusal, refused, show

variable = contextvars.ContextVar("variable")
local = threading.local()


def a_job_is_a_thread(bg):
    job = bg.BackgroundJobManager().new(add)
    show(isinstance(job, threading.Thread), issubclass(bg.BackgroundJobBase, threading.Thread))


def a_job_is_the_current_thread_of_its_body(bg):
    job = finished(bg.BackgroundJobManager().new(threading.current_thread))
    show(job.result is job)


def a_job_is_listed_among_the_threads_while_it_runs(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    gate.wait_for_entry()
    show(job in threading.enumerate(), threading.active_count())
    gate.open()
    finished(job)
    show(job in threading.enumerate(), threading.active_count(), threading.enumerate() == [threading.main_thread()])


def a_job_without_a_manager_is_listed_among_the_threads_while_it_runs(bg):
    gate = Gate()
    job = bg.BackgroundJobFunc(gate)
    show(job in threading.enumerate())
    job.start()
    show(job in threading.enumerate())
    gate.open()
    finished(job)
    show(job in threading.enumerate())


def identities_are_known_when_new_returns(bg):
    gate = Gate()

    def identities():
        gate()
        return threading.get_ident(), threading.get_native_id()

    job = bg.BackgroundJobManager().new(identities)
    before = job.ident, job.native_id
    show([type(it).__name__ for it in before])
    gate.open()
    show(finished(job).result == before, (job.ident, job.native_id) == before)


def identities_are_known_when_start_returns(bg):
    gate = Gate()
    job = bg.BackgroundJobFunc(gate)
    show(job.ident, job.native_id)
    job.start()
    show(type(job.ident).__name__, type(job.native_id).__name__, job.ident != threading.get_ident())
    gate.open()


def jobs_that_run_together_have_their_own_threads(bg):
    jobs = bg.BackgroundJobManager()
    gate = Gate()
    started = [jobs.new(gate) for _ in range(20)]
    show(len({job.ident for job in started}), len({job.native_id for job in started}))
    gate.open()


def is_alive_says_whether_it_runs(bg):
    gate = Gate()
    job = bg.BackgroundJobFunc(gate)
    show(job.is_alive())
    job.start()
    show(job.is_alive())
    gate.open()
    finished(job)
    show(job.is_alive())


def a_join_waits_for_the_end(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    show(job.join(0), job.join(0.01), job.join(timeout=0.01), job.join(-1), job.is_alive(), job.finished)
    gate.open()
    show(job.join(), job.is_alive(), job.finished)
    show(job.join(), job.join(1), job.join(None))


def a_join_with_a_wrong_timeout(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    try:
        job.join("soon")
    except TypeError:
        print("TypeError")
    gate.open()


def several_threads_may_join(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    waiting = [threading.Thread(target=job.join) for _ in range(5)]
    for thread in waiting:
        thread.start()
    gate.open()
    for thread in waiting:
        thread.join(10)
    show([thread.is_alive() for thread in waiting], job.result)


def a_job_may_not_join_itself(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(lambda: (gate(), refusal(job.join)))
    gate.open()
    show(finished(job).result)


def a_name_is_given_read_and_set(bg):
    job = bg.BackgroundJobFunc(add)
    show(re.sub(r"\d+", "N", job.name), job.name == job.getName() if hasattr(job, "getName") else True)
    job.name = "a name"
    show(job.name)
    job.name = 5
    show(job.name)
    job.start()
    show(finished(job).name)


def names_differ(bg):
    jobs = bg.BackgroundJobManager()
    show(len({jobs.new(add).name for _ in range(10)}))


def a_running_job_may_be_renamed(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(lambda: (gate(), threading.current_thread().name)[1])
    job.name = "renamed"
    gate.open()
    show(finished(job).result)


def the_old_names_of_the_accessors(bg):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        job = bg.BackgroundJobFunc(add)
        job.setName("old")
        job.setDaemon(True)
        show(job.getName(), job.isDaemon(), job.name, job.daemon)


def daemon_is_set_only_before_the_start(bg):
    gate = Gate()
    job = bg.BackgroundJobFunc(gate)
    job.daemon = True
    show(job.daemon)
    job.start()
    refused(setattr, job, "daemon", False)
    gate.open()
    finished(job)
    show(job.daemon)


def daemon_is_a_truth_value(bg):
    job = bg.BackgroundJobFunc(add)
    job.daemon = 1
    print(bool(job.daemon))


def daemon_is_not_set_on_a_job_of_a_manager(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    refused(setattr, job, "daemon", True)
    show(job.daemon)
    gate.open()


def threads_and_jobs_created_by_a_daemon_job_are_daemons(bg):
    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new(lambda: jobs.new(add).daemon, daemon=True)).result)
    show(finished(jobs.new(lambda: jobs.new(add, daemon=False).daemon, daemon=True)).result)
    show(finished(jobs.new(lambda: threading.Thread().daemon, daemon=True)).result)
    show(finished(jobs.new(lambda: jobs.new(add).daemon)).result)


def each_job_has_its_own_thread_locals(bg):
    jobs = bg.BackgroundJobManager()

    def visit(value):
        before = getattr(local, "value", None)
        local.value = value
        return before

    local.value = "main"
    show([finished(jobs.new(visit, number)).result for number in range(20)], local.value)


def each_job_has_an_empty_context(bg):
    jobs = bg.BackgroundJobManager()

    def visit(value):
        before = variable.get("none")
        variable.set(value)
        return before, len(contextvars.copy_context()) - 1

    variable.set("main")
    show({finished(jobs.new(visit, number)).result[0] for number in range(20)}, variable.get())


def no_job_has_an_event_loop(bg):
    jobs = bg.BackgroundJobManager()

    def visit():
        try:
            loop = asyncio.get_event_loop_policy().get_event_loop()
        except RuntimeError:
            loop = None
        asyncio.set_event_loop(asyncio.new_event_loop())
        return loop

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        show([finished(jobs.new(visit)).result for _ in range(5)])


def a_job_may_run_an_event_loop(bg):
    async def body():
        await asyncio.sleep(0)
        return "awaited"

    jobs = bg.BackgroundJobManager()
    show([finished(jobs.new(lambda: asyncio.run(body()))).result for _ in range(3)])


def tracing_sees_jobs(bg):
    jobs = bg.BackgroundJobManager()
    traced = []

    def trace(frame, event, argument):
        if frame.f_code.co_name == "add":
            traced.append(event)

    finished(jobs.new(add))
    threading.settrace(trace)
    finished(jobs.new(add))
    show(traced, finished(jobs.new(sys.gettrace)).result is trace)
    threading.settrace(None)
    show(finished(jobs.new(sys.gettrace)).result)


def profiling_sees_jobs(bg):
    jobs = bg.BackgroundJobManager()
    profiled = []

    def profile(frame, event, argument):
        if frame.f_code.co_name == "add":
            profiled.append(event)

    finished(jobs.new(add))
    threading.setprofile(profile)
    finished(jobs.new(add))
    show(profiled, finished(jobs.new(sys.getprofile)).result is profile)
    threading.setprofile(None)
    show(finished(jobs.new(sys.getprofile)).result)


def a_trace_function_of_one_job_is_not_that_of_the_next(bg):
    jobs = bg.BackgroundJobManager()

    def visit():
        before = sys.gettrace(), sys.getprofile()
        sys.settrace(lambda *event: None)
        sys.setprofile(lambda *event: None)
        return before

    show([finished(jobs.new(visit)).result for _ in range(5)])


def a_failure_does_not_reach_the_excepthook(bg):
    threading.excepthook = lambda given: print("excepthook:", given.exc_type)
    sys.excepthook = lambda *given: print("sys.excepthook:", given[0])
    show(finished(bg.BackgroundJobManager().new(fail)).status)


def the_stack_of_a_running_job_is_found_by_its_identity(bg):
    gate = Gate()
    job = bg.BackgroundJobManager().new(gate)
    gate.wait_for_entry()
    frame = sys._current_frames()[job.ident]
    names = []
    while frame:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    show("call" in names, "run" in names, "__call__" in names)
    gate.open()


def a_job_may_start_threads(bg):
    def body():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(threading.current_thread() is thread))
        thread.start()
        thread.join()
        return seen

    show(finished(bg.BackgroundJobManager().new(body)).result)


def a_job_takes_locks_as_its_own_thread(bg):
    jobs = bg.BackgroundJobManager()
    lock = threading.RLock()
    with lock:
        show(finished(jobs.new(lock.acquire, False)).result)
    show(finished(jobs.new(lambda: (lock.acquire(False), lock.release())[0])).result)


def a_recursion_has_the_usual_depth(bg):
    def deep(level):
        return level if level == 0 else deep(level - 1)

    def endless():
        return endless()

    jobs = bg.BackgroundJobManager()
    show(finished(jobs.new(deep, 700)).result)
    show(finished(jobs.new(endless)).status)
