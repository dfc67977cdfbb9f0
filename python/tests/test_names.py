"""The names that code refers to, and copies of a namespace."""

from __future__ import annotations

import doctest
import math
import threading

import pytest

from bgjobs import names


def of(source: str, mode: str = "eval") -> set[str]:
    return names.referenced(compile(source, "<test>", mode))


def test_variables_functions_and_builtins_are_referred_to():
    assert of("f(x, y=z) + len(w)") == {"f", "x", "z", "len", "w"}


def test_attributes_are_not_referred_to():
    assert of("a.b.c(d).e") == {"a", "d"}


def test_a_lambda_counts_and_its_arguments_do_not():
    assert of("map(lambda i: g(i) + k, r)") == {"map", "g", "k", "r"}


def test_comprehensions_count_however_deep():
    assert of("[[h(i, j, p) for i in a] for j in b]") == {"h", "p", "a", "b"}
    assert of("{k: v + q for k, v in d.items() if k in s}") == {"q", "d", "s"}
    assert of("sum(x * m for x in xs)") == {"sum", "m", "xs"}


def test_a_lambda_in_a_default_argument_counts():
    assert of("lambda a=(lambda: t): a") == {"t"}


def test_a_name_only_bound_is_not_referred_to():
    assert of("[(y := 5)]") == set()


def test_statements_count_too():
    source = "import os\nfor i in items:\n    total = total + i\n"
    source += "class C(Base):\n    n = m\ndel gone\n"
    assert of(source, "exec") - {"__name__", "i", "os"} == {"items", "total", "Base", "m", "gone"}


def test_functions_defined_by_statements_count():
    assert of("def f(a, b=c):\n    return a + e\n", "exec") == {"c", "e"}


def test_a_function_uses_its_globals_and_its_closure():
    base = 10

    def inner(x):
        return math.sqrt(x) + base

    assert names.used_by(inner) == {"math": math, "base": 10}


def test_a_closure_not_yet_assigned_is_left_out():
    def make():
        def inner():
            return late

        found = names.used_by(inner)
        late = 1
        return found, late

    assert make()[0] == {}


def test_a_snapshot_holds_only_the_names_referred_to():
    space = {"x": 1, "y": 2, "z": 3}
    glob, loc = names.snapshot(compile("x + y.z", "", "eval"), space, space)
    assert glob == {"x": 1, "y": 2}
    assert glob is loc and glob is not space


def test_a_snapshot_does_not_see_names_rebound():
    space = {"x": [1]}
    code = compile("x", "", "eval")
    glob, loc = names.snapshot(code, space, space)
    space["x"] = "rebound"
    assert eval(code, glob, loc) == [1]


def test_a_shallow_snapshot_shares_the_values():
    space = {"x": [1]}
    glob, _ = names.snapshot(compile("x", "", "eval"), space, space)
    assert glob["x"] is space["x"]


def test_globals_and_locals_stay_apart_and_locals_win():
    glob, loc = names.snapshot(compile("x + y", "", "eval"), {"x": 1, "y": 2}, {"x": 10})
    assert (glob, loc) == ({"x": 1, "y": 2}, {"x": 10})
    assert eval("x + y", glob, loc) == 12


def test_locals_may_be_any_mapping():
    from collections import ChainMap

    _, loc = names.snapshot(compile("a + b", "", "eval"), {}, ChainMap({"a": 1}, {"b": 2, "c": 3}))
    assert loc == {"a": 1, "b": 2}


def test_builtins_given_by_the_user_are_in_the_snapshot():
    space = {"__builtins__": {"abs": lambda x: "mine"}, "__name__": "me"}
    glob, loc = names.snapshot(compile("abs(1)", "", "eval"), space, space)
    assert eval(compile("abs(1)", "", "eval"), glob, loc) == "mine"
    assert glob["__name__"] == "me"


def test_a_missing_name_is_the_expressions_own_error():
    glob, loc = names.snapshot(compile("nope", "", "eval"), {}, {})
    with pytest.raises(NameError, match="nope"):
        eval("nope", glob, loc)


def test_a_function_still_has_its_own_globals():
    space = {}
    exec("k = 1\ndef f(): return k", space)
    glob, _ = names.snapshot(compile("f()", "", "eval"), space, space)
    assert "k" not in glob
    space["k"] = 2
    assert eval("f()", glob) == 2


def test_a_deep_snapshot_copies_the_values():
    space = {"x": [[1]]}
    glob, _ = names.snapshot(compile("x", "", "eval"), space, space, deep=True)
    space["x"][0].append(2)
    assert glob["x"] == [[1]]


def test_the_copies_of_a_deep_snapshot_share_what_the_originals_share():
    inner = [1]
    glob, loc = names.snapshot(compile("a, b, c", "", "eval"), {"a": inner, "c": inner}, {"b": [inner]}, deep=True)
    assert glob["a"] is glob["c"] is loc["b"][0]
    assert glob["a"] is not inner


def test_a_deep_snapshot_does_not_copy_modules_functions_and_classes():
    space = {"math": math, "f": of, "C": threading.Thread}
    glob, _ = names.snapshot(compile("f(C, math)", "", "eval"), space, space, deep=True)
    assert glob["math"] is math and glob["f"] is of and glob["C"] is threading.Thread


def test_a_value_that_cannot_be_copied_is_named():
    space = {"ok": [1], "gate": [threading.Lock()]}
    with pytest.raises(TypeError, match=r"value of 'gate' \(a list\) cannot be copied"):
        names.snapshot(compile("ok, gate", "", "eval"), space, space, deep=True)


def test_a_value_that_is_not_referred_to_need_not_be_copyable():
    space = {"x": [1], "lock": threading.Lock()}
    glob, _ = names.snapshot(compile("x.lock", "", "eval"), space, space, deep=True)
    assert glob == {"x": [1]}


def test_the_examples_run():
    assert doctest.testmod(names).failed == 0
