"""What the process of a job finds in `__main__`, and the lines of its code: as where the job was started."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from hosts import environment, kernel, plain_prompt

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")
pytest.importorskip("cloudpickle")

DEFINITIONS = """\
import concurrent.futures, dataclasses, enum, functools, multiprocessing, pickle

@dataclasses.dataclass
class Point:
    x: int

class Color(enum.Enum):
    RED = 1

class Outer:
    class Inner:
        def __eq__(self, other): return type(self) is type(other)

@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)

def double(point): return Point(2 * point.x)
"""

BODY = """\
def body(method):
    there_and_back = pickle.loads(pickle.dumps([Point(1), Color.RED, Outer.Inner(), double, fib]))
    assert there_and_back == [Point(1), Color.RED, Outer.Inner(), double, fib]
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        first = pool.map(double, [Point(1)])
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return first + list(pool.map(double, [Point(2)])), fib(30)
"""

EXPECTED = "([Point(x=2), Point(x=4)], 832040)"


def run_script(folder, text: str) -> str:
    file = folder / "script.py"
    file.write_text(textwrap.dedent(text))
    done = subprocess.run([sys.executable, str(file)], env=environment(), capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def run_jobs(folder, definitions: str, *lines: str) -> str:
    """What a script prints that makes the definitions, and then does this."""
    end = "".join(
        f"    {line}\n" for line in ("from bgjobs import BackgroundJobManager as Jobs; jobs = Jobs()", *lines)
    )
    return run_script(folder, f"{definitions}\nif __name__ == '__main__':\n{end}")


# Starting a program again takes long.
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pickle_and_multiprocessing_find_the_names_of_a_script(tmp_path, method):
    shown = run_jobs(tmp_path, DEFINITIONS + BODY, f"print(jobs.new(body, '{method}', process=True).get())")
    assert shown == EXPECTED + "\n"


def test_multiprocessing_starts_its_processes_as_the_program_has_chosen(tmp_path):
    shown = run_jobs(
        tmp_path,
        "import multiprocessing",
        "multiprocessing.set_start_method('spawn')",
        "print(jobs.new(multiprocessing.get_start_method, process=True).get())",
    )
    assert shown == "spawn\n"


def test_pickle_and_multiprocessing_find_the_names_of_a_kernel_and_of_a_cell():
    with kernel() as k:
        k.run("%load_ext bgjobs")
        k.run(DEFINITIONS + BODY)
        shown = k.text(k.run("job = %bg --process body('fork')\nprint(job.get())"))
        assert EXPECTED in shown
        k.run("%%bg --process\n" + DEFINITIONS + BODY + "body('fork')")
        assert EXPECTED in k.text(k.run("print(jobs[1].get())"))
        assert "True" in k.text(k.run("print(jobs[1].get()[0][0] == Point(2))"))


def test_pickle_and_multiprocessing_find_the_names_of_ipython(shell):
    shell.see(DEFINITIONS + BODY)
    assert EXPECTED in shell.see("print(jobs.new(body, 'fork', process=True).get())")


def test_what_functools_and_typing_make_can_be_sent(tmp_path):
    definitions = """\
import functools, sys, typing

Number = typing.NewType("Number", int)

class Model:
    @functools.cached_property
    def score(self): return 1
    @functools.lru_cache
    def fit(self): return 2

@functools.singledispatch
def show(x): return "any"
@show.register
def _(x: int): return "int"

def body(x: Number): return Model().score, Model().fit(), show(Number(x))
if sys.version_info >= (3, 12):
    exec("type Alias[T] = list[T]; body.__annotations__['return'] = Alias")
"""
    shown = run_jobs(tmp_path, definitions, "print(jobs.new(body, 3, process=True).get())")
    assert shown == "(1, 2, 'int')\n"


def test_an_argument_is_found_by_its_name_too(tmp_path):
    definitions = "import pickle\nclass Model: pass\ndef body(f, model): return len(pickle.dumps([f(), model])) > 0"
    assert run_jobs(tmp_path, definitions, "print(jobs.new(body, Model, Model(), process=True).get())") == "True\n"


def test_a_class_of_a_result_is_the_one_that_was_sent_and_not_a_later_one_of_its_name(tmp_path):
    shown = run_jobs(
        tmp_path,
        "class Model: pass\ndef body(model): return model",
        "job = jobs.new(body, Model(), process=True)",
        "former = Model",
        "class Model: pass",
        "print(type(job.get()) is former)",
    )
    assert shown == "True\n"


def test_a_name_that_now_means_another_class_is_no_obstacle(tmp_path):
    shown = run_jobs(
        tmp_path,
        "class Model: pass",
        "model = Model()",
        "class Model: pass",
        "print(type(jobs.new(lambda: model, process=True).get()) is type(model))",
    )
    assert shown == "True\n"


def test_an_outer_class_that_cannot_be_sent_is_left_behind(tmp_path):
    definitions = "import threading\nclass Outer:\n    gate = threading.Lock()\n    class Inner: pass"
    shown = run_jobs(tmp_path, definitions, "print(type(jobs.new(Outer.Inner, process=True).get()) is Outer.Inner)")
    assert shown == "True\n"


def test_a_class_that_nothing_refers_to_is_not_there(tmp_path):
    shown = run_jobs(
        tmp_path,
        "import pickle\nclass Model: pass",
        "data = pickle.dumps(Model())",
        "print(type(jobs.new(pickle.loads, data, process=True).exception()).__name__)",
        "print(type(jobs.new(lambda: (Model, pickle.loads(data)), process=True).get()[1]).__name__)",
    )
    assert shown == "AttributeError\nModel\n"


def test_the_programs_file_is_known(tmp_path):
    shown = run_jobs(
        tmp_path,
        "def body():\n    import __main__\n    return __main__.__file__",
        "print(jobs.new(body, process=True).get())",
    )
    assert shown == f"{tmp_path / 'script.py'}\n"


# Lines


FAILING = """\
import functools

def logged(f):
    @functools.wraps(f)
    def wrapper(*args): return f(*args)
    return wrapper

class Model:
    @property
    def score(self): return self.fit(0)
    @staticmethod
    def divide(n): return 1 / n  # here
    @classmethod
    @logged
    def fit(cls, n): return [f(n) for f in [lambda n: cls.divide(n)]]

start = functools.partial(getattr, Model(), "score")
"""


def assert_has_lines(text: str, place: str) -> None:
    assert "dynamic-code" not in text
    for line in (10, 12, 15):
        assert place.format(line) in text, text
    assert "def divide(n): return 1 / n  # here" in text


def test_tracebacks_have_the_lines_of_a_script(tmp_path):
    shown = run_jobs(
        tmp_path, FAILING, "job = jobs.new(start, process=True); job.exception()", "print(job.remote_traceback)"
    )
    assert_has_lines(shown, f'File "{tmp_path / "script.py"}", line {{}}')


def test_tracebacks_have_the_lines_of_a_cell(shell):
    number = shell.execution_count
    shell.see(FAILING)
    shell.see("job = jobs.new(start, process=True); job.exception()")
    assert_has_lines(shell.see("print(job.remote_traceback)"), f"Cell In[{number}], line {{}}")


def test_tracebacks_have_the_lines_of_pythons_own_prompt():
    if sys.version_info < (3, 13):
        pytest.skip("this prompt remembers no lines")
    with plain_prompt() as it:
        it.type("from bgjobs import BackgroundJobManager as Jobs; jobs = Jobs()")
        it.type("f = lambda: 1 / 0  # here")
        it.type("job = jobs.new(f, process=True); error = job.exception()")
        assert "\n    f = lambda: 1 / 0  # here\n" in it.type("print(job.remote_traceback)")


def test_functions_that_come_back_have_their_lines(shell):
    shell.see("%%bg --process\ndef f():\n    return 1 / 0  # here")
    shell.see("jobs[0].join()")
    shown = shell.see("f()")
    assert "dynamic-code" not in shown
    assert "return 1 / 0  # here" in shown
