"""Whether a value has changed in place: it has if its fingerprints differ.

A fingerprint covers what a pickle of the value would hold, but functions, classes and modules, which count as
constants, and what an object remembers of its own answers. This module does not know jobs.
"""

from __future__ import annotations

import copyreg
import functools
import pickle
import types
import zlib
from typing import Any

_CONSTANTS = (type, types.FunctionType, types.ModuleType)


def fingerprint(value: Any) -> int | None:
    """What a value holds now, as a number; None if that can't be known.

    It takes less time than pickling the value, and no memory for the pickle.

    >>> rows = [[1], [2]]
    >>> before = fingerprint(rows)
    >>> rows[1].append(3)
    >>> fingerprint(rows) == before
    False
    """
    checksum = _Checksum()
    try:
        _Pickler(checksum, pickle.HIGHEST_PROTOCOL).dump(value)
    except Exception:
        return None
    return checksum.value


class _Checksum:
    """A file that only keeps the checksum of what is written."""

    value = 0

    def write(self, data: Any) -> None:
        self.value = zlib.crc32(data, self.value)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _CONSTANTS):
            # As an attribute that nobody looks up: an identity in the form of a reduction.
            return getattr, (None, str(id(value)))
        if type(value) in copyreg.dispatch_table:
            return NotImplemented
        reduced = value.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        if type(reduced) is tuple and len(reduced) > 2:
            return (*reduced[:2], _without_caches(type(value), reduced[2]), *reduced[3:])
        return reduced


def _without_caches(kind: type, state: Any) -> Any:
    """The state of an object without its cached properties, which pandas keeps in `_cache`."""
    if type(state) is tuple:
        parts = [_without_caches(kind, part) for part in state]
        return tuple(part for part in parts if part is not None)
    if type(state) is not dict:
        return state
    return {name: part for name, part in state.items() if not _is_cache(kind, name)} or None


def _is_cache(kind: type, name: Any) -> bool:
    if type(name) is not str:
        return False
    return name == "_cache" or isinstance(getattr(kind, name, None), functools.cached_property)
