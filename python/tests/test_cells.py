from __future__ import annotations

import ast
import asyncio
import functools
import gc
import threading
import weakref
from collections import ChainMap

import pytest

from bgjobs import stopping
from bgjobs.cells import BackgroundJobCell, BackgroundJobProcessCell, split


def start(source, names):
    job = BackgroundJobCell(source, *split(source, "a cell"), names)
    job.num = 0
    job.start()
    return job


def run(source, names):
    job = start(source, names)
    job.join()
    return job


def test_a_cell_sees_the_prompts_names_and_brings_back_those_that_it_assigns():
    prompt = {"x": 2, "same": "as before"}
    job = run("y = x + 1\nx = 10\nsame = same", prompt)
    assert prompt == {"x": 2, "same": "as before"}, "no name comes back before `bring_back`"
    assert job.bring_back(prompt) == (["x", "y"], [])
    assert prompt == {"x": 10, "y": 3, "same": "as before"}
    assert job.names == {"x": 10, "y": 3}


def test_a_name_that_was_rebound_at_the_prompt_keeps_its_value_there():
    prompt = {"x": 2, "gone": 1}
    gate = threading.Event()
    job = start("gate.wait(60)\nx, y, z, gone = 'xyzg'", {**prompt, "gate": gate})
    prompt.update(x=3, y=4)
    del prompt["gone"]
    gate.set()
    job.join()
    assert job.bring_back(prompt) == (["z"], ["gone", "x", "y"])
    assert prompt == {"x": 3, "y": 4, "z": "z"}
    assert job.names == {"x": "x", "y": "y", "z": "z", "gone": "g"}


def test_a_name_with_the_same_value_at_the_prompt_is_no_news():
    prompt: dict = {"x": 1000.5}
    gate = threading.Event()
    job = start("gate.wait(60)\nimport decimal\nx, y, z = float('1000.5'), int('1000'), [1]", {**prompt, "gate": gate})
    exec("import decimal; y = 1000; z = [1]", prompt)
    gate.set()
    job.join()
    assert job.bring_back(prompt) == ([], ["z"]), "only plain values are compared"
    assert job.names.keys() == {"decimal", "x", "y", "z"}


@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(3): pass",
        "for n, (i, *rest) in []: pass\nfor i in [1]: i",
        "import contextlib\nwith contextlib.nullcontext(2) as i: pass",
        "for i in range(3):\n    def f():\n        i = 4\n",
    ],
)
def test_the_variable_of_a_loop_comes_back_but_is_no_news_if_the_prompt_has_rebound_it(loop):
    prompt: dict = {}
    assert "i" in run(loop, {}).bring_back(prompt)[0]
    job = run(loop, {})
    prompt = {"i": "mine"}
    assert job.bring_back(prompt)[1] == []
    assert prompt["i"] == "mine"
    assert "i" in job.names


def test_a_variable_of_a_loop_that_the_cell_assigns_elsewhere_is_news():
    job = run("best = None\nfor best in [1, 2]: pass", {})
    assert job.bring_back({"best": 3}) == ([], ["best"])


def test_the_names_that_python_itself_assigns_are_not_the_cells():
    job = run("import warnings\nwarnings.simplefilter('ignore')\nwarnings.warn('old')\nx: int = 1", {})
    assert job.names.keys() == {"warnings", "x"}


def test_the_prompts_last_output_is_left_alone():
    prompt: dict = {"_": 42}
    job = run("for _ in range(3): pass", prompt)
    assert job.bring_back(prompt) == ([], [])
    assert (prompt["_"], job.names["_"]) == (42, 2)


def test_names_come_back_into_the_first_of_two_scopes():
    # Like in an IPython that is embedded in a function.
    module, function = {"x": 1, "y": 1}, {"y": 2}
    prompt = ChainMap(function, module)
    job = run("x = x + y\ny = 5", prompt)
    assert job.bring_back(prompt) == (["x", "y"], [])
    assert (module, function) == ({"x": 1, "y": 1}, {"x": 3, "y": 5})


def test_names_come_back_only_once():
    prompt: dict = {}
    job = run("x = 1", prompt)
    assert job.bring_back(prompt) == (["x"], [])
    del prompt["x"]
    assert job.bring_back(prompt) == ([], [])
    assert prompt == {}


def test_no_name_of_a_failed_cell_comes_back_but_all_can_be_read():
    prompt = {"x": 1}
    job = run("x = 2\ny = 3\n1 / 0\nz = 4", prompt)
    assert job.bring_back(prompt) == ([], [])
    assert prompt == {"x": 1}
    assert job.names == {"x": 2, "y": 3}


def test_the_names_that_a_running_cell_has_assigned_can_be_read():
    here, gate = threading.Event(), threading.Event()
    job = start("x = 1\nhere.set()\ngate.wait(60)\ny = 2", {"here": here, "gate": gate})
    here.wait(60)
    assert job.names == {"x": 1}
    assert job.bring_back({}) == ([], [])
    gate.set()
    job.join()
    assert job.names == {"x": 1, "y": 2}


def test_the_result_is_the_value_of_the_expression_at_the_end():
    assert run("x = 6\nx * 7", {}).result == 42
    assert run("x = 6", {}).result is None


def test_functions_of_a_cell_see_each_other_and_go_on_using_the_cells_names():
    prompt: dict = {"scale": 2}
    source = "def f(n): return g(n)\ndef g(n): return f(n - 1) * scale if n else 1\nvalue = f(3)"
    job = run(source, prompt)
    job.bring_back(prompt)
    assert prompt["value"] == 8
    prompt["scale"] = 5
    assert prompt["f"](3) == 8


def test_a_cell_shares_objects_and_has_only_its_own_names():
    prompt: dict = {"found": []}
    job = run("found.append(1)", prompt)
    assert prompt == {"found": [1]}
    assert job.names == {}


def test_a_name_that_the_cell_deletes_stays_at_the_prompt():
    prompt = {"x": 1}
    job = run("del x", prompt)
    assert job.bring_back(prompt) == ([], [])
    assert prompt == {"x": 1}


def test_a_job_that_has_ended_holds_only_the_names_that_it_assigned():
    class Huge:
        pass

    prompt = {"huge": Huge()}
    gone = weakref.ref(prompt["huge"])
    job = run("x = 1", prompt)
    del prompt["huge"]
    gc.collect()
    assert gone() is None
    assert job.names == {"x": 1}


def test_a_cell_is_shown_by_its_first_line():
    assert str(run("\n  \nx = 1\ny = 2\n", {})) == "x = 1 ..."
    assert str(run("x = 1\n", {})) == "x = 1"


def test_a_cell_that_does_not_compile_is_refused_at_once():
    with pytest.raises(SyntaxError):
        split("x =", "a cell")


def awaiting(source):
    compiler = functools.partial(compile, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return split(source, "a cell", compiler)


def test_a_cell_that_awaits_is_stopped_at_once_where_it_is_and_keeps_its_names(monkeypatch):
    # So long that the test would fail by its limit of time.
    monkeypatch.setattr(stopping, "_COURTESY", 3600.0)
    begun = threading.Event()
    source = "x = 1\nasyncio.get_running_loop().call_soon(begun.set)\nawait asyncio.sleep(60)\nx = 2"
    names = {"asyncio": asyncio, "begun": begun}
    job = BackgroundJobCell(source, *awaiting(source), names)
    job.num = 0
    job.start()
    assert begun.wait(60)
    assert [line for line in job.where().splitlines() if "File" in line] == ['  File "a cell", line 3, in <module>']
    assert job.stop(timeout=30).stopped
    assert job.names == {"x": 1}


def test_a_cell_may_end_with_a_coroutine_which_is_awaited():
    names: dict = {"asyncio": asyncio}
    for before in ("", "await asyncio.sleep(0)\n"):
        source = before + "async def f():\n    global x\n    x = 3\n    return 42\nf()"
        for cell in (BackgroundJobCell, BackgroundJobProcessCell):
            job = cell(source, *awaiting(source), names)
            job.num = 0
            job.start()
            assert job.exception(60) is None
            assert (job.result, job.names["x"]) == (42, 3)


def run_there(source, names):
    job = BackgroundJobProcessCell(source, *split(source, "a cell"), names)
    job.num = 0
    job.start()
    job.join()
    return job


def test_a_cell_in_a_process_brings_back_the_names_it_assigns_and_changes_nothing_else():
    prompt: dict = {"x": 2, "found": [], "other": 0}
    source = "import os\ny = x + 1\nfound.append(y)\npid = os.getpid()\n"
    source += "def f(n): return n * y\nf(2)"
    job = run_there(source, prompt)
    assert job.exception() is None
    assert job.result == 6
    assert job.bring_back(prompt) == (["f", "os", "pid", "y"], [])
    assert prompt["pid"] != prompt["os"].getpid()
    assert prompt["found"] == []
    assert prompt["f"](5) == 15


def test_no_name_of_a_failed_cell_in_a_process_comes_back():
    prompt: dict = {}
    job = run_there("x = 1\n1 / 0", prompt)
    assert isinstance(job.exception(), ZeroDivisionError)
    assert job.bring_back(prompt) == ([], [])
    assert job.names == {}


def test_a_cell_in_a_process_says_which_names_cannot_be_sent_back():
    prompt: dict = {}
    job = run_there("x = 1\ngenerator = (n for n in 'abc')\nfor each in [generator]: pass", prompt)
    assert job.bring_back(prompt) == (["x"], [])
    [line] = job.log
    assert line.startswith("generator cannot be sent back from this process: ")


def test_a_cell_for_a_process_that_refers_to_an_unsendable_value_is_refused_at_once():
    import pickle

    with pytest.raises(pickle.PicklingError, match="the value of 'gate'"):
        run_there("gate.wait()", {"gate": threading.Lock()})


# What a cell in a process changes in place


class Box:
    def __init__(self):
        self.items = []


@pytest.mark.parametrize(
    "change",
    [
        "rows.append(2)",
        "rows[0] = 2",
        "def f(x): x.clear()\nf(rows)",
        "box.items.append(rows)\nrows += [2]",
        "del rows[:]",
    ],
)
def test_a_cell_in_a_process_knows_what_it_has_changed_in_place(change):
    names = {"rows": [1], "box": Box(), "other": [1]}
    job = run_there(f"{change}\nother, len(rows)", names)
    assert job.exception() is None
    assert job.changed == (["box"] if "box" in change else ["rows"])
    assert names["rows"] == [1]


def test_what_a_cell_in_a_process_changes_in_place_and_assigns_comes_back():
    prompt = {"rows": [1], "more": [1], "text": "a"}
    job = run_there("rows.append(2)\nrows = rows\nmore += [2]\ntext = text", prompt)
    assert job.changed == []
    assert job.bring_back(prompt) == (["more", "rows"], [])
    assert (prompt["rows"], prompt["more"]) == ([1, 2], [1, 2])


@pytest.mark.parametrize(
    "use",
    [
        "rows = sorted(rows)",
        "rows = None",
        "del rows",
        "len(rows)",
        "rows.append(2)\nrows = 3",
        "rows.append(2)\nrows.pop()",
    ],
)
def test_what_a_cell_in_a_process_only_reads_or_rebinds_is_not_changed(use):
    assert run_there(use, {"rows": [1]}).changed == []
