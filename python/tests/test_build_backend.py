"""The build backend: what pip says where the package can't be built."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

HOOKS = [
    ("get_requires_for_build_wheel", ()),
    ("get_requires_for_build_editable", ()),
    ("prepare_metadata_for_build_wheel", ("folder",)),
    ("prepare_metadata_for_build_editable", ("folder",)),
    ("build_wheel", ("folder",)),
    ("build_editable", ("folder",)),
]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("maturin")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    monkeypatch.delitem(sys.modules, "build_backend", raising=False)
    import build_backend

    return build_backend


@pytest.mark.parametrize("hook, arguments", HOOKS)
def test_a_build_for_a_free_threaded_python_ends_with_one_sentence(backend, hook, arguments, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 1}.get)
    with pytest.raises(SystemExit) as ended:
        getattr(backend, hook)(*arguments)
    assert ended.value.code == (
        "bgjobs does not run on a free-threaded Python (3.14t and the like): "
        "install it with the default build of Python"
    )


@pytest.mark.parametrize("hook, arguments", HOOKS)
def test_any_other_build_is_maturins(backend, hook, arguments, monkeypatch):
    import maturin

    monkeypatch.setattr(sysconfig, "get_config_var", {"Py_GIL_DISABLED": 0}.get)
    monkeypatch.setattr(maturin, hook, lambda *given: (hook, given[: len(arguments)]))
    assert getattr(backend, hook)(*arguments) == (hook, arguments)
