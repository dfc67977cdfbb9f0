"""The table of what each engine can and can't: each of its cells is held by tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
BOOK = TESTS / "../../docs/src/engines.md"

COLUMNS = ("process pools, loky", "Dask", "ipyparallel", "Slurm", "`ThreadPoolExecutor`")

HEARD = "test_how_far_a_body_says_that_it_is_shows_while_it_runs_and_stays"
BATCH = "test_a_value_an_exception_and_live_lines_come_back"
BACK = "test_a_body_that_has_not_begun_is_taken_back_and_never_runs"
SWALLOWED = "test_a_stop_that_is_swallowed_is_told_with_its_place_and_the_way_out"
THREADS = "test_threads_of_this_process_are_stopped_and_report_like_any_worker"
THREAD = "test_a_stop_of_a_job_for_a_thread_takes_it_back_tells_where_it_is_or_ends_its_process"
SLEEP = "test_a_stop_ends_a_sleep_where_bodies_run_on_main_threads"
PRINTS = "test_all_that_a_body_prints_is_in_its_log_while_it_runs"
OWN = "test_a_job_in_a_process_of_its_own_dies_alone_and_always_ends"
KILL = "test_a_stop_ends_a_body_and_a_kill_one_that_does_not_hear_it"
WHERE = "test_where_is_the_stack_on_the_worker"
TWICE = "test_a_second_start_of_a_body_is_refused"
WAITS = "test_the_program_waits_for_a_body_where_its_engine_does"
FOLDER = "test_a_folder_that_workers_do_not_see_is_named"
UNKNOWN = "test_an_object_that_is_no_engine_is_refused_and_what_is_wanted_is_named"
VIEW = "test_on_ipyparallel_a_view_says_which_engines_are_meant"
ON_DASK = "test_on_dask_a_killed_worker_is_told_and_its_body_does_not_run_again"
ATTACHED = "test_a_new_program_goes_on_with_the_jobs_that_another_has_left"

HELD: dict[str, tuple[str, ...]] = {
    "output in the log": (
        PRINTS,
        "test_on_dask_all_that_a_process_of_its_own_prints_is_in_the_log",
        PRINTS,
        BATCH,
        "test_what_a_thread_of_this_process_prints_goes_where_it_would_go",
    ),
    "`job.progress`": (HEARD, HEARD, HEARD, HEARD, THREADS),
    "`where`": (WHERE, WHERE, WHERE, BATCH, THREADS),
    "a stop of Python code": (
        SLEEP,
        "test_on_dask_a_sleep_goes_on_after_a_stop_and_the_verdict_says_so",
        SLEEP,
        KILL,
        THREADS,
    ),
    "a stop that is not heard": (SWALLOWED, SWALLOWED, SWALLOWED, KILL, THREAD),
    "a stop before it begins": (
        BACK,
        BACK,
        BACK,
        "test_a_job_that_waits_says_why_in_slurms_words_and_is_taken_back",
        THREAD,
    ),
    "with `process=True`": (OWN, OWN, OWN, KILL, THREAD),
    "a worker is killed": (
        "test_a_killed_worker_is_told_in_the_engines_words",
        ON_DASK,
        "test_on_ipyparallel_a_killed_engine_is_told_and_its_neighbour_goes_on",
        "test_a_body_that_kills_itself_is_lost_in_slurms_words",
        "",
    ),
    "a node is lost": ("", "", "", "test_a_node_that_fails_is_told_in_slurms_words", ""),
    "the engine starts a body again": (
        TWICE,
        ON_DASK,
        "test_on_ipyparallel_a_second_start_of_a_body_is_stopped_at_once",
        TWICE,
        TWICE,
    ),
    "the scheduler goes away": (
        "",
        "test_on_dask_a_lost_scheduler_is_told_and_that_the_body_may_still_run",
        "test_on_ipyparallel_without_its_controller_nothing_is_heard_of_a_body_and_that_is_told",
        "test_a_controller_that_does_not_answer_changes_nothing",
        "",
    ),
    "the program ends": (
        WAITS,
        "test_on_dask_the_program_does_not_wait_and_the_body_goes_on",
        "test_on_ipyparallel_the_program_does_not_wait_and_its_bodies_go_on",
        ATTACHED,
        WAITS,
    ),
    "a disk that both sides see": (FOLDER, ON_DASK, VIEW, ATTACHED, ""),
    "wants": (
        UNKNOWN,
        "test_on_dask_wants_are_those_of_its_submit",
        VIEW,
        "test_what_slurm_refuses_is_told_in_its_words",
        "",
    ),
}
"""The test of each cell, by the beginning of its row; none for an empty cell."""


def test_each_cell_of_the_book_s_table_is_held_by_a_test() -> None:
    if not BOOK.exists():
        pytest.skip("the book is not here")
    lines = BOOK.read_text("utf-8").partition("## What each engine can and can't\n")[2].splitlines()
    head, _, *rows = [re.split(r" *\| *", line)[1:-1] for line in lines if line.startswith("|")]
    assert tuple(head[1:]) == COLUMNS
    tests = "".join((TESTS / f"test_{name}.py").read_text("utf-8") for name in ("engines", "slurm"))
    there = set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))
    assert len(rows) == len(HELD)
    for (row, *cells), (begin, held) in zip(rows, HELD.items()):
        assert row.startswith(begin)
        for cell, column, test in zip(cells, COLUMNS, held):
            assert bool(cell) == bool(test), f"{row}, {column}"
            assert not test or test in there, f"there is no {test}"
