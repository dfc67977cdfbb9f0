"""The text of a failure."""

from __future__ import annotations

import traceback
from typing import Any


def text_of(job: Any) -> str:
    return "".join(traceback.format_exception(type(job._exception), job._exception, job._exception.__traceback__))


def keep(job: Any) -> None:
    pass
