"""Fingerprints: they differ if, and only if, a value has changed in place."""

from __future__ import annotations

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
