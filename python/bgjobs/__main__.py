"""The command line of jobs that outlive their program: `python -m bgjobs start -- make`, `ps`, `wait k12` and so on.

The words are those of the binary `bgjobs`, which does not have to be there. They import nothing but the engine.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import sys

_USAGE = """\
Usage: python -m bgjobs start | ps | wait | log | result | stop | rm | sweep

Commands that go on without this terminal: `python -m bgjobs start -- make -j2` starts one and prints its number, such
as k12; the other words look at such jobs or end them. `python -m bgjobs wait --help` says more.

In IPython and Jupyter, %load_ext bgjobs has jobs at the prompt. `jobs.new(f, x, keep=True)` keeps a call of Python."""


def main() -> int:
    """Carries out the words of this process, and returns its exit status."""
    words = sys.argv[1:]
    if words in ([], ["-h"], ["--help"]):
        print(_USAGE)
        return 0
    from . import _core, supervisor

    if not hasattr(_core, "kept_words"):
        print("python -m bgjobs: kept jobs need Linux", file=sys.stderr)
        return 2
    # The engine waits, and hears no signal of Python's.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    status = _core.kept_words(supervisor.starter(), words)
    if status is None:
        print(f"python -m bgjobs: there is no word {words[0]!r}\n\n{_USAGE}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
