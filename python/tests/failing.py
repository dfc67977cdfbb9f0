"""Jobs whose deaths each look different in a traceback.

Run as a program with `original` or `bgjobs`, it prints the texts of their tracebacks as JSON.
"""

from __future__ import annotations

import sys


def divide(x):
    zero = 0
    return x / zero


def outer(x):
    return divide(x)


def chained():
    try:
        outer(1)
    except ZeroDivisionError as error:
        raise ValueError("no good") from error


def in_passing():
    try:
        outer(1)
    except ZeroDivisionError:
        return {}["missing"]


def many():
    raise ExceptionGroup("many", [ValueError("a"), KeyError("b")])  # noqa: F821


def recurse(n):
    return recurse(n - 1) if n else divide(n)


STARTS = {
    "plain": lambda jobs: jobs.new(outer, 1),
    "chained": lambda jobs: jobs.new(chained),
    "in passing": lambda jobs: jobs.new(in_passing),
    "expression": lambda jobs: jobs.new("outer(2)", globals()),
    "name": lambda jobs: jobs.new("nope + 1", globals()),
    "attribute": lambda jobs: jobs.new("sys.stdot", globals()),
    "syntax": lambda jobs: jobs.new(compile, "1 +", "some.py", "eval"),
    "arguments": lambda jobs: jobs.new(outer),
    "recursion": lambda jobs: jobs.new(recurse, 20),
    "exit": lambda jobs: jobs.new(sys.exit, 3),
}
if sys.version_info >= (3, 11):
    STARTS["group"] = lambda jobs: jobs.new(many)


def main(module: str, live: bool, mode: str) -> dict[str, str]:
    import contextlib
    import importlib
    import io

    from IPython.core.interactiveshell import InteractiveShell

    if live:
        shell = InteractiveShell.instance(colors="NoColor")
        shell.InteractiveTB.set_mode(mode)
    manager = importlib.import_module(module).BackgroundJobManager()
    texts = {}
    for kind, start in STARTS.items():
        # In IPython 9 the original leaves a job that raises SystemExit running forever.
        with contextlib.redirect_stderr(io.StringIO()):
            job = start(manager)
            job.join()
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            job.traceback()
        texts[kind] = text.getvalue()
    return texts


if __name__ == "__main__":
    import json

    modules = {"original": "IPython.lib.backgroundjobs", "bgjobs": "bgjobs"}
    shown = main(modules[sys.argv[1]], sys.argv[2] == "live", sys.argv[3])
    print(json.dumps(shown))
