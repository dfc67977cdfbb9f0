"""The frames of threads, as `where`, a stop and the stall monitor look at them."""

from __future__ import annotations

import gc
import sys
import threading

import pytest

from bgjobs import frames


@pytest.mark.parametrize("enabled", [True, False])
def test_no_garbage_is_collected_while_the_frames_are(monkeypatch: pytest.MonkeyPatch, enabled: bool) -> None:
    during: list[bool] = []
    original = sys._current_frames
    monkeypatch.setattr(sys, "_current_frames", lambda: (during.append(gc.isenabled()), original())[1])
    if not enabled:
        gc.disable()
    try:
        found = frames.of_threads()
        assert (during, gc.isenabled()) == ([False], enabled)
    finally:
        gc.enable()
    assert threading.get_ident() in found
