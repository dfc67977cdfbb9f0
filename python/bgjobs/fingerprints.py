"""Whether a value has changed in place: it has if its fingerprints differ.

A fingerprint covers what a pickle of the value would hold, but functions, classes and modules, which count as
constants. This module does not know jobs.
"""

from __future__ import annotations

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
        # As an attribute that nobody looks up: an identity in the form of a reduction.
        return (getattr, (None, str(id(value)))) if isinstance(value, _CONSTANTS) else NotImplemented
