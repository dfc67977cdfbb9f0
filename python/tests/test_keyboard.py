"""The keyboard belongs to the prompt, in every host; `%fg` lends it to a job."""

from __future__ import annotations

import builtins
import getpass
import io
import sys
import time

import pytest
from asking import DOORS, IPYTHONS
from hosts import ipython_prompt, kernel, plain_prompt, simple_prompt, terminal

from bgjobs import BackgroundJobFunc, failures, keyboard

PLAIN = "job #{0} has no keyboard: pass what it would ask for as an argument"
MAGIC = (
    "job #{0} has no keyboard: the prompt lends its own only while it waits (%fg {0}, %%fg); "
    "or pass what it would ask for as an argument"
)


def refusals(doors, text):
    """What `asking.refusals` prints if all of these are refused."""
    return "".join(f"{name}: {OSError(text.format(num))!r}\n" for num, name in enumerate(doors))


ANSWERS = {
    "input": [("name? ", "Ada"), "'Ada'"],
    "getpass": [("word? ", "open"), "'open'"],
    "readline": [("", "Ada"), r"'Ada\n'"],
    "read": [("", "Ada"), "'Ada'"],
    "lines": [("", "Ada"), r"'Ada\n'"],
    "bytes": [("", "Ada"), r"b'Ada\n'"],
    "pdb": [("(Pdb) ", "p x"), ("42\n(Pdb) ", "c"), "'42 was looked at'"],
    "breakpoint": [("(Pdb) ", "c"), "'went on'"],
    "its debugger": [("ipdb> ", "c"), "'went on'"],
    "its terminal's debugger": [("ipdb> ", "c"), "'went on'"],
}
"""For each door, what is asked and answered, and the result."""


def prompt_of_today():
    """Python's own prompt as people see it; from 3.13 on it draws itself again at each key."""
    return terminal("-q", prompt=">>> ", is_basic=False)


def has_its_keys(it):
    """The prompt gets what is typed, and `input` at the prompt too."""
    it.send("print('the prompt', 'reads')\r")
    it.see("the prompt reads\n")
    it.send("input('yours? ').upper()\r")
    it.see("\nyours? ")
    it.send("mine\r")
    it.see("'MINE'")


def test_the_traceback_of_a_refusal_ends_at_the_line_that_asks(shell):
    shell.see("def ask():\n    return input('name? ')\njob = jobs.new(ask); job.exception(60)")
    for text in shell.see("job.traceback()"), failures.plain_text(shell.user_ns["job"]):
        assert "return input('name? ')" in text and "keyboard.py" not in text


@pytest.mark.parametrize("prompt", [ipython_prompt, simple_prompt])
def test_in_ipython_a_job_gets_an_error_and_the_prompt_its_keys(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import asking")
        shown = it.type("asking.refusals(jobs, {**asking.DOORS, **asking.IPYTHONS})")
        assert refusals([*DOORS, *IPYTHONS], MAGIC) in shown
        has_its_keys(it)


@pytest.mark.parametrize("prompt", [plain_prompt, prompt_of_today])
def test_in_pythons_prompt_a_job_gets_an_error_and_the_prompt_its_keys(prompt):
    with prompt() as it:
        it.send("import bgjobs, asking; jobs = bgjobs.BackgroundJobManager()\r")
        it.send("asking.refusals(jobs, asking.DOORS)\r")
        it.see(refusals(DOORS, PLAIN))
        has_its_keys(it)


@pytest.mark.parametrize("is_basic", [True, False])
def test_a_job_of_a_program_gets_an_error_at_the_prompt_that_follows(is_basic):
    program = "; ".join(
        (
            "import sys, threading, bgjobs, asking",
            "sys.ps1 = '>>> '",
            "gate = threading.Event()",
            "job = bgjobs.BackgroundJobManager().new(lambda: gate.wait() and input('name? '))",
        )
    )
    with terminal("-q", "-i", "-c", program, prompt=">>> ", is_basic=is_basic) as it:
        it.send("gate.set(); repr(job.exception(60))\r")
        it.see(PLAIN.format(0))
        has_its_keys(it)


def test_in_a_program_without_a_prompt_a_job_reads_as_a_thread_does():
    program = (
        "import bgjobs; print(bgjobs.BackgroundJobManager().new(lambda: input('name? ')).get().upper(), 'is ready')"
    )
    with terminal("-c", program, prompt="name? ") as it:
        it.send("ada\r")
        it.see("ADA is ready")


@pytest.mark.parametrize("prompt", [ipython_prompt, simple_prompt])
def test_fg_lends_the_keyboard_by_every_door(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import asking")
        for num, (door, answers) in enumerate(ANSWERS.items()):
            it.type(f"jobs.new(asking.when_lent, {door!r});")
            it.send(f"%fg {num}\r")
            it.see(f"by {door}:\n")
            for question, answer in answers[:-1]:
                if question:
                    it.see(question)
                it.send(answer + "\r")
            shown = it.wait_prompt()
            assert answers[-1] in shown, (door, shown)
            # What is typed for a password is not shown, but here it is the result.
            assert shown.count("open") == (door == "getpass")
        has_its_keys(it)


@pytest.mark.parametrize("prompt", [ipython_prompt, simple_prompt])
def test_ctrl_c_in_fg_takes_the_keyboard_back(prompt):
    with prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import asking; job = jobs.new(asking.when_lent, 'input')")
        it.send("%fg 0\r")
        it.see("\nname? ")
        assert "Job #0 goes on: %fg 0 waits again, %kill 0 stops it." in it.type("\x03")
        assert MAGIC.format(0) in it.type("print(job.exception(60))")
        has_its_keys(it)


def test_in_a_kernel_a_job_gets_the_same_error_in_and_after_its_cell():
    doors = [door for door in DOORS if door != "breakpoint"]
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport asking, threading")
        # Until a debugger is attached, `breakpoint` does nothing there.
        it.run("del asking.DOORS['breakpoint']")
        cell = it.run("asking.refusals(jobs, asking.DOORS)")
        # A debugger has shown its line before it asks.
        shown = it.text(cell)
        assert all(line in shown for line in refusals(doors, MAGIC).splitlines()), shown
        it.run("gate = threading.Event(); job = jobs.new(lambda: gate.wait() and input('name? '))")
        it.run("gate.set()")
        cell = it.run("print(job.exception(60))")
        assert it.text(cell).startswith(MAGIC.format(len(doors)) + "\n")


def test_in_a_kernel_fg_lends_the_frontends_keyboard():
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport asking")
        it.run("job = jobs.new(asking.when_lent, 'input'), jobs.new(asking.when_lent, 'getpass')")
        for num, question, hidden in ((0, "name? ", False), (1, "word? ", True)):
            cell = it.begin(f"%fg {num}")
            asked = it.client.get_stdin_msg(timeout=60)["content"]
            assert asked == {"prompt": question, "password": hidden}
            it.client.input("Ada")
            it.end(cell)
            assert it.text(cell, "text/plain") == "'Ada'"


# What a job reads, without a host.


@pytest.fixture
def typed(shell, monkeypatch):
    """What is typed, line by line, at the end of which is the end of input."""
    lines = []

    def type_in(prompt=""):
        if not lines:
            raise EOFError
        return lines.pop(0)

    monkeypatch.setattr(builtins, "input", type_in)
    return lines


def lend_to(job):
    """Lends the keyboard to a job until it has ended, and returns its result."""
    with keyboard.lent(job) as lender:
        while not job.done():
            lender.serve()
            job.join(0.001)
    return job.get()


def reading(shell, read):
    """A job that reads from `sys.stdin` once the keyboard is lent."""

    def body():
        while job not in keyboard._lenders:
            time.sleep(0.001)
        return read(sys.stdin)

    job = BackgroundJobFunc(body)
    return shell.user_ns["jobs"].start(job)


@pytest.mark.parametrize(
    "read, result",
    [
        (lambda stdin: stdin.readline(), "Zoë\n"),
        (lambda stdin: (stdin.read(1), stdin.readline(), stdin.readline()), ("Z", "oë\n", "2\n")),
        (lambda stdin: stdin.readlines(), ["Zoë\n", "2\n"]),
        (lambda stdin: [line for line in stdin], ["Zoë\n", "2\n"]),
        (lambda stdin: next(stdin), "Zoë\n"),
        (lambda stdin: stdin.buffer.read(), "Zoë\n2\n".encode()),
        (lambda stdin: stdin.isatty(), False),
        (lambda stdin: stdin.encoding, "utf-8"),
        (lambda stdin: [input("name? "), stdin.readline(), stdin.read()], ["Zoë", "2\n", ""]),
    ],
)
def test_a_jobs_stdin_is_a_stream_of_what_is_typed(shell, typed, read, result):
    typed += ["Zoë", "2"]
    assert lend_to(reading(shell, read)) == result


def test_a_jobs_stdin_has_no_descriptor(shell, typed):
    with pytest.raises(io.UnsupportedOperation):
        lend_to(reading(shell, lambda stdin: stdin.fileno()))


def test_at_the_end_of_input_a_job_gets_the_error_that_input_raises(shell, typed):
    with pytest.raises(EOFError):
        lend_to(reading(shell, lambda stdin: input()))


def test_a_job_does_not_read_what_was_typed_for_another(shell, typed):
    typed += ["first", "second"]
    assert lend_to(reading(shell, lambda stdin: stdin.read(2))) == "fi"
    assert lend_to(reading(shell, lambda stdin: stdin.readline())) == "second\n"


def test_a_stop_ends_a_question_and_so_does_the_prompt(shell, typed):
    for end in ("stop", "prompt"):
        job = reading(shell, lambda stdin: input("name? "))
        with keyboard.lent(job) as lender:
            while not lender.is_asked():
                time.sleep(0.001)
            if end == "stop":
                assert job.stop(timeout=60).stopped and not lender.is_asked()
        error = job.exception(60)
        assert end == "stop" or str(error) == MAGIC.format(job.num)


def test_unloading_gives_back_what_was_replaced_and_loading_guards_it_again(shell):
    shell.see("%unload_ext bgjobs")
    assert not hasattr(builtins.input, "guards") and not hasattr(getpass.getpass, "guards")
    assert type(sys.stdin) is not keyboard.Stdin
    shell.see("%load_ext bgjobs")
    assert hasattr(builtins.input, "guards") and type(sys.stdin) is keyboard.Stdin
