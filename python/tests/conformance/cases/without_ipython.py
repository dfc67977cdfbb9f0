"""The module in a process that has no live `InteractiveShell`."""

from conformance.seeing import add, fail, finished, show, without_a_shell


@without_a_shell
def jobs_are_started(bg):
    jobs = bg.BackgroundJobManager()
    try:
        show(finished(jobs.new(add)).result)
        show(finished(jobs.new("1 + 1")).result)
        show(finished(jobs.new(fail)).status)
    except TypeError:
        print("TypeError")
    jobs.status()
