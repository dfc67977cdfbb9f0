"""The output of jobs."""

import sys

from conformance.seeing import Gate, finished


def a_job_prints(bg):
    gate = Gate()

    def body():
        gate()
        print("printed by the job")
        print("to stderr", file=sys.stderr)

    job = bg.BackgroundJobManager().new(body)
    print("printed before")
    gate.open()
    finished(job)
    print("printed after")
