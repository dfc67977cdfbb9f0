"""The README's story at the IPython prompt, told by IPython itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("IPython")

README = Path(__file__).parents[2] / "README.md"


def test_the_story_at_the_prompt_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from bgjobs import output

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    story = re.search(r"```text\n(In \[1\]: %load_ext.*?)```", README.read_text(), re.DOTALL)
    cells = re.findall(r"In \[(\d+)\]: (.*)\n((?:(?!In \[).*\n)*)", story[1])
    assert [int(number) for number, _, _ in cells] == list(range(1, len(cells) + 1))
    try:
        for number, code, expected in cells:
            if code == "20 + 1":
                # Until then the jobs run, and nothing is told.
                for job in shell.user_ns["jobs"].all.values():
                    job.join()
            capsys.readouterr()
            shell.run_cell(code, store_history=True)
            # How long a stop took is another each time.
            shown, told = (re.sub(r"\d+ ms", "N ms", text) for text in (capsys.readouterr().out, expected))
            assert shown == told, f"In [{number}]"
    finally:
        shell.run_line_magic("unload_ext", "bgjobs")
        InteractiveShell.clear_instance()
        output.remove_router()
