"""The build backend that pip calls: maturin's, unless this Python can't have the package.

It does not know how the package is built.
"""

from __future__ import annotations

import sysconfig
from typing import Any

import maturin
from maturin import build_sdist, get_requires_for_build_sdist

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

FREE_THREADED = (
    "bgjobs does not run on a free-threaded Python (3.14t and the like): install it with the default build of Python"
)


def _supported(hook: str) -> Any:
    """Maturin's hook, once this Python is known to be supported; otherwise a sentence and no traceback."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit(FREE_THREADED)
    return getattr(maturin, hook)


def get_requires_for_build_wheel(config_settings: Any = None) -> Any:
    return _supported("get_requires_for_build_wheel")(config_settings)


def get_requires_for_build_editable(config_settings: Any = None) -> Any:
    return _supported("get_requires_for_build_editable")(config_settings)


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> Any:
    return _supported("prepare_metadata_for_build_wheel")(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> Any:
    return _supported("prepare_metadata_for_build_editable")(metadata_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> Any:
    return _supported("build_wheel")(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> Any:
    return _supported("build_editable")(wheel_directory, config_settings, metadata_directory)
