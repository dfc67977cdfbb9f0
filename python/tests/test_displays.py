"""IPython in the process of a job: displays, figures, magics and `!`, in a notebook and at a prompt.

A process that imports IPython takes half a second, one that imports matplotlib more. The tests in a notebook share one
kernel, because its start takes a second.
"""

from __future__ import annotations

import pytest
from hosts import kernel

from bgjobs import BackgroundJobManager
from bgjobs.displays import Displays

pytest.importorskip("IPython")


@pytest.fixture(scope="module")
def it():
    pytest.importorskip("ipykernel")
    with kernel() as it:
        it.run("%load_ext bgjobs\nfrom IPython.display import HTML, clear_output\nx = 3")
        yield it


def run(it, cell: str) -> str:
    """Runs a cell until its job has ended; returns its name."""
    name = it.run(cell)
    it.wait_text(name, "\nTime: ", "text/plain")
    it.run("pass")
    return name


def test_what_a_process_displays_is_under_its_cell_and_in_order_with_what_it_prints(it):
    cell = run(
        it, "%%bg --process\nprint('a')\ndisplay(HTML('<b>1</b>'))\nprint('b')\ndisplay(HTML('<b>2</b>'))\nprint('c')"
    )
    shown = [output.get("text") or output["data"]["text/html"] for output in it.outputs[cell][1:]]
    assert shown == ["a\n", "<b>1</b>", "b\n", "<b>2</b>", "c\n"]


def test_an_expression_in_a_process_displays_too_and_an_update_changes_what_is_shown(it):
    cell = run(it, "%bg --process display(HTML('<b>1</b>'), display_id=True).update(HTML('<b>2</b>'))")
    assert it.outputs[cell][1]["data"]["text/html"] == "<b>2</b>"
    assert len(it.outputs[cell]) == 2


def test_a_process_clears_what_it_has_shown_and_the_card_stays(it):
    cell = run(it, "%%bg --process\nprint('a')\ndisplay(HTML('<b>1</b>'))\nclear_output()\ndisplay(HTML('<b>2</b>'))")
    shown = [output["data"]["text/html"] for output in it.outputs[cell]]
    assert "Completed" in shown[0]
    assert shown[1:] == ["<b>2</b>"]


def test_the_figures_of_a_process_are_shown_at_show_and_at_its_end(it):
    pytest.importorskip("matplotlib")
    cell = run(
        it, "%%bg --process\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()\nprint('a')\nplt.plot([2]);"
    )
    assert ["image/png" in output.get("data", {}) for output in it.outputs[cell][1:]] == [True, False, True]


def test_magics_and_commands_work_in_a_process_with_the_names_of_the_prompt(it):
    cell = run(
        it, "%%bg --process\n!echo {x} and $x\ny = !echo two words\n%time z = x + 1\n%timeit -n1 -r1 sum(range(x))"
    )
    assert it.text(cell).startswith("3 and 3\n")
    assert "Wall time" in it.text(cell)
    assert "1 loop each" in it.text(cell)
    assert "Names: Job #" in it.text(cell, "text/plain")
    assert "has set y, z." in it.text(cell, "text/plain")
    assert it.text(it.run("y, z"), "text/plain") == "(['two words'], 4)"


def test_the_shell_of_the_prompt_is_in_a_process_the_shell_there(it):
    cell = run(it, "%%bg --process\nip = get_ipython()\nname = type(ip).__module__")
    assert "has set ip, name." in it.text(cell, "text/plain")
    assert it.text(it.run("name, ip is get_ipython()"), "text/plain") == "('bgjobs._shell', True)"


def test_a_process_that_displays_nothing_does_not_import_ipython(it):
    run(it, "%%bg --process\nimport sys\nimported = 'IPython' in sys.modules, 'multiprocessing' in sys.modules")
    assert it.text(it.run("imported"), "text/plain") == "(False, False)"


def test_what_a_process_forks_displays_text(it):
    cell = run(it, "%%bg --process\nimport os\nget_ipython()\nif os.fork():\n    os.wait()\nelse:\n    display(42)")
    assert it.text(cell) == "42\n"


def test_a_cell_that_fails_in_a_process_has_the_traceback_of_there_on_its_card(it):
    cell = run(it, "%%bg --process\ndef f(x):\n    return 1 / x\nf(0)")
    card = it.text(cell, "text/plain")
    assert "return 1 / x" in card
    assert card.count("Traceback (most recent call last)") == 1


def test_at_a_prompt_a_process_displays_text_in_its_log(shell):
    shell.see("%%bg --process\ndisplay([1, 2])\n!echo three\nprint('four')")
    job = shell.user_ns["jobs"][0]
    assert job.exception(60) is None
    assert list(job.log) == ["[1, 2]", "three", "four"]


def test_a_display_that_can_not_be_shown_fails_no_job_and_the_log_says_why(shell, monkeypatch):
    def fail(**_):
        raise LookupError("no screen")

    monkeypatch.setattr(shell.display_pub, "publish", fail)
    shell.see("%%bg --process\ndisplay(1)\nprint('on')")
    job = shell.user_ns["jobs"][0]
    assert job.exception(60) is None
    assert "LookupError: no screen" in list(job.log)
    assert "on" in list(job.log)


def test_a_manager_or_a_job_that_a_process_would_need_is_refused_in_words(shell):
    shell.see("other = jobs.new('1')")
    for name, kind in (("jobs", "a manager"), ("other", "a job")):
        shown = shell.see(f"%%bg --process\nprint({name})")
        assert f"the value of '{name}'" in shown
        assert f"({kind} stays in the process" in shown
        assert "_core" not in shown


def test_without_ipython_at_the_prompt_a_process_has_none():
    job = BackgroundJobManager().new("'display' in vars(__import__('builtins'))", process=True)
    assert job.get(60) is False


def test_what_was_printed_before_a_display_is_passed_on_first_and_its_sender_goes_on_after_it_is_shown():
    order = []
    with Displays(lambda method, arguments: order.append((method, arguments))) as displays:
        assert not displays.take(lambda: order.append("nothing"))
        displays._far.send(("publish", {"data": 1}))
        assert displays.take(lambda: order.append("printed"))
        assert displays._far.recv_bytes() == b""
        displays.begin()
        assert displays.take(lambda: order.append("nothing"))
        assert displays.fds() == [], "the other end is gone"
    assert order == ["printed", ("publish", {"data": 1})]
