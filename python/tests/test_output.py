from __future__ import annotations

import contextlib
import io
import logging
import subprocess
import sys
import threading
from contextvars import copy_context

import pytest
from fakes import FakeJob, run
from hosts import environment, ipython_prompt, kernel, plain_prompt, simple_prompt, wait_for_file

from bgjobs import BackgroundJobManager, output
from bgjobs.log import Line
from bgjobs.output import Router, install_router, remove_router
from bgjobs.text import harmless


@pytest.fixture(autouse=True)
def at_a_prompt(monkeypatch):
    """Makes the test look like Python's own prompt; removes the routers at the end."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    yield
    remove_router()


def texts(job, stream):
    return [line.text for line in job.log.lines if line.stream == stream]


def test_a_jobs_output_is_in_its_log_and_nowhere_else(capsys):
    job = run(lambda: print("from the job"))
    print("from the prompt")
    assert list(job.log) == ["from the job"]
    assert capsys.readouterr().out == "from the prompt\n"


def test_each_job_has_its_own_log(capsys):
    meet = threading.Barrier(2)

    def body(word):
        for count in range(3):
            meet.wait(60)
            print(word, count)

    jobs = [FakeJob(lambda word=word: body(word)).start() for word in ("left", "right")]
    for job in jobs:
        job.join(60)
    assert [list(job.log) for job in jobs] == [[f"{word} {count}" for count in range(3)] for word in ("left", "right")]
    assert capsys.readouterr().out == ""


def test_errors_and_output_keep_their_order_and_their_stream(capsys):
    def body():
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.writelines(["three\n", "four\n"])

    job = run(body)
    assert [(line.stream, line.text) for line in job.log.lines] == [
        ("stdout", "one"),
        ("stderr", "two"),
        ("stdout", "three"),
        ("stdout", "four"),
    ]
    assert all(isinstance(line, Line) and line.at > 1e9 for line in job.log.lines)
    assert capsys.readouterr() == ("", "")


def test_an_incomplete_line_is_there_when_the_job_has_ended(capsys):
    printed, go = threading.Event(), threading.Event()

    def body():
        print("half", end="")
        printed.set()
        go.wait(60)

    job = FakeJob(body).start()
    printed.wait(60)
    assert list(job.log) == []
    go.set()
    job.join(60)
    assert list(job.log) == ["half"]


def test_bytes_written_to_the_buffer_are_decoded_across_writes(capsys):
    def body():
        euro = "€\n".encode()
        buffer = sys.stdout.buffer
        assert buffer.write(euro[:1]) == 1
        assert buffer.write(euro[1:]) == 3
        buffer.flush()

    assert list(run(body).log) == ["€"]


def test_a_job_sees_no_terminal(monkeypatch):
    class Tty(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Tty())
    seen = []
    run(lambda: seen.append(sys.stdout.isatty()))
    assert seen == [False]
    assert sys.stdout.isatty()


def test_a_logging_handler_created_before_the_job_writes_into_the_log_of_the_job_that_logs(capsys):
    install_router()
    handler = logging.StreamHandler()
    logger = logging.Logger("test")
    logger.addHandler(handler)
    job = run(lambda: logger.warning("careful"))
    logger.warning("at the prompt")
    assert texts(job, "stderr") == ["careful"]
    assert capsys.readouterr().err == "at the prompt\n"


def test_output_of_a_thread_that_the_job_started_is_not_captured(capsys):
    # From Python 3.14 on threads inherit the context, so this is captured too.
    def body():
        thread = threading.Thread(target=print, args=("from the thread",))
        thread.start()
        thread.join()

    job = run(body)
    if sys.version_info < (3, 14):
        assert list(job.log) == []
        assert capsys.readouterr().out == "from the thread\n"


def test_a_task_of_an_event_loop_in_the_job_is_captured(capsys):
    import asyncio

    async def work():
        await asyncio.gather(*[asyncio.to_thread(print, "to_thread")])
        print("task")

    assert list(run(lambda: asyncio.run(work())).log) == ["to_thread", "task"]


def test_a_job_started_within_redirect_stdout_is_captured_and_the_stream_comes_back(capsys):
    install_router()
    before, text = sys.stdout, io.StringIO()
    with contextlib.redirect_stdout(text):
        job = run(lambda: print("from the job"))
        print("redirected")
    assert sys.stdout is before
    assert list(job.log) == ["from the job"]
    assert text.getvalue() == "redirected\n"


def test_output_of_a_job_into_a_later_redirect_is_not_captured(capsys):
    go = threading.Event()

    def body():
        go.wait(60)
        print("astray")

    job = FakeJob(body).start()
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        go.set()
        job.join(60)
    assert list(job.log) == []
    assert text.getvalue() == "astray\n"


def test_streams_that_are_replaced_for_good_get_a_router_at_the_next_start(monkeypatch):
    install_router()
    new = io.StringIO()
    monkeypatch.setattr(sys, "stdout", new)
    job = run(lambda: print("from the job"))
    print("from the prompt")
    assert list(job.log) == ["from the job"]
    assert new.getvalue() == "from the prompt\n"


def test_another_thread_does_not_replace_a_stream_of_the_main_thread(monkeypatch):
    install_router()
    new = io.StringIO()
    monkeypatch.setattr(sys, "stdout", new)
    thread = threading.Thread(target=install_router)
    thread.start()
    thread.join()
    assert sys.stdout is new


def test_installing_twice_is_installing_once_and_removing_restores_the_streams():
    out, err = sys.stdout, sys.stderr
    install_router()
    routers = sys.stdout, sys.stderr
    install_router()
    assert (sys.stdout, sys.stderr) == routers
    assert all(type(router) is Router for router in routers)
    remove_router()
    assert (sys.stdout, sys.stderr) == (out, err)


def test_missing_streams_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    install_router()
    assert sys.stdout is None


def test_a_write_that_wraps_the_routers_sees_no_text_of_a_job_and_leaves_no_trace(capsys):
    # IPython 9 does this for each cell, to copy the cell's output into its history.
    install_router()
    seen = []
    for _ in range(3):
        original = sys.stdout.write

        def write(text, original=original):
            seen.append(text)
            return original(text)

        sys.stdout.write = write
        job = run(lambda: print("from the job"))
        print("cell")
        sys.stdout.write = original
        assert sys.stdout.write is original
        assert list(job.log) == ["from the job"]
    assert seen == ["cell", "\n"] * 3
    assert capsys.readouterr().out == "cell\n" * 3


def test_a_router_answers_for_its_stream(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", line_buffering=True)
    monkeypatch.setattr(sys, "stdout", stream)
    install_router()
    assert sys.stdout.encoding == "latin-1"
    assert sys.stdout.buffer is stream.buffer
    assert sys.stdout.line_buffering
    assert not sys.stdout.closed
    sys.stdout.reconfigure(encoding="utf-8")
    assert stream.encoding == "utf-8"


def test_follow_yields_lines_as_they_come_and_stops_at_the_end():
    go = threading.Semaphore(0)

    def body():
        for count in range(3):
            go.acquire(timeout=60)
            print(count)

    job = FakeJob(body).start()
    seen = []
    go.release()
    for text in job.log.follow():
        seen.append(text)
        go.release()
    assert seen == ["0", "1", "2"]
    assert job.done()
    assert list(job.log.follow(tail=2)) == ["1", "2"]


def test_follow_stops_after_its_timeout():
    go = threading.Event()

    def body():
        print("before")
        go.wait(60)

    job = FakeJob(body).start()
    next(job.log.follow())
    assert list(job.log.follow(timeout=0)) == ["before"]
    assert list(job.log.follow(timeout=0.1)) == ["before"]
    assert list(job.log.follow(timeout=0, tail=0)) == []
    assert not job.done()
    go.set()
    job.join(60)


def test_a_log_shows_its_newest_lines():
    job = run(lambda: print("a\nb\nc"))
    assert job.log.tail(2) == ["b", "c"]
    assert job.log.tail(0) == []
    assert job.log.tail() == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"not -1; \.lines has all"):
        job.log.tail(-1)


def test_a_log_shows_the_lines_of_the_last_seconds():
    job = run(lambda: print("a\nb"))
    assert [line.text for line in job.log.since(3600)] == ["a", "b"]
    assert job.log.since(0) == []
    with pytest.raises(ValueError, match="0 or more, not -1"):
        job.log.since(-1)


def test_a_log_reads_as_text_and_its_repr_says_what_it_is():
    job = run(lambda: print("a\nb"), num=7)
    assert str(job.log) == "a\nb\n"
    assert repr(job.log) == "<log of job #7: 2 lines>"
    assert repr(run(lambda: print("a")).log) == "<log of job #0: 1 line>"
    assert len(job.log) == 2
    assert run(lambda: None).log, "even an empty log is true"


def test_a_log_that_lost_lines_says_how_many(capsys):
    job = run(lambda: print("a\nb\nc"))
    job._log.dropped = 2
    assert job.log.missed == 2
    job.log.print()
    assert capsys.readouterr().out == "[the oldest 2 lines made room for these]\nc\n"


def test_a_printed_log_does_not_harm_the_terminal(capsys):
    job = run(lambda: print("\x1b[2Jgone\nbell\a\ttab \u202eback"))
    job.log.print()
    assert capsys.readouterr().out == "\\x1b[2Jgone\nbell\\x07\ttab \\u202eback\n"
    assert "\x1b" in str(job.log)
    assert harmless("plain ÄÖ 字") == "plain ÄÖ 字"


def test_a_name_that_would_drive_the_terminal_is_spelled_out_wherever_a_prompt_shows_the_job(capsys):
    jobs = BackgroundJobManager()
    job = jobs.new(len, "", name="\x1b[2J\u061c")
    job.join()
    jobs.status()
    assert repr(job) == f"<BackgroundJob #{job.num}: \\x1b[2J\\u061c>"
    assert "\n0 : \\x1b[2J\\u061c\n" in capsys.readouterr().out


def test_without_a_prompt_a_job_prints_into_its_log_and_to_the_programs_output():
    script = """if True:
        from bgjobs import BackgroundJobManager
        job = BackgroundJobManager().new(print, "from the job")
        job.join()
        print(list(job.log))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("from the job\n['from the job']\n", "")


def test_at_the_plain_prompt_a_job_prints_into_its_log():
    with plain_prompt() as it:
        it.type("from fakes import run")
        assert "\nOUT" not in it.type("job = run(lambda: print('O'+'UT'))")
        assert "OUT" in it.type("job.log.print()")


@pytest.mark.parametrize("prompt", [simple_prompt, ipython_prompt])
def test_in_ipython_a_job_prints_into_its_log_while_the_prompt_waits(prompt, tmp_path):
    go, done = tmp_path / "go", tmp_path / "done"
    with prompt() as it:
        it.type("import sys; from pathlib import Path; from hosts import wait_for_file as wait")
        it.type(f"go, done = Path({str(go)!r}), Path({str(done)!r})")
        it.type("def body(): wait(go); print('O' + 'UT'); print('E' + 'RR', file=sys.stderr)\n")
        it.type("from fakes import FakeJob; job = FakeJob(body).start()")
        it.type("import threading; end = lambda: (job.join(60), done.touch())")
        it.type("threading.Thread(target=end).start()")
        it.send("half_typed =")
        it.see("half_typed =")
        go.touch()
        wait_for_file(done)
        shown = it.type(" 1")
        assert "OUT" not in shown
        assert "ERR" not in shown
        shown = it.type("job.log.lines, half_typed")
        assert "stream='stdout', text='OUT'" in shown
        assert "stream='stderr', text='ERR'" in shown


def test_in_a_kernel_a_jobs_output_is_in_its_log_and_under_the_cell_that_started_it():
    with kernel() as it:
        it.run("import sys, threading, contextvars; from fakes import FakeJob, run")
        it.run("from bgjobs import host; go = threading.Event()")
        start = it.run("""
            def body():
                go.wait(60)
                print('OUT')
                print('ERR', file=sys.stderr)
            context = contextvars.copy_context() if host.is_kernel() else None
            job = FakeJob(body, context=context).start()
        """)
        other = it.run("go.set(); job.join(60); print('OTHER', job.log.lines)")
        it.wait_text(start, "OUT\n")
        it.wait_text(start, "ERR\n", "stderr")
        shown = it.text(other)
        assert shown.startswith("OTHER")
        assert "stream='stdout', text='OUT'" in shown
        assert "stream='stderr', text='ERR'" in shown
        assert it.text(other, "stderr") == ""

        it.run(
            """
            %%capture cell
            job = run(lambda: print('FROM THE JOB'), context=contextvars.copy_context())
            print('FROM THE CELL')
        """.strip()
        )
        shown = it.run("print([cell.stdout, str(job.log)])")
        it.wait_text(shown, "['FROM THE CELL\\n', 'FROM THE JOB\\n']")


def test_no_context_is_copied_without_a_kernel():
    job = BackgroundJobManager().new("1", {})
    job.join()
    assert job._context is None


def test_the_router_needs_only_the_standard_library():
    code = "import sys; from bgjobs import output; output.install_router(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "IPython" not in done.stdout
    assert "prompt_toolkit" not in done.stdout


def test_each_job_has_its_own_context():
    assert output.current.get() is None
    context = copy_context()
    job = run(lambda: None, context=context)
    assert context[output.current] is job
    assert output.current.get() is None
