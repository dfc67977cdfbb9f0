from __future__ import annotations

import re
import subprocess
import sys

import pytest

IPython = pytest.importorskip("IPython")

from hosts import environment, ipython_prompt, kernel, plain_prompt, simple_prompt  # noqa: E402

from bgjobs import BackgroundJobManager, failures, selection, stalls, workers  # noqa: E402


def listed(shell, line="%jobs"):
    """What a list shows, without its times, once all jobs have begun that may."""
    for manager in shell.magics_manager.registry["JobMagics"].prompt.managers():
        assert all(job.ident for job in manager.running if not job._queued)
    return re.sub(r"\d+(\.\d+)? ?m?s\b", "TIME", shell.see(line))


def test_bg_starts_an_expression_and_returns_the_job(shell):
    shell.see("x = 6")
    assert shell.see("job = %bg x * 7") == ""
    shell.user_ns["job"].join()
    assert shell.user_ns["job"].result == 42
    assert isinstance(shell.user_ns["jobs"], BackgroundJobManager)
    assert shell.user_ns["jobs"][0] is shell.user_ns["job"]


def test_bg_shows_the_job_that_it_started(shell):
    assert "<BackgroundJob #0: gate.wait(60)>" in shell.see("%bg gate.wait(60)")


def test_bg_takes_the_semicolon_that_hides_a_value(shell):
    assert "<BackgroundJob" not in shell.see("%bg gate.wait(60);")


def test_bg_leaves_braces_and_dollars_to_python(shell):
    shell.see("job = %bg {'a': {1: '$x {x}'}}")
    shell.user_ns["job"].join()
    assert shell.user_ns["job"].result == {"a": {1: "$x {x}"}}


def test_bg_within_a_function_sees_its_names(shell):
    shell.see("def f(inner):\n    return get_ipython().run_line_magic('bg', 'inner + 1')")
    shell.see("job = f(1); job.join()")
    assert shell.user_ns["job"].result == 2


def test_bg_starts_a_daemon_if_asked(shell):
    shell.see("job = %bg --daemon gate.wait(60)")
    assert shell.user_ns["job"].daemon
    shell.see("%%bg --daemon\ngate.wait(60)")
    assert shell.user_ns["jobs"][1].daemon
    shell.see("job = %bg gate.wait(60)")
    assert not shell.user_ns["job"].daemon


def test_bg_starts_an_expression_or_a_cell_in_its_own_process_if_asked(shell):
    shell.see("import os; x = 1")
    assert shell.see("job = %bg --process (os.getpid(), x)") == ""
    shell.see("value = %fg 0")
    assert shell.user_ns["value"][0] != shell.user_ns["os"].getpid()
    shell.see("%%bg --daemon --process\nprint('from there')\ny = x + 1\nos.getpid()")
    assert shell.user_ns["jobs"][1].daemon
    shown = shell.see("pid = %fg 1")
    assert shown == "from there\nJob #1 has set y.\n"
    assert shell.user_ns["pid"] not in (shell.user_ns["os"].getpid(), None)
    assert shell.user_ns["y"] == 2
    shell.see("%%bg --process\nzero = 0\n1 / zero  # here")
    assert "1 / zero  # here" in shell.see("%fg 2")
    for start in ("%bg --process gate.wait()", "%%bg --process\ngate.wait()"):
        shown = shell.see(start)
        assert shown.startswith("UsageError: this job cannot have a process of its own: ")
        assert "'gate'" in shown


def test_the_manager_is_the_one_that_the_prompt_calls_jobs(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager(); mine = jobs")
    shell.see("%bg 1 + 1")
    assert shell.user_ns["mine"][0].strform == "1 + 1"
    assert shell.user_ns["jobs"] is shell.user_ns["mine"]


def test_jobs_is_there_once_the_extension_is_loaded(shell):
    assert shell.see("jobs") == "Out[3]: <BackgroundJobManager: 0 running, 0 completed, 0 dead>\n"
    shell.see("%unload_ext bgjobs")
    shell.see("jobs = ['plumber']")
    assert shell.see("%load_ext bgjobs") == ""
    assert shell.user_ns["jobs"] == ["plumber"]


def test_the_users_own_name_jobs_is_left_alone(shell):
    shell.see("jobs = ['plumber']")
    warning = "`jobs` is already a name of yours; %jobs shows what %bg starts."
    assert warning in shell.see("job = %bg gate.wait(60)")
    assert shell.user_ns["jobs"] == ["plumber"]
    assert listed(shell) == "Running jobs:\n0 : gate.wait(60)\n    TIME\n\n"
    shell.see("gate.set(); job.join()")
    shell.see("del jobs")
    assert "0 : gate.wait(60)" in shell.see("%jobs")
    assert shell.user_ns["jobs"][0] is shell.user_ns["job"]


def test_jobs_shows_all_jobs_and_says_how_to_start_one(shell):
    assert shell.see("%jobs") == "No jobs. %bg f(x) starts one.\n"
    shell.see("%bg gate.wait(60)")
    assert listed(shell) == "Running jobs:\n0 : gate.wait(60)\n    TIME\n\n"


def test_jobs_shows_how_long_each_job_has_run_what_it_waits_for_and_why_it_died(shell):
    shell.see("import bgjobs; net = jobs.group('net', limit=1)")
    shell.see("first = net.new(bgjobs.sleep, 60)\nsecond = net.new(pow, 2, 3)\nthird = jobs.new('0', {}, delay=60)")
    shell.see("bad = %bg 1 / 0")
    shell.see("bad.join(); late = jobs.new(bgjobs.sleep, 60, time_limit=0.001); late.join()")
    shell.see("never = jobs.new(abs, 1, after=third); third.stop('not needed')")
    assert listed(shell) == (
        "Running jobs:\n"
        "0 : sleep(60)\n    TIME\n"
        "1 : pow(2, 3)\n    has waited TIME, group net runs 1 job, its limit is 1\n"
        "\nDead jobs:\n"
        "3 : 1 / 0\n    failed after TIME: ZeroDivisionError: division by zero\n"
        "4 : sleep(60)\n    stopped after TIME: time limit of TIME\n"
        "2 : 0\n    stopped before it started: not needed\n"
        "5 : abs(1)\n    stopped before it started: job #2 was stopped, so this one did not start\n\n"
    )
    shell.see("jobs.stop('all')")


def test_jobs_says_of_a_body_that_goes_on_after_a_stop_that_it_was_asked(shell):
    shell.see("import threading; begun, go = threading.Event(), threading.Event()")
    shell.see(
        "def deaf():\n    try:\n        begun.set()\n        gate.wait(60)\n    finally:\n        go.wait(60)\n"
        "job = jobs.new(deaf); begun.wait(60); job.stop('too slow', timeout=0)"
    )
    assert listed(shell, "%jobs stopping").splitlines()[2] == "    TIME, asked to stop (too slow)"
    shell.see("gate.set(); go.set(); job.join()")


def test_jobs_cuts_a_long_reason_to_the_width_of_the_terminal(shell, monkeypatch):
    shell.see("bad = jobs.new(int, 'x' * 100); bad.join()")
    for columns, cut in (40, 40), (1, 20):
        monkeypatch.setenv("COLUMNS", str(columns))
        reason = shell.see("%jobs").splitlines()[2]
        assert reason.endswith("...") and len(reason) == cut


def test_of_many_jobs_the_list_shows_those_that_run_first_and_that_ended_last(shell):
    shell.see("import bgjobs; ended = jobs.map(abs, range(30)); jobs.wait()")
    shell.see("waiting = jobs.map(bgjobs.sleep, [60] * 30, limit=1)")
    shown = [line for line in shell.see("%jobs").splitlines() if not line.startswith(" ")]
    assert shown[1:22] == [*(f"{num} : sleep(60)" for num in range(30, 50)), "... and 10 more; %jobs all lists all"]
    assert shown[24:] == [
        "... 10 more before; %jobs all lists all",
        *(f"{num} : abs({num})" for num in range(10, 30)),
        "",
    ]
    assert "more" not in shell.see("%jobs all")
    shell.see("jobs.stop('all')")


def test_jobs_shows_calls_with_their_arguments_and_the_notice_is_the_originals(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see("def fit(n, lr): gate.wait(60)")
    shell.see("job = jobs.submit(fit, 3, lr=0.1)")
    assert listed(shell) == "Running jobs:\n0 : fit(3, lr=0.1)\n    TIME\n\n"
    assert shell.see("gate.set(); job.join()") == f"Completed jobs:\n0 : {shell.user_ns['fit']}\n\n"
    assert shell.see("job = jobs.new(fit, 3, 1); job.join()\n%jobs").count("fit(3, ") == 2
    assert shell.see("pass") == "", "%jobs was the report"


def test_a_change_that_stays_in_the_process_of_a_cell_is_told_with_the_way_out(shell):
    shell.see("rows, more, fixed = [1], [1], [1]")
    shell.see("%%bg --process\nrows.append(2)\nmore.append(2)\nmore = more\nlen(fixed)")
    assert shell.see("jobs[0].join()").endswith(
        "\n\nJob #0 has set more.\n"
        "Job #0 has changed its own copy of rows, not yours; rows = rows in its cell brings it back.\n"
    )
    assert (shell.user_ns["rows"], shell.user_ns["more"]) == ([1], [1, 2])


def test_an_end_is_reported_once_after_the_next_cell(shell):
    shell.see("good = %bg gate.wait(60) and 1")
    shell.see("bad = %bg gate.wait(60) / 0")
    assert "jobs:" not in shell.see("1")
    notice = shell.see("gate.set(); good.join(); bad.join()")
    assert notice == (
        "Completed jobs:\n0 : gate.wait(60) and 1\n\n"
        "Dead, call jobs.traceback() for details jobs:\n1 : gate.wait(60) / 0\n\n"
    )
    assert shell.see("pass") == ""


def test_many_ends_together_are_counted_in_one_line(shell):
    shell.see("import bgjobs")
    shown = shell.see("started = jobs.map(int, ['1'] * 20 + ['x']); bgjobs.wait_all(started)")
    assert shown == "21 jobs have ended: 20 done, 1 failed; %jobs dead lists them.\n"
    shown = shell.see("started = jobs.map(int, ['1'] * 21); bgjobs.wait_all(started)")
    assert shown == "21 jobs have ended: 21 done; %jobs lists them.\n"
    shown = shell.see("started = jobs.map(int, ['1'] * 20); bgjobs.wait_all(started)")
    assert len(shown.splitlines()) == 22


def test_the_names_of_a_cell_come_back_with_its_notice(shell):
    shell.see("x = 1")
    shell.see("%%bg\ngate.wait(60)\nx = x + 1\ny = [n * x for n in range(3)]")
    assert "x has" not in shell.see("print(x)")
    assert "y" not in shell.user_ns
    notice = shell.see("gate.set(); jobs[0].join()")
    assert notice == "Completed jobs:\n0 : gate.wait(60) ...\n\nJob #0 has set x, y.\n"
    assert shell.user_ns["x"] == 2
    assert shell.user_ns["y"] == [0, 2, 4]


def test_the_names_of_a_cell_are_there_before_the_next_cell_runs(shell):
    shell.see("%%bg\ngate.wait(60)\ntotal = 42")
    shell.user_ns["gate"].set()
    shell.user_ns["jobs"].wait()
    assert shell.see("print(total)") == "42\nCompleted jobs:\n0 : gate.wait(60) ...\n\nJob #0 has set total.\n"


def test_no_notice_is_in_what_a_cell_captures(shell):
    shell.see("job = %bg gate.wait(60)")
    assert shell.see("%%capture captured\ngate.set(); job.join()\nprint('mine')") == (
        "Completed jobs:\n0 : gate.wait(60)\n\n"
    )
    assert shell.user_ns["captured"].stdout == "mine\n"


def test_what_a_job_prints_is_not_in_what_a_cell_captures(shell):
    shell.see("%%bg\ngate.wait(60)\nprint('of the job')")
    shell.see("%%capture captured\ngate.set(); jobs.wait()\nprint('mine')")
    assert shell.user_ns["captured"].stdout == "mine\n"
    assert list(shell.user_ns["jobs"][0].log) == ["of the job"]


def test_a_cell_that_another_runs_is_not_the_prompt(shell):
    shell.see("job = %bg gate.wait(60)")
    shown = shell.see(
        "gate.set(); job.join()\nget_ipython().run_cell('')\nget_ipython().run_cell('pass')\nprint('last')"
    )
    assert shown == "last\nCompleted jobs:\n0 : gate.wait(60)\n\n"


def test_a_name_changed_meanwhile_stays_and_the_notice_says_so(shell):
    shell.see("x = 1")
    shell.see("%%bg\ngate.wait(60)\nx = 'of the job'")
    shell.see("x = 'of the prompt'")
    notice = shell.see("gate.set(); jobs[0].join()")
    assert "x has changed since job #0 began; the job's value is jobs[0].names['x'].\n" in notice
    assert shell.user_ns["x"] == "of the prompt"
    assert shell.user_ns["jobs"][0].names["x"] == "of the job"


def test_a_cell_may_have_statements_magics_and_a_value_and_its_traceback_shows_its_lines(shell):
    shell.see("%%bg\nimport os\nshown = !echo one\nfor n in range(3):\n    pass\n(n, shown)")
    shell.user_ns["jobs"][0].join()
    assert shell.user_ns["jobs"][0].result == (2, ["one"])
    shell.see("%%bg\nzero = 0\n1 / zero  # here")
    shell.user_ns["jobs"][1].join()
    assert "----> 2 1 / zero  # here" in shell.see("jobs.traceback(1)")


def test_the_traceback_of_a_cell_begins_with_the_cell_and_names_the_prompt_where_it_was_typed(shell):
    for cell in ("1 / 0", "import asyncio\nawait asyncio.sleep(0)\n1 / 0"):
        number = shell.execution_count
        shell.see("%%bg\n" + cell)
        job = shell.user_ns["jobs"].all.popitem()[1]
        job.join()
        shown = failures.text_of(job)
        assert f"Cell In[{number}], line " in shown
        assert ".py" not in shown, "frames that are not the user's"


def test_a_cell_may_await(shell):
    shell.see("import asyncio\nasync def slow(n):\n    await asyncio.sleep(0)\n    return n")
    shell.see("%%bg\nx = await slow(1)\nasync with asyncio.Lock():\n    x += 1\nx + await slow(40)")
    shell.see("jobs[0].join()")
    assert shell.user_ns["jobs"][0].result == 42
    assert shell.user_ns["x"] == 2
    shell.see("%%bg\nfor n in range(2):\n    await slow(n)")
    shell.user_ns["jobs"][1].join()
    assert shell.user_ns["jobs"][1].result is None
    assert shell.user_ns["jobs"][1].outcome == "done"


def test_a_cell_that_does_not_compile_shows_where_and_starts_nothing(shell):
    shown = shell.see("%%bg\nx = 1\ny = = 2")
    assert "y = = 2" in shown
    assert "SyntaxError: invalid syntax" in shown
    assert "magics" not in shown
    assert not shell.user_ns["jobs"].all


def test_kill_says_what_came_of_each_stop(shell):
    shell.see("import bgjobs")
    shell.see("%bg bgjobs.sleep(3600)")
    shell.see("job = %bg 1 + 1")
    shell.user_ns["job"].join()
    lines = shell.see("%kill 0 1").splitlines()
    assert re.fullmatch(r"Job #0 stopped after .*s\.", lines[0])
    assert lines[1] == "Job #1 had completed before."
    assert not any("Dead" in line for line in lines), "%kill has said so"


def test_kill_stops_the_known_jobs_and_names_the_unknown(shell):
    shell.see("import bgjobs")
    shell.see("%bg bgjobs.sleep(3600)")
    lines = shell.see("%kill 0 7 y").splitlines()
    assert re.fullmatch(r"Job #0 stopped after .*s\.", lines[0])
    assert lines[1:] == [
        f"UsageError: Job #7 not found; the newest job is #0; there is no job or group y; {selection.HOW}"
    ]


def test_without_a_number_a_magic_means_the_newest_job_that_fits(shell):
    shell.see("import bgjobs, threading; printed = threading.Event()")
    shell.see("def talk(): print('second'); printed.set(); bgjobs.sleep(3600)")
    for line in ("%bg print('first') or 1 / 0", "%bg talk()", "%bg 6 * 7"):
        shell.see(line)
    shell.see("jobs[0].join(); jobs[2].join(); printed.wait()")
    assert shell.see("%where").startswith("<BackgroundJob #1: talk()>, running for")
    assert shell.see("%why") == "Job #1 runs, and waits for nothing: talk()\n"
    assert re.match(r"Job #1 stopped after .*s\.\n", shell.see("%kill"))
    assert shell.see("%kill") == "UsageError: no job runs or is queued: there are jobs 0, 1, 2\n"
    assert shell.see("%log") == "Job #1: talk()\nsecond\n"
    assert "<BackgroundJob #3: 6 * 7>" in shell.see("%rerun")
    shell.see("jobs[3].join()")
    assert shell.see("%fg") == "UsageError: no job runs or is queued: there are jobs 0, 1, 2, 3\n"


def test_kill_says_what_can_be_stopped_if_c_code_goes_on(shell):
    shell.see("import threading; lock = threading.Lock(); taken = lock.acquire()\njob = %bg lock.acquire()")
    assert shell.user_ns["job"].ident
    lines = shell.see("%kill").splitlines()
    assert lines[0].startswith("Job #0 still running 1.0 s after the request: in a C call at line 1 of its expression")
    way_out = "bgjobs.sleep hears a stop, as time.sleep does not; %bg --process starts a job that always ends."
    assert lines[1:] == [way_out]
    shell.see("lock.release(); job.join()")


def test_kill_takes_ranges_words_and_names(shell):
    shell.see("import bgjobs; fit = bgjobs.sleep; jobs = bgjobs.BackgroundJobManager()")
    for line in (
        "jobs.new('fit(3600)')",
        "jobs.new('fit(3601)')",
        "jobs.new(fit, 3602)",
        "jobs.new('bgjobs.sleep(3603)')",
    ):
        shell.see(line)

    def killed(words):
        return re.findall(r"#(\d) stopped after", shell.see(f"%kill {words}"))

    assert killed("fit(36?1) 0-0") == ["0", "1"]
    assert killed("running") == ["2", "3"]
    assert shell.see("%kill running 7-9") == "There are no running jobs.\nThere is no job from 7 to 9.\n"
    assert shell.see("%kill 0").startswith("Job #0 had been stopped before.")
    assert shell.see("pass") == "", "%kill has said so"


def test_kill_says_in_one_line_that_many_have_stopped(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see("done = jobs.new(int); done.join(); pass")
    shell.see("started = jobs.map(bgjobs.sleep, [3600] * 11)")
    assert shell.see("%kill all") == (
        "11 jobs stopped: ..., 2, 3, 4, 5, 6, 7, 8, 9, 10, 11.\nJob #0 had completed before.\n"
    )


def test_jobs_shows_those_that_are_selected(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see(
        "started = [jobs.new('1 / 0'), jobs.new(pow, 2, 3), jobs.new(gate.wait, 60)]; bgjobs.wait_all(started[:2])"
    )
    dead = "Dead jobs:\n0 : 1 / 0\n    failed after TIME: ZeroDivisionError: division by zero\n\n"
    assert listed(shell, "%jobs failed") == dead
    running = "Running jobs:\n2 : Event.wait(60)\n    TIME\n\n"
    assert listed(shell, "%jobs 1 running") == running + "Completed jobs:\n1 : pow(2, 3)\n\n"
    assert listed(shell, "%jobs stopped") == "There are no stopped jobs.\n"
    assert listed(shell, "%jobs 0 9") == dead + "UsageError: Job #9 not found; the newest job is #2\n"


def test_a_job_that_jobs_has_shown_at_its_end_is_not_reported_again(shell):
    shell.see("job = %bg gate.wait(60) and 1 / 0")
    shown = shell.see("gate.set(); job.join()\n%jobs dead\n%jobs")
    assert shown.count("Dead jobs:\n0 : gate.wait(60) and 1 / 0\n") == 2 and "jobs.traceback()" not in shown


def test_a_name_means_the_newest_job_of_that_name(shell):
    shell.see("for n in 1, 2: jobs.new('print(n)', {'n': n}, name='train')\njobs.wait()")
    assert shell.see("%log train") == "Job #1: train\n2\n"
    assert shell.see("%log 0") == "1\n"
    assert shell.see("%fg tr*") == "Job #1: train\n2\n"
    assert shell.see("%why train").startswith("Job #1 has ended")
    assert shell.see("%where train").startswith("<BackgroundJob #1: train> is not running")
    assert shell.see("%log 0-1") == "UsageError: %log takes one job, not 2: %log 1\n"


def test_quotes_hold_a_name_with_spaces_together(shell):
    shell.see("%bg --name 'my job' --group 'night shift' print('on')")
    shell.see("jobs.wait()")
    assert shell.see("%log 'my job'") == "Job #0: my job\non\n"
    assert shell.see('%jobs "my job"') == shell.see("%jobs 'night shift'") == "Completed jobs:\n0 : my job\n\n"
    assert shell.see("%kill 'my job'") == "Job #0 had completed before.\n"
    assert shell.see("%limit 'night shift' 2") == "night shift: 0 running, 0 waiting, limit 2\n"


def test_rerun_starts_jobs_again_and_returns_them(shell):
    shell.see("x = 0")
    shell.see("job = %bg 6 / x")
    shell.see("job.join()")
    shell.see("x = 2")
    shell.see("again = %rerun 0")
    again = shell.user_ns["again"]
    assert (again.get(30), again.num) == (3, 1)
    shell.see("several = %rerun failed 1")
    assert [job.get(30) for job in shell.user_ns["several"]] == [3, 3]
    assert "<BackgroundJob #4: 6 / x>" in shell.see("%rerun 0")
    shell.see("jobs.wait()")
    assert shell.see("nothing = %rerun running") == "There are no running jobs.\n"
    assert shell.user_ns["nothing"] is None


@pytest.mark.parametrize("rerun", ["%rerun 0", "jobs.rerun(0)"])
def test_a_cell_that_runs_again_sees_the_names_of_now_and_brings_its_own_back(shell, rerun):
    shell.see("%%bg\ny = x + 1")
    shell.see("jobs[0].join(); x = 1")
    shell.see(f"again = {rerun}")
    shell.see("again.join()")
    assert shell.user_ns["y"] == 2


def test_rerun_refuses_what_it_can_not_make_again(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see("class Mine(bgjobs.BackgroundJobFunc): pass")
    shell.see("jobs.start(Mine(int)).join()")
    assert shell.see("%rerun 0").endswith(
        "UsageError: job #0 is a Mine, which only you can make again: jobs.start(Mine(...))\n"
    )


def test_log_shows_output_or_its_newest_lines_or_follows(shell):
    shell.see("def body():\n    print('one\\ntwo\\nthree')")
    shell.see("job = %bg body()")
    shell.user_ns["job"].join()
    shell.see("pass")
    assert shell.see("%log 0") == "one\ntwo\nthree\n"
    assert shell.see("%log 0 -n 2") == "two\nthree\n"
    assert shell.see("%log -n 1 0 -f") == "three\n"
    assert shell.see("%log 0 -f") == "one\ntwo\nthree\n"


def test_where_shows_the_stack_of_a_job(shell):
    shell.see("here = threading.Event()\ndef body():\n    here.set()\n    gate.wait(60)  # there")
    shell.see("%bg body()")
    shell.see("here.wait(60)")
    assert "gate.wait(60)  # there" in shell.see("%where 0")


def test_where_and_kill_find_a_cell_that_awaits_at_its_own_line(shell):
    shell.see("import asyncio; here = threading.Event()")
    number = shell.execution_count
    shell.see("%%bg\nx = 1\nasyncio.get_running_loop().call_soon(here.set)\nawait asyncio.sleep(60)  # there")
    shell.see("here.wait(60)")
    where = shell.see("%where 0").splitlines()
    assert where[-1] == "    await asyncio.sleep(60)  # there"
    assert len(where) == 3, "no frame of asyncio"
    shown = shell.see("%kill 0")
    assert re.fullmatch(r"Job #0 stopped after \d+ ms\.\n", shown), shown
    assert f"Cell In[{number}], line 3" in failures.text_of(shell.user_ns["jobs"][0])


def test_bg_runs_coroutines(shell):
    shell.see("import asyncio\nasync def slow(n):\n    await asyncio.sleep(0)\n    return 2 * n")
    shell.see("given = %bg slow(20)\nawaited = %bg await slow(20) + 2\nremote = %bg --process await slow(20)")
    jobs = [shell.user_ns[name] for name in ("given", "awaited", "remote")]
    assert [job.exception(60) or job.result for job in jobs] == [40, 42, 40]


def test_peek_shows_what_the_names_of_a_job_mean_now(shell):
    shell.see("here = threading.Event()\ndef body(loss):\n    here.set()\n    gate.wait(60)")
    shell.see("%bg body('{high}')")
    shell.see("here.wait(60)")
    assert "'{high}!'" in shell.see("%peek 0 f'{loss}!'")
    assert shell.see("value = %peek 0 len(loss)") == ""
    assert shell.user_ns["value"] == 6
    assert shell.see("%peek 0 lost").strip() == "UsageError: NameError: name 'lost' is not defined"


WRONG = [
    ("%bg", "%bg takes an expression: %bg f(x); statements go in a cell: %%bg"),
    ("%bg x = 5", "x = 5 is not an expression (invalid syntax); statements go in a cell: %%bg"),
    (
        "%bg --deamon f()",
        "%bg has no option --deamon: did you mean --daemon?",
    ),
    ("%%bg f()\npass", "%%bg takes only options in its first line, not f(): code goes below it"),
    ("%%bg\n  ", "%%bg takes a cell, and this one is empty: put statements below it"),
    ("%%fg 0\npass", "%%fg takes only options in its first line, not 0: code goes below it"),
    ("%%fg\n  ", "%%fg takes a cell, and this one is empty: put statements below it"),
    ("%jobs 3", "Job #3 not found; the newest job is #0"),
    ("%jobs --liv", "%jobs takes --live alone, or which jobs to list, not --liv: %jobs failed"),
    ("%jobs runing", f"there is no job or group runing; {selection.HOW}"),
    ("%fg x", f"there is no job or group x; {selection.HOW}"),
    ("%fg 99", "Job #99 not found; the newest job is #0"),
    ("%fg 0 1", "%fg takes one job, not 2: %fg 0"),
    ("%log 2-1", "2-1 is not a range: the smaller number comes first, as in 1-2"),
    ("%kill y 9-7", "9-7 is not a range: the smaller number comes first, as in 7-9"),
    ("%rerun", "no job has ended: there is job 0"),
    (
        "%rerun 0 7 y",
        f"Job #7 not found; the newest job is #0; there is no job or group y; {selection.HOW}; nothing was started",
    ),
    ("%log", "no job has printed anything: there is job 0"),
    ("%log 0 -n", "-n takes a number of lines, not nothing: %log 0 -n 10"),
    ("%log 0 -n few", "-n takes a number of lines, not few: %log 0 -n 10"),
    ("%log 0 -x", "%log takes -n and -f, not -x"),
    ("%where 7", "Job #7 not found; the newest job is #0"),
    ("%peek", "%peek takes the number or the name of a job: there is job 0"),
    ("%peek 0", "%peek takes an expression after the number: %peek 0 len(queue)"),
    ("%peek 0 n = 1", "n = 1 is not an expression (invalid syntax)"),
    ("%jobdebug", "no job has failed: there is job 0"),
    ("%jobdebug 0", "job #0 has not died (status: Running); job.where() shows where a job is"),
]


@pytest.mark.parametrize(("cell", "says"), WRONG, ids=[cell for cell, _ in WRONG])
def test_wrong_use_gets_an_answer_of_one_line(shell, cell, says):
    shell.see("%bg gate.wait(60)")
    shown = shell.see(cell)
    assert shown.strip().replace("SyntaxError", "") == f"UsageError: {says}"


def test_without_jobs_the_answer_to_wrong_use_says_how_to_start_one(shell):
    assert "there are no jobs: %bg f(x) starts one" in shell.see("%fg 0")


def test_the_newest_of_many_jobs_are_named(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see("done = jobs.map(str, range(12)); bgjobs.wait_all(done)")
    assert "there are jobs ..., 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in shell.see("%fg")


def test_numbers_and_options_are_completed(shell):
    shell.see("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
    shell.see("a, b = jobs.new(gate.wait, 60), jobs.new('1 / 0'); b.join()")

    from IPython.core.completer import provisionalcompleter

    def offered(line):
        with provisionalcompleter():
            return [found.text for found in shell.Completer.completions(line, len(line))]

    assert offered("%fg ") == ["0", "1"]
    assert offered("%kill ") == ["0"]
    assert offered("kill ") == ["0"]
    assert offered("%where ") == ["0"]
    assert offered("%peek ") == ["0"]
    assert offered("%jobdebug ") == ["1"]
    assert offered("%log ") == ["0", "1"]
    assert offered("%log 0 -") == ["-f", "-n"]
    assert offered("%bg --da") == ["--daemon"]
    assert offered("%%fg --da") == ["--daemon"]
    assert offered("%fg --da") == []
    assert offered("%jobs ") == ["0", "1"]
    assert offered("%jobs f") == ["finished", "failed"]
    assert offered("%kill r") == ["running"]
    assert offered("%kill 0 all") == ["all"]
    shell.user_ns["jobs"].group("night")
    assert offered("%kill ni") == offered("%jobs 0 ni") == offered("%rerun ni") == ["night"]
    assert offered("%rerun ") == ["0", "1"]
    assert offered("%rerun fa") == ["failed"]
    assert offered("%notify osc") == ["osc9", "osc777"]
    shell.see("some_long_name = 1")
    assert offered("%bg some_long_n") == ["some_long_name"]
    assert offered("%bg len(some_long_n") == ["some_long_name"]
    assert offered("%bg some_long_name.rea") == ["real"]


def test_a_stall_is_reported_at_the_next_prompt_with_the_job_and_the_call(shell):
    shell.see("job = %bg gate.wait(60)")
    job = shell.user_ns["job"]
    magics = shell.magics_manager.registry["JobMagics"]
    magics.notices.stalls.append(stalls.Stall(job, 1.5, "some.py:3, in f"))
    assert shell.see("pass") == (
        "The prompt was stalled for 1.5 s by job #0 (gate.wait(60)), in a C call at "
        "some.py:3, in f. %bg --process leaves the prompt free.\n"
    )
    assert shell.see("pass") == ""


def test_a_logging_handler_created_after_loading_writes_into_the_log_of_the_job_that_logs(shell):
    # Again, because pytest has restored its own streams since.
    shell.see("%reload_ext bgjobs")
    shell.see("import logging; handler = logging.StreamHandler()")
    shell.see("logger = logging.Logger('mine'); logger.addHandler(handler)")
    shown = shell.see("job = %bg logger.warning('careful')\njob.join()")
    assert "careful" not in shown.splitlines()
    assert list(shell.user_ns["job"].log) == ["careful"]


def test_jobs_are_monitored_for_stalls_while_the_magics_are_loaded(shell):
    assert workers.on_start is not None
    shell.see("%unload_ext bgjobs")
    assert workers.on_start is None
    shell.see("%load_ext bgjobs")
    assert workers.on_start is not None


def test_the_magics_import_no_engines_before_one_is_named():
    code = "import sys, IPython, bgjobs.magics; print('bgjobs.engines' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("magic", ["bg", "jobs", "fg", "kill", "log", "notify", "rerun", "where", "peek", "jobdebug"])
def test_each_magic_has_help_that_shows_its_use(shell, magic):
    assert f"%{magic}" in shell.find_line_magic(magic).__doc__
    assert f"%{magic}" in shell.see(f"%{magic}?")


def test_unloading_removes_the_magics_and_loading_again_adds_them(shell):
    shell.see("%unload_ext bgjobs")
    assert "not found" in shell.see("%jobs")
    shell.see("%load_ext bgjobs")
    assert shell.see("%jobs") == "No jobs. %bg f(x) starts one.\n"


def test_a_reload_loses_neither_jobs_nor_the_names_of_cells(shell):
    shell.see("jobs = 'mine'")
    shell.see("%%bg\ngate.wait(60)\nfound = 42")
    shell.see("%reload_ext bgjobs")
    assert listed(shell) == "Running jobs:\n0 : gate.wait(60) ...\n    TIME\n\n"
    shell.see("gate.set()")
    shell.see("%fg 0")
    assert shell.user_ns["found"] == 42


def test_notices_above_a_waiting_prompt_leave_a_half_typed_line_intact(tmp_path):
    go = tmp_path / "go"
    with ipython_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type(f"import pathlib, hosts; go = pathlib.Path({str(go)!r})")
        it.type("wait_for_file = hosts.wait_for_file")
        it.type("%bg wait_for_file(go)")
        it.send("half = 6 *")
        it.see("half = 6 *")
        go.touch()
        assert "Completed jobs:" in it.see("0 : wait_for_file(go)")
        it.send(" 7\r")
        it.wait_prompt()
        shown = it.type("half")
        assert re.search(r"\b42\b", shown)
        assert "Completed" not in shown


def test_names_come_back_above_a_waiting_prompt(tmp_path):
    go = tmp_path / "go"
    with ipython_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type(f"import pathlib, hosts; go = pathlib.Path({str(go)!r})")
        it.type("wait_for_file = hosts.wait_for_file")
        it.send("%%bg\rwait_for_file(go); found = 6 * 7\r\r\r")
        it.wait_prompt()
        it.send("fou")
        it.see("fou")
        go.touch()
        it.see("Job #0 has set found.")
        assert re.search(r"\b42\b", it.type("nd"))


def test_at_the_simple_prompt_notices_come_after_the_next_cell():
    with simple_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import threading; gate = threading.Event()")
        it.type("job = %bg gate.wait(60)")
        assert "Completed jobs:\n0 : gate.wait(60)\n" in it.type("gate.set(); job.join()")
        assert "Completed" not in it.type("1")


@pytest.mark.parametrize("prompt", [plain_prompt, simple_prompt])
def test_the_exit_says_for_which_jobs_it_waits_and_which_it_cuts_off(prompt):
    with prompt() as it:
        it.type("import bgjobs; jobs = bgjobs.BackgroundJobManager()")
        it.type("one = jobs.new(bgjobs.sleep, 3600, daemon=True)")
        it.type("two = jobs.new(bgjobs.sleep, 3600)")
        it.send("exit()\r")
        it.see("Waiting for job #1 (sleep(3600)). Ctrl-C leaves at once.")
        it.send("\x03")
        it.see("Cut off job #1 (sleep(3600)).")
        assert "Traceback" not in it.child.read()


def test_jobdebug_opens_the_debugger():
    with simple_prompt() as it:
        it.type("%load_ext bgjobs")
        it.type("import failing; job = None")
        it.type("job = %bg failing.outer(7)")
        it.type("job.join()")
        it.send("%jobdebug 0\r")
        it.see("ipdb>")
        it.send("p x, zero\r")
        it.see("(7, 0)")
        it.see("ipdb>")
        it.send("q\r")
        it.wait_prompt()


def test_in_a_kernel_fg_shows_what_was_printed_and_tab_completes():
    with kernel() as it:
        it.run("%load_ext bgjobs\nimport threading; gate = threading.Event()")
        start = it.run("%%bg\nprint('from the job')\ngate.wait(60)")
        it.run("job = %bg gate.wait(60)")
        assert it.complete("%fg ") == ["0", "1"]
        shown = it.run("gate.set()\n%fg 0")
        it.wait_text(shown, "from the job\n")
        it.wait_text(start, "from the job\n")
