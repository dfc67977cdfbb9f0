from __future__ import annotations

import subprocess
import sys
import textwrap
import types

import pytest
from hosts import DEADLINE, environment

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


def test_the_package_imports_its_names_when_they_are_asked_for():
    code = """
        import sys, bgjobs
        assert "bgjobs.manager" not in sys.modules and set(bgjobs.__all__) < set(dir(bgjobs))
        assert bgjobs.Stopped is bgjobs.record.Stopped and bgjobs.progress is bgjobs.reporting.progress
        from bgjobs import *
        assert all(globals()[name] is getattr(bgjobs, name) for name in bgjobs.__all__)
        try:
            bgjobs.nothing
        except AttributeError as error:
            assert str(error) == "module 'bgjobs' has no attribute 'nothing'"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment(), check=True, timeout=DEADLINE)
