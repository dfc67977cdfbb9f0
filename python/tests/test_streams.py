"""The streams that a job sees, beside those of `io`."""

from __future__ import annotations

import contextlib
import io
import os
import random
import subprocess
import sys
import threading

import pytest
from fakes import FakeJob, run
from hosts import environment, ipython_prompt, kernel, plain_prompt, simple_prompt, wait_for_file

from bgjobs import BackgroundJobManager
from bgjobs.output import install_router, remove_router


@pytest.fixture(autouse=True)
def at_a_prompt(monkeypatch):
    """Makes the test look like Python's own prompt; removes the routers at the end."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    yield
    remove_router()


class Memory:
    """A log that keeps what is written, to the character."""

    def __init__(self):
        self.text = ""

    def write(self, err, text, at):
        self.text += text

    def end(self):
        pass


def outcome(call, *args, **options):
    """What a call returns or raises."""
    try:
        return call(*args, **options)
    except Exception as error:
        # Nobody promises the texts of errors, but the words of the text layer are the same.
        return type(error)


TEXTS = ["", "plain\n", "a\nb", "häß\n", "€ 字 😀", "\udcff\n", "half \ud800"]
PIECES = [
    "€é\n".encode()[:4],
    "€é\n".encode()[4:],
    b"",
    b"caf\xc3",
    b"\xa9\n",
    b"\xff\xfe\n",
    bytearray(b"x\n"),
    b"1 2",
]
WRONG = [None, 5, 1.5, ["a"], object]

TEXT_CALLS = [
    lambda r: ("write", r.choice(TEXTS)),
    lambda r: ("write", r.choice(TEXTS)),
    lambda r: ("write", r.choice([b"bytes", *WRONG])),
    lambda r: ("writelines", r.choices(TEXTS, k=r.randrange(4))),
    lambda r: ("writelines", r.choice(["letters", [b"bytes"], ["a", 5, "b"], *WRONG])),
    lambda r: ("flush",),
    lambda r: (r.choice(["isatty", "readable", "writable", "seekable", "read", "readline", "tell"]),),
    lambda r: ("seek", 0),
]
BYTE_CALLS = [
    lambda r: ("write", r.choice(PIECES)),
    lambda r: ("write", memoryview(r.choice(PIECES))),
    lambda r: ("write", r.choice(["text", *WRONG])),
    lambda r: ("writelines", r.choices(PIECES, k=r.randrange(4))),
    lambda r: ("writelines", r.choice([["text"], [b"a", 5], *WRONG])),
    lambda r: ("flush",),
    lambda r: (r.choice(["isatty", "readable", "writable", "seekable"]),),
]
OPTIONS = [
    {"errors": "replace"},
    {"errors": "backslashreplace"},
    {"errors": "strict"},
    {"line_buffering": True},
    {"write_through": False},
    {"write_through": True},
    {"newline": "\n"},
    {"encoding": "ascii", "errors": "xmlcharrefreplace"},
    {"encoding": "no such"},
    {"sideways": True},
]
NAMES = ["encoding", "errors", "newlines", "line_buffering", "write_through", "closed"]


def sequence(seed):
    """Calls to make, as functions of a stream; few of them close it."""
    r = random.Random(seed)
    calls = []
    for _ in range(r.randrange(1, 25)):
        kind = r.choices(["text", "bytes", "wrap", "print", "name", "option", "end"], [9, 6, 1, 2, 3, 2, 0.3])[0]
        if kind == "text":
            name, *args = r.choice(TEXT_CALLS)(r)
            calls.append(lambda s, name=name, args=args: getattr(s, name)(*args))
        elif kind == "bytes":
            name, *args = r.choice(BYTE_CALLS)(r)
            calls.append(lambda s, name=name, args=args: getattr(s.buffer, name)(*args))
        elif kind == "wrap":
            text, encoding = r.choice(TEXTS), r.choice(["utf-8", "latin-1"])
            calls.append(lambda s, text=text, encoding=encoding: wrap(s, text, encoding))
        elif kind == "print":
            text, flush = r.choice(TEXTS), r.random() < 0.5
            calls.append(lambda s, text=text, flush=flush: print(text, file=s, flush=flush))
        elif kind == "name":
            name = r.choice(NAMES)
            calls.append(lambda s, name=name: getattr(s, name))
        elif kind == "option":
            options = r.choice(OPTIONS)
            calls.append(lambda s, options=options: s.reconfigure(**options))
        else:
            name = r.choice(["close", "__exit__", "detach"])
            calls.append(lambda s, name=name: end(s, name))
    return calls


def wrap(stream, text, encoding):
    wrapper = io.TextIOWrapper(stream.buffer, encoding=encoding, newline="\n")
    try:
        return wrapper.write(text)
    finally:
        wrapper.detach()


def end(stream, name):
    getattr(stream, name)(*[None, None, None][: 3 * (name == "__exit__")])


def reference(calls, errors):
    """What a stream in front of a pipe answers, and the bytes that went through it."""
    source, sink = os.pipe()
    with open(source, "rb") as source, open(sink, "wb", buffering=0) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors=errors, newline="\n", write_through=True)
        answers = [outcome(call, stream) for call in calls]
        with contextlib.suppress(ValueError):
            stream.flush()
        raw.close()
        return answers, source.read()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_jobs_stream_answers_as_a_stream_of_io_does_and_its_log_has_the_same_text(name, monkeypatch):
    errors = "strict" if name == "stdout" else "backslashreplace"
    monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors=errors))
    for seed in range(400):
        calls, answers = sequence(seed), []
        job = FakeJob(lambda calls=calls, to=answers: to.extend(outcome(call, getattr(sys, name)) for call in calls))
        job._log = Memory()
        job.start().join(60)
        expected, data = reference(calls, errors)
        assert answers == expected, f"seed {seed}"
        assert job._log.text == data.decode("utf-8", "replace"), f"seed {seed}"


def test_without_a_prompt_the_programs_output_gets_the_same_bytes(monkeypatch):
    monkeypatch.delattr(sys, "ps1")
    for seed in range(400):
        calls, answers, behind = sequence(seed), [], io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(behind, encoding="utf-8", errors="strict", newline="\n"))
        run(lambda calls=calls, to=answers: to.extend(outcome(call, sys.stdout) for call in calls))
        sys.stdout.flush()
        assert (answers, behind.getvalue()) == reference(calls, "strict"), f"seed {seed}"


def test_without_a_prompt_bytes_that_are_no_text_reach_the_programs_output_among_its_text():
    script = """if True:
        import sys
        from bgjobs import BackgroundJobManager
        def body():
            print("before")
            sys.stdout.buffer.write(bytes(range(256)))
            print("after")
        BackgroundJobManager().new(body).join()
    """
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, timeout=60)
    assert done.stdout == b"before\n" + bytes(range(256)) + b"after\n"
    assert done.stderr == b""


def test_half_a_character_and_buffered_text_are_in_the_log_when_the_job_ends_or_dies():
    def body(last):
        sys.stdout.reconfigure(write_through=False)
        sys.stdout.write("buffered ")
        sys.stderr.buffer.write(b"caf\xc3")
        last()

    for last in (lambda: None, lambda: 1 / 0):
        job = BackgroundJobManager().new(body, last)
        job.join()
        assert sorted(job.log) == ["buffered ", "caf\ufffd"]


def test_a_job_prints_surrogates_to_standard_error_and_dies_of_them_on_a_strict_standard_output(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict"))
    jobs = BackgroundJobManager()
    job = jobs.new(lambda: print("x\udcff", file=sys.stderr))
    job.join()
    assert list(job.log) == ["x\\udcff"]
    job = jobs.new(lambda: print("x\udcff"))
    assert isinstance(job.exception(60), UnicodeEncodeError)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape"))
    job = jobs.new(lambda: print("x\udcff"))
    job.join()
    assert list(job.log) == ["x\ufffd"]


def test_fileno_is_the_descriptor_behind_and_what_is_written_there_misses_the_log(monkeypatch, tmp_path):
    with open(tmp_path / "out", "w") as behind:
        monkeypatch.setattr(sys, "stdout", behind)
        seen = []

        def body():
            seen.extend([sys.stdout.fileno(), sys.stdout.buffer.fileno()])
            subprocess.run([sys.executable, "-c", "print('a process')"], stdout=sys.stdout, check=True, timeout=60)

        job = run(body)
        assert seen == [behind.fileno()] * 2
    assert list(job.log) == []
    assert (tmp_path / "out").read_text() == "a process\n"


def test_a_stream_without_a_descriptor_has_none_in_a_job(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    seen = []
    run(lambda: seen.append(outcome(sys.stdout.fileno)))
    assert seen == [io.UnsupportedOperation]


def test_what_a_job_does_to_its_stream_changes_nobody_elses(capsys):
    install_router()

    def body():
        sys.stdout.reconfigure(encoding="ascii", errors="replace", line_buffering=True)
        print("é")
        sys.stdout.close()

    assert list(run(body).log) == ["?"]
    print("é")
    assert list(run(lambda: print("é")).log) == ["é"]
    assert capsys.readouterr().out == "é\n"


def test_a_router_is_a_stream_of_text():
    install_router()
    assert isinstance(sys.stdout, io.TextIOBase)


def test_a_stream_keeps_its_state_while_routers_come_and_go(monkeypatch):
    # As with prompt_toolkit, which replaces the streams whenever its prompt waits.
    install_router()
    first, second = threading.Event(), threading.Event()

    def body():
        sys.stdout.buffer.write(b"caf\xc3")
        first.set()
        second.wait(60)
        sys.stdout.buffer.write(b"\xa9\n")

    job = FakeJob(body).start()
    first.wait(60)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    install_router()
    second.set()
    job.join(60)
    assert list(job.log) == ["café"]


# Redirections.


def test_a_redirection_in_a_job_is_the_jobs_own(capsys):
    inside, go = threading.Event(), threading.Event()
    text, err = io.StringIO(), io.StringIO()

    def body():
        print("before")
        with contextlib.redirect_stdout(text) as target, contextlib.redirect_stderr(err):
            assert target is text
            inside.set()
            go.wait(60)
            print("redirected")
            print("error", file=sys.stderr)
            assert sys.stdout.getvalue() == "redirected\n"
        print("after")

    job = FakeJob(body).start()
    inside.wait(60)
    stream = sys.stdout
    print("prompt")
    other = run(lambda: print("other"))
    go.set()
    job.join(60)
    assert (text.getvalue(), err.getvalue()) == ("redirected\n", "error\n")
    assert list(job.log) == ["before", "after"]
    assert list(other.log) == ["other"]
    assert sys.stdout is stream
    assert capsys.readouterr().out == "prompt\n"


def test_redirections_of_two_jobs_overlap():
    inside = [threading.Event(), threading.Event()]
    leave = threading.Event()
    texts = [io.StringIO(), io.StringIO()]

    def first():
        with contextlib.redirect_stdout(texts[0]):
            inside[0].set()
            inside[1].wait(60)
            print("first")

    def second():
        inside[0].wait(60)
        with contextlib.redirect_stdout(texts[1]):
            inside[1].set()
            leave.wait(60)
            print("second")

    install_router()
    stream = sys.stdout
    jobs = [FakeJob(first).start(), FakeJob(second).start()]
    jobs[0].join(60)
    leave.set()
    jobs[1].join(60)
    assert [text.getvalue() for text in texts] == ["first\n", "second\n"]
    assert sys.stdout is stream


class Tee:
    """Writes to a file and to the stream that it stands in front of."""

    def __init__(self, stream, file):
        self.stream = stream
        self.file = file

    def write(self, text):
        self.stream.write(text)
        return self.file.write(text)

    def flush(self):
        self.stream.flush()

    def __getattr__(self, name):
        return getattr(self.stream, name)


def sides(body):
    """What a body writes to standard output, to standard error, and to the texts that it opens by a function."""
    texts = []

    def new():
        texts.append(io.StringIO())
        return texts[-1]

    body(new)
    return [text.getvalue() for text in texts]


def nested(new):
    with contextlib.redirect_stdout(new()):
        print("outer")
        with contextlib.redirect_stdout(new()):
            print("inner")
        print("outer again")


def through_a_tee(new):
    with contextlib.redirect_stdout(Tee(sys.stdout, new())):
        print("teed", flush=True)
        with contextlib.redirect_stdout(Tee(sys.stdout, new())):
            sys.stdout.writelines(["twice\n"])
            assert sys.stdout.encoding
            assert sys.stdout.fileno() >= 0


def to_itself(new):
    with contextlib.redirect_stdout(sys.stdout):
        print("itself")


def crossed(new):
    with contextlib.redirect_stdout(sys.stderr), contextlib.redirect_stderr(sys.stdout):
        print("out")
        print("err", file=sys.stderr)


def out_of_order(new):
    out, err = contextlib.redirect_stdout(new()), contextlib.redirect_stderr(new())
    out.__enter__()
    err.__enter__()
    out.__exit__(None, None, None)
    print("out")
    print("err", file=sys.stderr)
    err.__exit__(None, None, None)
    print("out")
    print("err", file=sys.stderr)


def one_used_twice(new):
    redirection = contextlib.redirect_stdout(new())
    with redirection, contextlib.redirect_stderr(sys.stdout), redirection:
        print("twice")
        print("err", file=sys.stderr)
    print("outside")


def that_fails(new):
    with contextlib.suppress(ZeroDivisionError), contextlib.redirect_stdout(new()):
        print("inside")
        print(1 / 0)
    print("outside")


@pytest.mark.parametrize("body", [nested, through_a_tee, to_itself, crossed, out_of_order, one_used_twice, that_fails])
def test_redirections_in_a_job_write_where_they_would_at_the_prompt(body, capfd):
    expected = sides(body)
    shown = capfd.readouterr()
    seen = []
    job = run(lambda: seen.extend(sides(body)))
    assert seen == expected
    for name, text in zip(("stdout", "stderr"), shown):
        assert [line.text for line in job.log.lines if line.stream == name] == text.splitlines()
    assert capfd.readouterr() == ("", "")


def test_a_job_started_within_another_jobs_redirection_has_its_own_output():
    from contextvars import copy_context

    text, inner = io.StringIO(), []

    def body():
        with contextlib.redirect_stdout(text):
            # In a kernel jobs run in copies of contexts.
            inner.append(run(lambda: print("inner"), context=copy_context()))
            print("outer")

    run(body)
    assert list(inner[0].log) == ["inner"]
    assert text.getvalue() == "outer\n"


def test_tasks_of_a_job_have_their_own_redirections():
    import asyncio

    texts = [io.StringIO(), io.StringIO()]

    async def write(text, word):
        with contextlib.redirect_stdout(text):
            await asyncio.sleep(0)
            print(word)
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(write(texts[0], "first"), write(texts[1], "second"))
        print("after")

    assert list(run(lambda: asyncio.run(both())).log) == ["after"]
    assert [text.getvalue() for text in texts] == ["first\n", "second\n"]


def test_at_the_prompt_a_redirection_is_the_originals():
    install_router()
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert sys.stdout is text


# Tees.


def test_a_tee_in_front_of_a_router_gets_what_jobs_print_and_the_log_has_it_once(capsys, monkeypatch):
    install_router()
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, file))
    jobs = [run(lambda: print("from the job")), run(lambda: sys.stdout.buffer.write("é\n".encode()))]
    print("from the prompt")
    assert [list(job.log) for job in jobs] == [["from the job"], ["é"]]
    assert file.getvalue() == "from the job\né\nfrom the prompt\n"
    assert capsys.readouterr().out == "from the prompt\n"


def test_a_tee_gets_what_a_job_in_its_own_process_prints(capsys, monkeypatch):
    install_router()
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, file))
    job = BackgroundJobManager().new(print, "from the process", process=True)
    job.join()
    assert list(job.log) == ["from the process"]
    assert file.getvalue() == "from the process\n"
    assert capsys.readouterr().out == ""


def test_a_running_job_prints_once_into_a_tee_that_comes_later(capsys, monkeypatch):
    install_router()
    go, file = threading.Event(), io.StringIO()
    job = FakeJob(lambda: (go.wait(60), print("from the job"))).start()
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, file))
    go.set()
    job.join(60)
    assert list(job.log) == ["from the job"]
    assert file.getvalue() == "from the job\n"
    assert capsys.readouterr().out == ""


def test_a_tee_in_front_of_the_terminal_shows_nothing_of_a_job(capsys, monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, file))
    assert list(run(lambda: print("from the job")).log) == ["from the job"]
    assert file.getvalue() == ""
    assert capsys.readouterr().out == ""


def test_without_a_prompt_a_tee_gets_what_jobs_print_once(capsys, monkeypatch):
    monkeypatch.delattr(sys, "ps1")
    files = [io.StringIO(), io.StringIO()]
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, files[0]))
    assert list(run(lambda: print("first")).log) == ["first"]
    monkeypatch.setattr(sys, "stdout", Tee(sys.stdout, files[1]))
    assert list(run(lambda: print("second")).log) == ["second"]
    assert [file.getvalue() for file in files] == ["first\nsecond\n", "second\n"]
    assert capsys.readouterr().out == "first\nsecond\n"


# Hosts.

REDIRECTS = (
    "import contextlib, io; text = io.StringIO(); from pathlib import Path; from hosts import wait_for_file as wait"
)


@pytest.mark.parametrize("prompt", [plain_prompt, simple_prompt, ipython_prompt])
def test_a_prompt_prints_while_and_after_a_job_has_redirected_its_output(prompt, tmp_path):
    inside, go = tmp_path / "inside", tmp_path / "go"
    with prompt() as it:
        # Short lines: a terminal wraps the others.
        it.type(REDIRECTS)
        it.type("from bgjobs import BackgroundJobManager")
        it.type(f"inside, go = [Path({str(tmp_path)!r}, name) for name in ('inside', 'go')]")
        it.type("def body(): inside.touch(); wait(go); print('IN' + 'SIDE')\n")
        it.type(r"exec('def redirected():\n with contextlib.redirect_stdout(text): body()')")
        it.type("job = BackgroundJobManager().new(redirected)")
        wait_for_file(inside)
        assert "PROMPT" in it.type("print('PRO' + 'MPT')")
        go.touch()
        assert "INSIDE" in it.type("job.join(); print(text.getvalue())")
        assert "AFTER" in it.type("print('AF' + 'TER')")


def test_in_a_kernel_a_redirection_is_the_jobs_own_and_a_tee_gets_everything_once():
    with kernel() as it:
        it.run(REDIRECTS)
        it.run("import sys, threading; from bgjobs import BackgroundJobManager; jobs = BackgroundJobManager()")
        start = it.run("""
            inside, go = threading.Event(), threading.Event()
            def body():
                with contextlib.redirect_stdout(text):
                    inside.set()
                    go.wait(60)
                    print("REDIRECTED")
                sys.stdout.buffer.write(b"caf\\xc3")
                sys.stdout.buffer.write(b"\\xa9\\n")
                print("x\\udcff", file=sys.stderr)
            job = jobs.new(body)
        """)
        other = it.run("inside.wait(60); print('PROMPT'); go.set(); job.join(); print(repr(text.getvalue()))")
        it.wait_text(other, "PROMPT\n'REDIRECTED\\n'\n")
        it.wait_text(start, "café\n")
        it.wait_text(start, "x\\udcff\n", "stderr")
        it.run("""
            class Tee:
                def __init__(self, stream): self.stream, self.file = stream, io.StringIO()
                def write(self, text): self.stream.write(text); self.file.write(text)
                def __getattr__(self, name): return getattr(self.stream, name)
            sys.stdout = tee = Tee(sys.stdout)
        """)
        start = it.run("job = jobs.new(print, 'TEED'); job.join()")
        it.wait_text(start, "TEED\n")
        shown = it.run("sys.stdout = tee.stream; print(list(job.log), repr(tee.file.getvalue()))")
        it.wait_text(shown, "['TEED'] ")
        assert it.text(start) == "TEED\n"
        assert it.text(shown).count("TEED") == 2


def test_in_a_kernel_a_tee_that_was_there_before_shows_a_job_in_the_cell_and_has_it_in_its_file():
    with kernel() as it:
        it.run("""
            import io, sys
            class Tee:
                def __init__(self, stream): self.stream, self.file = stream, io.StringIO()
                def write(self, text): self.stream.write(text); self.file.write(text)
                def __getattr__(self, name): return getattr(self.stream, name)
            sys.stdout = tee = Tee(sys.stdout)
            from bgjobs import BackgroundJobManager
        """)
        start = it.run("job = BackgroundJobManager().new(print, 'TEED'); job.join()")
        it.wait_text(start, "TEED\n")
        shown = it.run("print(list(job.log), repr(tee.file.getvalue()))")
        it.wait_text(shown, "['TEED'] 'TEED\\n'\n")
