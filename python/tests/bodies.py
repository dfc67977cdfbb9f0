"""Bodies for jobs on engines, whose workers import this file: it needs nothing but Python, where that is the point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time


class Odd(Exception):
    """An exception that can be made by nobody else."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def double(x: int) -> int:
    return 2 * x


def divide(x: int) -> float:
    zero = 0
    return x / zero


def odd() -> None:
    raise Odd(1, 2)


def speak(gate: str) -> str:
    """Prints by all doors, and goes on once the gate is there."""
    print("by print")
    print("by stderr", file=sys.stderr)
    os.write(1, b"by descriptor\n")
    subprocess.run(["echo", "by a program"], check=True)
    wait_for(gate)
    return "spoke"


def say(text: str, gate: str) -> None:
    print(text)
    wait_for(gate)


def wait_for(gate: str) -> None:
    while not os.path.exists(gate):
        time.sleep(0.005)


def touch(file: str, gate: str | None = None) -> None:
    """Makes a file, a moment later than anybody who does not wait leaves."""
    if gate is not None:
        wait_for(gate)
    time.sleep(0.05)
    open(file, "w").close()


def nap() -> None:
    time.sleep(600)


def loop() -> None:
    while True:
        pass


def swallow(gate: str) -> str:
    while not os.path.exists(gate):
        try:
            time.sleep(0.01)
        except BaseException:
            print("swallowed")
    return "went on"


def sleep_by_bgjobs() -> None:
    import bgjobs

    bgjobs.sleep(600)


def report(gate: str) -> None:
    import bgjobs

    bgjobs.progress(1, 4, "halves")
    bgjobs.progress(2, 4)
    wait_for(gate)
    bgjobs.progress(4, 4)


def show_bar(tqdm: type, gate: str) -> None:
    with tqdm(total=4, desc="rows") as bar:  # type: ignore[attr-defined]
        bar.update(3)
        wait_for(gate)


def mark(path: str) -> int:
    """Counts its calls by files, and kills its process in the first."""
    number = len(os.listdir(path))
    open(os.path.join(path, str(number)), "w").close()
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def count(path: str) -> None:
    """Counts its calls by files."""
    open(os.path.join(path, str(len(os.listdir(path)))), "w").close()


def fail_once(path: str) -> int:
    number = len(os.listdir(path))
    open(os.path.join(path, str(number)), "w").close()
    if number == 0:
        raise ValueError("the first time")
    return number


def leave_a_program(path: str) -> int:
    """Leaves a program running, whose process id it returns."""
    with open(path, "w") as file:
        return subprocess.Popen(["sleep", "600"], stdout=file).pid


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def unsendable() -> object:
    return (value for value in ())


def tick(seconds: float) -> None:
    time.sleep(seconds)


def document(heading: str) -> str:
    """The program that the book shows under a heading of its chapter on engines."""
    with open(os.path.join(os.path.dirname(__file__), "../../docs/src/engines.md"), encoding="utf-8") as file:
        section = file.read().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return section.partition("```python\n")[2].partition("```")[0]
