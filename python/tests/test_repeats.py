"""What is sent of a function that is sent again and again: what it is at that moment, though it is pickled once."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("cloudpickle")

from bgjobs import repeats
from bgjobs.by_value import Pickler

Define = Callable[[str], Any]


@pytest.fixture
def define(monkeypatch: pytest.MonkeyPatch) -> Define:
    """Runs lines as those of `__main__`, and returns the names there."""
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)

    def define(lines: str) -> Any:
        exec(lines, vars(main))
        return main

    return define


@pytest.fixture(autouse=True)
def pickled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was pickled."""
    found: list[Any] = []
    dump = Pickler.dump
    monkeypatch.setattr(Pickler, "dump", lambda self, value: (found.append(value), dump(self, value))[1])
    return found


def sent(function: Any, *more: Any) -> Any:
    """The function as the other side has it, with what is sent after it."""
    file = io.BytesIO()
    pickler = repeats.begin(file, function)
    pickler.dump((function, *more))
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    unpickler.load()
    return unpickler.load()


def test_a_function_is_pickled_once_while_all_that_it_uses_stays_the_same(define: Define, pickled: list[Any]) -> None:
    main = define(
        "import os\nk = 2\ndef g(x, y=(1, 'a')): return f(x) + len(os.sep)\ndef f(x): return x and k * g(x - 1)\n"
    )
    for x in (1, 2):
        function, number = sent(main.f, x)
        assert (function(number), number) == (main.f(x), x)
    assert pickled.count(main.f) == 1


@pytest.mark.parametrize(
    "change",
    [
        "k = 3",
        "def g(x): return -x",
        "g.__defaults__ = (4,)",
        "g.__code__ = (lambda x, y=1: 5).__code__",
        "abs = float",
        "f.__kwdefaults__ = {'z': 7}",
        "a, b = 1, 2",
        "f.table = [1]",
    ],
)
def test_what_has_changed_since_is_sent_as_it_is(define: Define, change: str) -> None:
    main = define(
        "k, a, b = 2, 1, 1\n"
        "def g(x, y=1): return k * x + y\n"
        "def f(x, *, z=0): return g(x), abs(x), z, (a, b, 2), vars(f)\n"
    )
    for _ in range(2):
        assert sent(main.f)[0](1) == main.f(1)
        define(change)


def test_what_may_change_in_place_is_pickled_each_time(define: Define) -> None:
    main = define("rows = []\ndef f(): return rows")
    for _ in range(2):
        assert sent(main.f)[0]() == main.rows
        main.rows.append(1)


def test_what_is_sent_with_a_function_shares_what_it_shared_here(define: Define) -> None:
    main = define("count = 0\ndef up():\n    global count\n    count += 1\ndef f():\n    up()\n    return count")
    for _ in range(2):
        function, up = sent(main.f, main.up)
        up()
        assert function() == 2


def test_a_large_function_is_not_kept(define: Define) -> None:
    main = define("text = 'x' * 1_000_000\ndef f(): return len(text)")
    assert sent(main.f)[0]() == 1_000_000
    assert repeats._last is None or main.f not in repeats._last.uses


def test_functions_of_modules_are_sent_by_name() -> None:
    assert sent(os.getpid)[0] is os.getpid
    assert sent(sent)[0] is sent
