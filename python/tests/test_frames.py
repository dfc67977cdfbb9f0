"""The frames of threads, as `where`, a stop and the stall monitor look at them."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest
from hosts import environment

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


def test_no_collection_while_the_frames_are_collected_hangs_the_process():
    code = """if 1:
        import _thread, faulthandler, gc, weakref
        from bgjobs import frames

        class Node:
            pass

        def look(after):
            # CPython needs the same lock to start a thread.
            node = Node()
            node.itself, ref = node, weakref.ref(node, lambda ref: _thread.start_new_thread(int, ()))
            del node
            gc.set_threshold(gc.get_count()[0] + after)
            frames.of_threads()
            gc.set_threshold(0)
            gc.collect()

        faulthandler.dump_traceback_later(30, exit=True)
        gc.set_threshold(0)
        for after in range(20):
            look(after)
        print("over")
    """
    run = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("over\n", "")
