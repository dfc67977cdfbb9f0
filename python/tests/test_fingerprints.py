"""Fingerprints: they differ if, and only if, a value has changed in place."""

from __future__ import annotations

import functools
import threading
import types

from bgjobs.fingerprints import fingerprint


class Point:
    scale = 1

    def __init__(self, x):
        self.x = x
        self.callback = lambda: x


def test_a_change_anywhere_in_a_value_changes_its_fingerprint():
    value = {"points": [Point(1), Point([2])], "text": "a"}
    before = fingerprint(value)
    assert fingerprint(value) == before
    value["points"][1].x.append(3)
    assert fingerprint(value) != before
    value["points"][1].x.pop()
    assert fingerprint(value) == before


class Lazy:
    @functools.cached_property
    def total(self):
        return 3

    def __reduce__(self):
        return Lazy, (), (1, vars(self)) if vars(self) else (1,)


class Pandas:
    def __init__(self):
        self._cache = {}
        self.x = 1


def test_what_an_object_remembers_of_its_own_answers_is_no_change():
    value = [Lazy(), Pandas()]
    before = fingerprint(value)
    assert value[0].total == 3
    value[1]._cache["unit"] = "us"
    assert fingerprint(value) == before
    value[1].x = 2
    assert fingerprint(value) != before


def test_functions_classes_and_modules_are_constants():
    module = types.ModuleType("a")
    value = [Point, Point.__init__, module]
    before = fingerprint(value)
    module.x = Point.__init__.x = 2
    Point.scale = 2
    assert before is not None and fingerprint(value) == before
    value[0] = int
    assert fingerprint(value) != before


def test_a_value_that_cannot_be_pickled_has_none():
    assert fingerprint([threading.Lock()]) is None
