"""The original's own tests, as installed with IPython 8, pass when ours has the original's name."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


def the_originals_tests() -> Path | None:
    """The file, if this IPython includes it."""
    found = importlib.util.find_spec("IPython")
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / "lib" / "tests" / "test_backgroundjobs.py"
    return file if file.exists() else None


#: Runs pytest on a file after `install`, and fails if the tests have imported another module.
RUN = """
import sys
import bgjobs
bgjobs.install()
import pytest
code = pytest.main([sys.argv[1], "-q", "-p", "no:cacheprovider", "--noconftest", "--rootdir", sys.argv[2]])
from IPython.lib import backgroundjobs
assert backgroundjobs.BackgroundJobManager is bgjobs.BackgroundJobManager
assert sys.modules["IPython.lib.backgroundjobs"] is backgroundjobs
sys.exit(code)
"""


def test_the_originals_tests_pass_unchanged(tmp_path: Path) -> None:
    file = the_originals_tests()
    if file is None:
        pytest.skip("this IPython does not include its tests")
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(file), str(tmp_path)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 passed" in run.stdout
