"""The magics of options, groups, and what jobs wait for."""

from __future__ import annotations

import pytest

pytest.importorskip("IPython")


def test_bg_takes_the_options_of_jobs_new(shell, tmp_path):
    shell.see("%limit net 1")
    shell.see(f"%bg --name 'my fit' --group net --priority 2 --log-file {tmp_path}/log gate.wait(60)")
    shell.see("%bg --group=net --delay 0 --after-ended 0 --time-limit 60 --retry 2 --backoff 0.1 --log-bytes 999 1 + 1")
    jobs = shell.user_ns["jobs"]
    first, second = jobs[0]._options, jobs[1]._options
    assert (first.name, first.group, first.priority, first.log_file) == ("my fit", "net", 2, f"{tmp_path}/log")
    assert (second.group, second.delay, second.after, second.time_limit) == ("net", 0.0, [(jobs[0], False)], 60.0)
    # Its thread has one once the body has begun.
    assert jobs[0].ident
    assert (second.retry, second.log_bytes) == ((2, 0.1), 999)
    assert shell.see("%why 0 1") == (
        "Job #0 runs, and waits for nothing: my fit\n"
        "Job #1 is queued: 1 + 1\n"
        "  it starts after job #0 (running) has ended\n"
    )
    shell.see("gate.set(); jobs.wait(60)")
    assert shell.see("%why 1") == "Job #1 has ended, and waits for nothing: 1 + 1\n"


def test_a_cell_takes_them_too(shell):
    shell.see("%limit net 1")
    shell.see("%bg --group net gate.wait(60)")
    shell.see("%%bg --group net --daemon\nfound = 1")
    assert (shell.user_ns["jobs"][1].why(), shell.user_ns["jobs"][1].daemon) == (
        ["group net runs 1 job, its limit is 1; it is next"],
        True,
    )
    shell.see("gate.set(); jobs.wait(60)")
    assert shell.see("found") == "Job #1 has set found.\n" or shell.user_ns["found"] == 1


def test_a_command_takes_them_too(shell):
    shell.see("%limit net 1")
    shell.see("%bg --group net gate.wait(60)")
    assert shell.see("job = %sh --group net --name hello echo hello") == ""
    assert shell.user_ns["job"].why() == ["group net runs 1 job, its limit is 1; it is next"]
    shell.see("gate.set(); jobs.wait(60)")
    assert shell.see("%log 1") == "hello\n"
    assert str(shell.user_ns["job"]) == "hello"


def test_groups_are_shown_limited_paused_and_resumed(shell):
    assert shell.see("%groups") == "No groups. %bg --group net f(x) makes one.\n"
    assert shell.see("%limit net 2") == "net: 0 running, 0 waiting, limit 2\n"
    assert shell.see("%pause net") == "net: 0 running, 0 waiting, limit 2, paused\n"
    shell.see("%bg --group net gate.wait(60)")
    assert shell.see("%groups") == "net: 0 running, 1 waiting, limit 2, paused\n"
    shell.see("%limit disk none")
    assert shell.see("%resume net disk") == "net: 1 running, 0 waiting, limit 2\ndisk: 0 running, 0 waiting, no limit\n"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("%bg --grp net 1", "UsageError: %bg has no option --grp: did you mean --group?"),
        (
            "%bg --x 1",
            "UsageError: %bg has no option --x, %bg? shows those it has; put an expression that begins with ",
        ),
        ("%%bg --x\n1", "UsageError: %%bg has no option --x, %%bg? shows those it has\n"),
        ("%sh --process ls", "UsageError: %sh has no option --process"),
        ("%bg --retry often 1", "UsageError: --retry takes a value, as in --retry 3, not often"),
        ("%bg --retry 0 1", "UsageError: retry is a number from 1"),
        ("%bg --delay -1 1", "UsageError: delay is a time in seconds, 0 or more, not -1.0"),
        ("%bg --after 7 1", "UsageError: after is job #7, which this manager does not have; there are none"),
        ("%bg --after one 1", "UsageError: --after takes a value, as in --after 1,2, not one"),
        ("%bg --group", "UsageError: --group takes a value, as in --group net"),
        ("%bg --group '' 1", 'UsageError: group is the name of a group, such as "net", and not empty'),
        ("%bg --daemon=yes 1", "UsageError: --daemon takes no value"),
        ("%bg --group net", "UsageError: %bg takes an expression"),
        ("%limit net", "UsageError: %limit takes a group and a number: %limit net 2"),
        ("%limit net 0", "UsageError: with a limit of 0 no job of group net would ever start"),
        ("%limit net two", "UsageError: a limit is a number or none, as in %limit net 2, not two"),
        ("%pause nett", "UsageError: there is no group nett: there are none, %limit net 2 makes one"),
        ("%resume", "UsageError: %resume takes the names of groups"),
        ("%groups net", "UsageError: %groups takes no arguments, not net"),
        ("%why", "UsageError: no job runs or is queued: there are none, %bg f(x) starts one"),
    ],
)
def test_wrong_use_is_told_in_a_line(shell, cell, text):
    shown = shell.see(cell)
    assert shown.startswith(text) and len(shown.splitlines()) == 1
    assert not shell.user_ns["jobs"].all if "jobs" in shell.user_ns else True


def test_tab_offers_options_and_groups(shell):
    shell.see("%limit net 2")
    assert "--group" in shell.Completer.complete(line_buffer="%bg --gr", cursor_pos=8, text="--gr")[1]
    assert "net" in shell.Completer.complete(line_buffer="%pause n", cursor_pos=8, text="n")[1]
