"""What a list says about a job, in a few words."""

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest

from bgjobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc, BackgroundJobManager
from bgjobs.cells import BackgroundJobCell, split
from bgjobs.display import job_html, jobs_html
from bgjobs.labels import label, value


class Untouchable:
    """A value whose every method is slow or fails."""

    def __repr__(self) -> str:
        raise AssertionError("its repr was asked for")

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"its {name} was asked for")

    __str__ = __len__ = __iter__ = __bool__ = __hash__ = __repr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError("it was compared")


def fit(*args: object, **kwargs: object) -> None:
    """Stands for any function."""


def lambda_handler() -> None:
    """Is a function, whatever its name begins with."""


class Model:
    def train(self, *args: object) -> None:
        """Stands for any method."""

    @classmethod
    def load(cls, *args: object) -> None:
        """Stands for any method of a class."""

    def __call__(self, *args: object) -> None:
        """Makes it callable."""


class Large(Model):
    pass


def of_call(function: Any, *args: Any, **kwargs: Any) -> str:
    return label(BackgroundJobFunc(function, *args, **kwargs))


def of_cell(source: str) -> str:
    return label(BackgroundJobCell(source, *split(source, "a cell"), {}))


def test_a_call_shows_its_function_and_its_arguments():
    assert of_call(fit) == "fit()"
    assert of_call(fit, 3, lr=0.1) == "fit(3, lr=0.1)"
    assert of_call(fit, None, True, ..., 1j, b"ab", name="x\ny") == "fit(None, True, Ellipsis, 1j, b'ab', name='x\\ny')"


def test_a_function_is_named_as_it_was_defined():
    def inner() -> None:
        """Is within the test."""

    model = Large()
    assert of_call(inner) == "inner()"
    assert of_call(lambda_handler) == "lambda_handler()"
    assert of_call(lambda x, y=1: x, 3) == "(lambda x, y: ...)(3)"
    assert of_call(lambda: 1) == "(lambda: ...)()"
    assert of_call(Model) == "Model()"
    assert of_call(model.train, 3) == "Large.train(3)"
    assert of_call(Large.load, "a.bin") == "Large.load('a.bin')"
    assert of_call(Model.train, model) == "Model.train(<Large>)"
    assert of_call(model, 3) == "<Large>(3)"
    assert of_call(len, "abc") == "len('abc')"
    assert of_call([].append, 1) == "list.append(1)"
    assert of_call(str.upper, "a") == "str.upper('a')"
    assert of_call(functools.lru_cache(fit), 3) == "fit(3)"


def test_a_partial_call_is_shown_whole():
    half = functools.partial(functools.partial(fit, 1, lr=0.1, n=2), 3, lr=0.2)
    assert of_call(half, 4, x=5) == "fit(1, 3, 4, lr=0.2, n=2, x=5)"
    assert of_call(functools.partial(Model().train, 1)) == "Model.train(1)"


def test_functions_and_classes_as_arguments_are_named_too():
    assert of_call(fit, len, Model, Model().train, lambda x: x) == "fit(len, Model, Model.train, lambda x: ...)"


def test_the_value_of_a_users_class_is_named_by_its_class_and_not_looked_at():
    assert of_call(fit, Untouchable(), [Untouchable()]) == "fit(<Untouchable>, [<Untouchable>])"

    class Odd(type):
        def __eq__(cls, other: object) -> bool:
            raise AssertionError("the class was compared")

        def __hash__(cls) -> int:
            raise AssertionError("the class was hashed")

        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise AssertionError("the metaclass was asked for the name")

    class Made(metaclass=Odd):
        pass

    assert of_call(fit, Made(), Made) == "fit(<Made>, Made)"


def test_derived_classes_of_pythons_own_are_the_users():
    class Text(str):
        __repr__ = Untouchable.__repr__

    class Rows(list):
        __repr__ = Untouchable.__repr__

    assert of_call(fit, Text("a"), Rows([1])) == "fit(<Text>, <Rows>)"


VALUES = [
    (10**14, "100000000000000"),
    (10**100_000, "<int>"),
    (-(10**100_000), "<int>"),
    ("x" * 1_000_000, "'xxxxxxxxxxxxxxxxxxxx...'"),
    (b"x" * 1_000_000, "b'xxxxxxxxxxxxxxxxxxxx...'"),
    (bytearray(10**6), "<bytearray>"),
    (list(range(10**6)), "[0, 1, 2, ...]"),
    (dict.fromkeys(range(10**6)), "{0: None, 1: None, 2: None, ...}"),
    ((1,), "(1,)"),
    ((1, 2), "(1, 2)"),
    ({1}, "{1}"),
    ([], "[]"),
    ((), "()"),
    ({}, "{}"),
    (set(), "set()"),
    (frozenset(), "frozenset()"),
    ([[[[1]]]], "[[[...]]]"),
    (((((1,),),),), "(((...),),)"),
    (range(3), "<range>"),
    (threading, "<module>"),
    ((n for n in ()), "<generator>"),
]


@pytest.mark.parametrize(("of", "shown"), VALUES, ids=[shown for _, shown in VALUES])
def test_a_large_value_is_cut_or_named_by_its_class(of, shown):
    assert value(of) == shown


def test_a_container_that_holds_itself_is_cut():
    ring: list[object] = []
    ring.append(ring)
    assert value(ring) == "[[[...]]]"


def test_a_label_is_one_line_of_at_most_60_characters():
    assert of_call(fit, *["a" * 15] * 3, last="b" * 15) == "fit('aaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaa', ...)"
    assert of_call(fit, *range(100_000)) == "fit(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, ...)"
    fit.__qualname__, before = "f" * 10_000, fit.__qualname__
    try:
        assert of_call(fit, "a" * 30) == "f" * 37 + "...(...)"
    finally:
        fit.__qualname__ = before
    assert label(BackgroundJobExpr("fit(data,\n    rate)")) == "fit(data, rate)"
    assert label(BackgroundJobExpr("len('" + "w" * 10_000 + "')")) == "len('" + "w" * 52 + "..."


def test_control_characters_are_spelled_out():
    evil = "\x1b[2J\r\x07\u202e"
    fit.__qualname__, before = "f" + evil, fit.__qualname__
    try:
        shown = of_call(fit, evil, [evil.encode()], type(evil, (), {})(), **{evil: 1})
    finally:
        fit.__qualname__ = before
    texts = [shown, label(BackgroundJobExpr("'\x1b[2J\u202e'")), of_cell("x = '\x1b[2J'")]
    assert all(text.isprintable() for text in texts), texts


def test_a_cell_is_shown_by_its_first_line_that_is_not_an_import():
    assert of_cell("x = 1") == "x = 1"
    assert of_cell("x = 1\n") == "x = 1"
    assert of_cell("\n# Fits the model.\nfit()") == "# Fits the model. ..."
    assert (
        of_cell("import time\nfrom os import (\n    path,\n    sep,\n)\n\ntime.sleep(3)\nx = 1") == "time.sleep(3) ..."
    )
    assert of_cell("import time; time.sleep(3)") == "import time; time.sleep(3)"
    assert of_cell("import time\nimport os") == "import time ..."
    assert of_cell("x = '" + "a" * 100 + "'\ny = 1") == "x = '" + "a" * 48 + "..."


def test_the_users_own_text_is_the_label():
    class Greeting(BackgroundJobBase):
        def __init__(self, func):
            self.func = func
            self.strform = "greet everyone"
            self._init()

        def call(self):
            """Does nothing."""

    assert label(Greeting(fit)) == "greet everyone"
    job = BackgroundJobFunc(fit, 3)
    job.strform = "the third fit"
    assert label(job) == "the third fit"
    job._label = "fit of\nthree\x1b"
    assert label(job) == "fit of three\\x1b"


def test_a_job_in_a_process_has_the_label_of_its_body():
    jobs = BackgroundJobManager()
    call = jobs.new(pow, 2, 10, process=True)
    expression = jobs.new("1 +\\\n 1", {}, process=True)
    assert (label(call), label(expression)) == ("pow(2, 10)", "1 +\\ 1")
    call.join()
    expression.join()


def test_the_originals_texts_have_no_labels(capsys):
    jobs = BackgroundJobManager()
    job = jobs.new(fit, 3)
    job.join()
    jobs.status()
    jobs.new(fit).join()
    jobs._status_new()
    assert str(job) == str(fit) and repr(job) == f"<BackgroundJob #0: {fit}>"
    assert capsys.readouterr().out == f"Completed jobs:\n0 : {fit}\n\nCompleted jobs:\n1 : {fit}\n\n"


def test_tables_show_labels():
    jobs = BackgroundJobManager()
    jobs.new(fit, 3).join()
    jobs.new("len('" + "w" * 10_000 + "')", {}).join()
    table = jobs_html(jobs.all)
    assert "<td" in table and ">fit(3)</td>" in table and "w" * 53 not in table
    assert ">#0 fit(3)</td>" in job_html(jobs[0])
