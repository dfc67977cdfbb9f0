"""The README's story at the IPython prompt, told by IPython itself."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("IPython")

from IPython.core.interactiveshell import InteractiveShell

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def shell():
    shell = InteractiveShell()
    # What makes `get_ipython` find it, as it finds the user's.
    shell.__class__._instance = shell
    yield shell
    shell.run_line_magic("unload_ext", "bgjobs")
    InteractiveShell.clear_instance()


def test_the_story_at_the_prompt_is_true(shell: InteractiveShell) -> None:
    story = re.search(r"```text\n(In \[1\]: %load_ext.*?)```", README.read_text(), re.DOTALL)
    told = []
    for number, code, expected in re.findall(r"In \[(\d+)\]: (.*)\n((?:(?!In \[).*\n)*)", story[1]):
        if "20 + 1" in code:
            # Until then the jobs run, and nothing is told.
            for job in shell.user_ns["jobs"].all.values():
                job.join()
        seen = io.StringIO()
        with contextlib.redirect_stdout(seen):
            shell.run_cell(code, store_history=True)
        told.append((int(number), seen.getvalue(), expected))
    assert [number for number, _, _ in told] == list(range(1, 12))
    for number, seen, expected in told:
        assert seen == expected, f"In [{number}]"
