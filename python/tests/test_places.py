"""Places in code: IPython's cells have the names that its own tracebacks give them."""

from __future__ import annotations

import re
import sys

import pytest
from hosts import kernel, plain

from bgjobs import BackgroundJobManager, failures, places

BODY = """\
import threading
here, lock = threading.Event(), threading.Lock()
lock.acquire()
def body():
    here.set()
    lock.acquire(True, 60)  # there
"""


def test_where_and_the_verdict_of_a_stop_name_the_cell(shell):
    number = shell.execution_count
    shell.see(BODY)
    shell.see("job = %bg body()")
    shell.see("here.wait(60)")
    *_, place, line = shell.see("%where 0").splitlines()
    assert (place, line) == (f"  Cell In[{number}], line 6, in body", "    lock.acquire(True, 60)  # there")
    assert f"in a C call at Cell In[{number}], line 6, in body, for at least" in shell.see("job.stop(timeout=0)")
    shell.see("lock.release()")


def test_the_statements_of_a_cell_are_in_no_function(shell):
    shell.see("import threading; here, lock = threading.Event(), threading.Lock(); lock.acquire()")
    number = shell.execution_count
    shell.see("%%bg\nhere.set()\nlock.acquire(True, 60)")
    shell.see("here.wait(60)")
    assert f"  Cell In[{number}], line 2\n    lock.acquire(True, 60)\n" in shell.see("%where 0")
    shell.see("lock.release()")


@pytest.mark.parametrize("options", ["", " --process"])
def test_the_lines_of_a_cell_are_counted_from_below_the_magic_as_ipython_counts_them(shell, options):
    body = "x = 1\ndef fails():\n    1 / 0\n\nfails()"
    theirs = re.findall(r"<timed exec>:(\d+)", shell.see(f"%%time\n{body}"))
    number = shell.execution_count
    shell.see(f"%%bg{options}\n{body}")
    ours = re.findall(rf"Cell In\[{number}\], line (\d+)", shell.see("jobs[0].join(); jobs.traceback(0)"))
    assert ours == theirs == ["5", "3"]


def test_the_traceback_of_a_process_names_the_cell(shell):
    number = shell.execution_count
    shell.see("def fails():\n    1 / 0  # here")
    shell.see("job = %bg --process fails()")
    job = shell.user_ns["job"]
    job.join()
    assert f"  Cell In[{number}], line 2, in fails\n" in job.remote_traceback
    assert f"Cell In[{number}], line 2, in fails\n" in failures.text_of(job)


def test_without_ipython_a_place_is_a_line_of_a_file(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    frame = sys._getframe()
    assert places.line_of(frame) == f"{__file__}:{frame.f_lineno}, in {frame.f_code.co_name}"
    text = '  File "<ipython-input-1-abc>", line 3, in <module>\n'
    assert places.with_cells(text) == text


def test_a_place_in_an_expression_is_a_line_of_it():
    def look():
        return places.line_of(sys._getframe(1))

    job = BackgroundJobManager().new("1 and \\\n look()", {"look": look})
    assert job.get() == "line 2 of its expression"


def test_in_a_kernel_no_place_is_a_temporary_file():
    pytest.importorskip("cloudpickle")
    with kernel() as k:
        k.run("%load_ext bgjobs")
        k.run(BODY)
        k.run("%bg body()")
        k.run("here.wait(60)")
        shown = k.text(k.run("%where 0\nprint(jobs[0].stop(timeout=0)); lock.release()"))
        assert shown.count("Cell In[2], line 6, in body") == 2, shown
        k.run("%%bg\nx = 1\n1 / 0")
        shown = k.text(k.run("jobs.wait(); jobs.traceback(1)"))
        assert "Cell In[6], line 2" in plain(shown), shown
        k.run("%%bg --process\nx = 1\n1 / 0")
        shown = k.text(k.run("jobs.wait(); jobs.traceback(2)"))
        assert "Cell In[8], line 2" in plain(shown), shown
        assert "ipykernel_" not in shown
