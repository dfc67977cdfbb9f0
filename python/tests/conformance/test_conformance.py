"""Ours beside the original: each case shows the same, or the table has a row for the difference.

The original runs in a live `InteractiveShell` of the installed version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="needs the original")
if not hasattr(os, "fork"):
    pytest.skip("needs fork", allow_module_level=True)

from conformance import observe
from conformance.differences import DIFFERENCES

NAMES = [name for name, _ in observe.every_case()]


@pytest.fixture(scope="session")
def shown() -> dict[str, dict[str, str]]:
    """The transcripts of both modules, by name of the case."""
    running = {
        which: subprocess.Popen([sys.executable, observe.__file__, which], stdout=subprocess.PIPE, text=True)
        for which in observe.MODULES
    }
    written = {which: process.communicate()[0] for which, process in running.items()}
    assert [process.returncode for process in running.values()] == [0, 0]
    return {which: json.loads(text) for which, text in written.items()}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DIFFERENCES])
def test_ours_shows_what_the_original_shows(name: str, shown: dict[str, dict[str, str]]) -> None:
    assert shown["ours"][name] == shown["original"][name]


@pytest.mark.parametrize("name", sorted(DIFFERENCES))
def test_ours_differs_where_the_original_was_at_fault(name: str, shown: dict[str, dict[str, str]]) -> None:
    row = DIFFERENCES[name]
    assert shown["original"][name] == row.original, "the original no longer shows what the table says"
    assert shown["ours"][name] == row.ours, row.because


def test_each_row_names_a_case_and_both_sides_differ() -> None:
    for row in DIFFERENCES.values():
        assert row.case in NAMES
        assert row.original != row.ours


def test_no_case_fails_in_itself(shown: dict[str, dict[str, str]]) -> None:
    failing = [
        (which, name)
        for which, transcripts in shown.items()
        for name, text in transcripts.items()
        if "the case failed:" in text or "the case did not end" in text or "the process ended" in text
    ]
    assert failing == []


def test_the_folder_of_cases_is_read_whole() -> None:
    files = {path.stem for path in (Path(observe.__file__).parent / "cases").glob("*.py")} - {"__init__"}
    assert {name.split(".")[0] for name in NAMES} == files
