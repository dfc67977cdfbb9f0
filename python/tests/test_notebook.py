"""A notebook, which knows no prompt: what its jobs show and what is told of them is under the cells that started them.

Nearly all tests share one kernel, because its start takes a second; the others say why they don't.
"""

from __future__ import annotations

import pytest
from hosts import kernel

pytest.importorskip("ipykernel")


def card(it, cell: str) -> str:
    return it.text(cell, "text/plain")


def test_in_an_idle_notebook_the_names_of_a_cell_come_back_and_its_card_says_so(it, tmp_path):
    go = tmp_path / "go"
    start = it.run(f"%%bg\nprint('from the job')\nhosts.wait_for_file(pathlib.Path({str(go)!r}))\nfound = 6 * 7")
    assert card(it, start) == "<BackgroundJob #0: print('from the job') ...>"
    assert "Running" in it.text(start, "text/html")
    go.touch()
    it.wait_text(start, "Names: Job #0 has set found.", "text/plain")
    assert "found" in it.complete("foun")
    assert "Status: Completed" in card(it, start)
    assert "Job #0 has set found." in it.text(start, "text/html")
    assert "Running" not in it.text(start, "text/html")
    assert it.text(start) == "from the job\n"
    assert it.outputs[it.run("pass")] == []


def test_a_name_that_was_rebound_is_told_on_the_card(it):
    it.run("kept = 1")
    start = it.run("%%bg\ngate.wait(60)\nkept = 2")
    it.run("kept = 3\ngate.set()")
    it.wait_text(start, "kept has changed since job #0 began; the job's value is jobs[0].names['kept'].", "text/plain")


def test_the_card_of_a_failed_cell_has_its_traceback_and_no_other_cell_tells_of_it(it):
    start = it.run("%%bg\ngate.wait(60)\ndef f(x):\n    return 1 / x\nf(0)")
    other = it.run("gate.set(); jobs[0].join()")
    it.wait_text(start, "ZeroDivisionError: division by zero", "text/plain")
    for kind in ("text/plain", "text/html"):
        shown = it.text(start, kind)
        assert "Dead (Exception)" in shown
        assert "return 1 / x" in shown, "the lines of the cell"
        assert "Cell In[" in shown or "Input In [" in shown
    assert it.outputs[other] == it.outputs[it.run("pass")] == []
    assert it.outputs[start][1:] == []


def test_the_card_of_a_stopped_job_says_why(it):
    start = it.run("%bg bgjobs.sleep(3600)")
    assert "Job #0 stopped" in it.text(it.run("%kill 0"))
    it.wait_text(start, "Failure: stopped by its user", "text/plain")
    assert "Traceback" not in card(it, start)


def test_a_card_that_is_shown_again_changes_wherever_it_is_shown(it):
    first = it.run("%bg gate.wait(60)")
    again = it.run("jobs[0]")
    it.run("gate.set(); jobs[0].join()")
    for cell in (first, again):
        it.wait_text(cell, "Status: Completed", "text/plain")
        assert len(it.outputs[cell]) == 1
    assert "Status: Completed" in card(it, it.run("jobs[0]"))


def test_a_card_has_the_log_where_its_job_does_not_print(it):
    home = it.run("%bg print('of the job') or gate.wait(60)")
    away = it.run("jobs[0]")
    it.run("gate.set(); jobs[0].join()")
    for cell in (home, away):
        it.wait_text(cell, "Completed", "text/html")
    assert it.text(home) == "of the job\n"
    assert "of the job</pre>" in it.text(away, "text/html")
    assert "of the job</pre>" not in it.text(home, "text/html")


def test_while_a_card_is_drawn_with_what_the_user_has_written_other_threads_show_theirs(it):
    it.run(
        """
        import contextvars
        jobs.new("1")
        class Odd:
            def __repr__(self):
                shown = threading.Event()
                other = threading.Thread(target=lambda: (display(jobs[0]), shown.set()), daemon=True)
                contextvars.copy_context().run(other.start)
                return f"odd, {shown.wait(60)}"
        """
    )
    start = it.run("%bg gate.wait(60) and Odd()")
    it.run("gate.set(); jobs[1].join()")
    it.wait_text(start, "Result: odd, True", "text/plain")


def test_a_job_without_a_card_is_told_under_its_own_cell(it):
    quiet = it.run("one = jobs.new('gate.wait(60)'); two = jobs.new('gate.wait(60) / 0')")
    carded = it.run("%bg gate.wait(60)")
    ending = it.run("gate.set(); jobs.wait()")
    it.wait_text(quiet, "Completed jobs:\n0 : gate.wait(60)\n\n")
    it.wait_text(quiet, "Dead, call jobs.traceback() for details jobs:\n1 : gate.wait(60) / 0\n\n")
    assert it.text(ending) == it.text(carded) == ""


def test_an_idle_notebook_is_told(it, tmp_path):
    go = tmp_path / "go"
    quiet = it.run(f"job = jobs.new(hosts.wait_for_file, pathlib.Path({str(go)!r}))")
    assert it.text(quiet) == ""
    go.touch()
    it.wait_text(quiet, "Completed jobs:\n0 : ")


def test_nothing_of_ours_is_in_what_a_cell_captures(it):
    quiet = it.run("job = jobs.new('gate.wait(60)')")
    capturing = it.run("%%capture captured\ngate.set(); jobs.wait()\nprint('mine')")
    it.wait_text(quiet, "Completed jobs:\n0 : gate.wait(60)\n\n")
    assert it.outputs[capturing] == []
    assert it.text(it.run("captured.stdout, captured.stderr, captured.outputs"), "text/plain") == "('mine\\n', '', [])"


def test_what_a_job_shows_while_another_cell_captures_is_under_its_own_and_in_its_log(it):
    start = it.run("%%bg\nbegun.set()\ngate.wait(60)\ndisplay(HTML('<b>mine</b>'))\nprint('printed')")
    it.run("%%capture captured\ngate.set(); jobs.wait()\nprint('of the cell')")
    it.wait_text(start, "<b>mine</b>", "text/html")
    it.wait_text(start, "printed\n")
    shown = it.run("captured.outputs, captured.stdout, list(jobs[0].log)")
    assert it.text(shown, "text/plain") == "([], 'of the cell\\n', ['printed'])"


def test_what_a_job_displays_and_clears_is_under_its_cell_and_its_card_stays(it):
    start = it.run(
        """
        %%bg
        gate.wait(60)
        display(HTML('<b>first</b>'))
        clear_output()
        display(HTML('<b>second</b>'))
        clear_output(wait=True)
        print('third')
        """.strip()
    )
    other = it.run("print('here'); gate.set(); jobs[0].join()")
    it.wait_text(start, "Status: Completed", "text/plain")
    it.wait_text(start, "third\n")
    assert [output["output_type"] for output in it.outputs[start]] == ["display_data", "stream"]
    assert it.text(other) == "here\n"
    assert len(it.outputs[other]) == 1


def test_an_error_of_what_a_job_displays_is_under_its_cell(it):
    it.run("class Broken:\n    def _repr_html_(self): raise LookupError('no picture')")
    start = it.run("%%bg\ngate.wait(60)\ndisplay(Broken())")
    other = it.run("gate.set(); jobs[0].join()")
    it.wait_text(start, "no picture", "error")
    it.wait_text(start, "Status: Completed", "text/plain")
    assert it.outputs[other] == []


def test_a_display_that_a_job_updates_is_its_own(it):
    start = it.run("%%bg\nh = display(HTML('<b>1</b>'), display_id=True)\ngate.wait(60)\nh.update(HTML('<b>2</b>'))")
    it.wait_text(start, "<b>1</b>", "text/html")
    other = it.run("gate.set(); jobs[0].join()")
    it.wait_text(start, "<b>2</b>", "text/html")
    assert "<b>1</b>" not in it.text(start, "text/html")
    assert it.outputs[other] == []


def test_a_job_that_another_starts_shows_things_under_the_same_cell(it):
    start = it.run(
        """
        %%bg
        def inner():
            print('inner')
            display(HTML('<i>inner</i>'))
        gate.wait(60)
        jobs.new(inner).join()
        """.strip()
    )
    other = it.run("gate.set(); jobs.wait()")
    it.wait_text(start, "<i>inner</i>", "text/html")
    it.wait_text(start, "inner\n")
    assert it.outputs[other] == []


def test_a_job_that_sets_the_parent_of_its_output_as_widgets_do_changes_nothing_for_others(it):
    start = it.run("%%bg\nip = get_ipython()\ngate.wait(60)\nip.set_parent(ip.get_parent())\nprint('of the job')")
    other = it.run("gate.set(); jobs[0].join(); print('mine'); display(HTML('<b>mine</b>'))")
    it.wait_text(start, "of the job\n")
    assert it.text(other) == "mine\n"
    assert "<b>mine</b>" in it.text(other, "text/html")


def test_a_job_can_show_things_under_another_cell(it):
    first = it.run("chosen = get_ipython().get_parent()")
    start = it.run("%%bg\nget_ipython().set_parent(chosen)\nprint('there')\ndisplay(HTML('<b>there</b>'))")
    it.wait_text(first, "there\n")
    it.wait_text(first, "<b>there</b>", "text/html")
    assert it.text(start) == ""


def test_what_a_job_captures_is_its_own(it):
    start = it.run(
        """
        %%bg
        from IPython.utils.capture import capture_output
        with capture_output() as seen:
            display(HTML('<b>hidden</b>'))
            print('hidden')
            begun.set()
            gate.wait(60)
        display(HTML('<b>shown</b>'))
        """.strip()
    )
    other = it.run("begun.wait(60); display(HTML('<b>mine</b>')); print('mine'); gate.set(); jobs[0].join()")
    it.wait_text(start, "<b>shown</b>", "text/html")
    assert "hidden</b>" not in it.text(start, "text/html")
    assert it.text(start) == ""
    assert "<b>mine</b>" in it.text(other, "text/html")
    assert it.text(other) == "mine\n"
    assert it.text(it.run("len(seen.outputs), seen.stdout"), "text/plain") == "(1, 'hidden\\n')"


def test_names_do_not_come_back_while_a_cell_awaits(it):
    it.run("%%bg\ngate.wait(60)\nlate = 1")
    shown = it.run(
        """
        import asyncio, bgjobs.magics.notebook as notebook
        interval, notebook._INTERVAL = notebook._INTERVAL, 0
        gate.set()
        while not jobs[0].done():
            await asyncio.sleep(0.01)
        for _ in range(20):
            await asyncio.sleep(0.001)
        print('late' in globals())
        notebook._INTERVAL = interval
        """
    )
    assert it.text(shown) == "False\n"
    assert it.text(it.run("late"), "text/plain") == "1"


def test_a_stall_is_told_under_the_cell_of_the_job_that_caused_it(it):
    it.run("job = jobs.new('gate.wait(60)')")
    start = it.run("%bg [sum(range(2 * 10**8)), None][1]")
    it.wait_text(start, "The prompt was stalled for ")
    assert "by job #1 ([sum(range(2 * 10**8)), None][1])" in it.text(start)


def test_a_job_has_the_address_of_its_cell_where_a_kernel_does_not_inherit_it():
    # It changes the package, so it needs a kernel of its own.
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport contextvars, threading, bgjobs.kernel\nfrom IPython.display import HTML")
        if it.text(it.run("print(hasattr(get_ipython(), 'set_thread_parent'))")) == "False\n":
            pytest.skip("this ipykernel has no other way to give a thread its address")
        start = it.run(
            """
            bgjobs.kernel.copy_context = contextvars.Context
            gate = threading.Event()
            def body():
                gate.wait(60)
                print('printed')
                display(HTML('<b>shown</b>'))
            job = jobs.new(body)
            """
        )
        captured = it.run("%%capture captured\njob = jobs.new(body)")
        other = it.run("gate.set(); jobs.wait()")
        for cell in (start, captured):
            it.wait_text(cell, "printed\n")
            it.wait_text(cell, "<b>shown</b>", "text/html")
        assert it.outputs[other] == []
