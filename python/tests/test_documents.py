"""The README and the book at the IPython prompt and in Python: every example is run."""

from __future__ import annotations

import doctest
import functools
import re
import sys
import threading
from pathlib import Path
from typing import Callable

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs/src").glob("*.md"))]
STORIES = [
    pytest.param(story, id=path.name)
    for path in DOCUMENTS
    for story in re.findall(r"```text\n(In \[1\]: %load_ext.*?)```", path.read_text("utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_at_the_prompt_is_what_ipython_shows(story: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from bgjobs import output

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    cells = re.findall(r"In \[(\d+)\]: (.*)\n((?:(?!In \[).*\n)*)", story)
    assert [int(number) for number, _, _ in cells] == list(range(1, len(cells) + 1))
    # The jobs of a story print or open a file, and wait there until the cell that reports their end.
    reported = threading.Event()
    shell.push({call.__name__: _held(call, reported) for call in (print, open)})
    try:
        for number, code, expected in cells:
            if "jobs:\n" in expected:
                reported.set()
                for job in shell.user_ns["jobs"].all.values():
                    job.join()
            capsys.readouterr()
            shell.run_cell(code, store_history=True)
            # How long a stop takes differs from run to run.
            shown, expected = (re.sub(r"\d+ ms", "N ms", text) for text in (capsys.readouterr().out, expected))
            assert shown == expected, f"In [{number}]"
    finally:
        shell.run_line_magic("unload_ext", "bgjobs")
        InteractiveShell.clear_instance()
        output.remove_router()


def _held(call: Callable[..., object], gate: threading.Event) -> Callable[..., object]:
    @functools.wraps(call)
    def wait_and_call(*args: object) -> object:
        assert gate.wait(60), "no cell of the story reports the end of its jobs"
        return call(*args)

    return wait_and_call


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in DOCUMENTS])
def test_the_python_examples_of_a_document_are_true(path: Path) -> None:
    if path.name == "kept.md" and sys.platform != "linux":
        pytest.skip("kept jobs need Linux")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", path.read_text("utf-8"), re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, path.name, str(path), 0)
    assert doctest.DocTestRunner().run(test).failed == 0
