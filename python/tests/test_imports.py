from __future__ import annotations

import sys
import types

import pytest

from bgjobs.imports import when_imported


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bgjobs_imported", raising=False)
    yield tmp_path / "bgjobs_imported.py"
    sys.modules.pop("bgjobs_imported", None)


def test_the_call_comes_at_the_end_of_the_import_and_once(source):
    source.write_text("value = 1\n")
    seen = []
    finders = list(sys.meta_path)
    when_imported("bgjobs_imported", lambda module: seen.append(module.value))
    assert seen == []
    import bgjobs_imported  # type: ignore[import-not-found]

    assert isinstance(bgjobs_imported, types.ModuleType)
    assert seen == [1]
    assert sys.meta_path == finders
    when_imported("bgjobs_imported", lambda module: seen.append(module.value + 1))
    assert seen == [1, 2]


def test_without_such_a_module_the_import_fails_as_always(source):
    when_imported("bgjobs_imported", print)
    with pytest.raises(ModuleNotFoundError, match="No module named 'bgjobs_imported'"):
        __import__("bgjobs_imported")
