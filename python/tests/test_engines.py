"""Jobs on executors: process pools of the standard library and of loky."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bodies
import far_commands
import pytest
from homes import Gate
from hosts import environment
from pools import POOLS, process_pool
from waits import LONG, started, until, where

import bgjobs
import bgjobs.engines
from bgjobs import BackgroundJobManager, Stopped
from bgjobs.engines import JobLost, slurm
from bgjobs.payload import pack_call
from bgjobs.remote import RemoteError, RemoteTraceback

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """A client of Dask with two workers of one thread."""
    distributed = pytest.importorskip("distributed")
    from dask import config

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    quick = {"distributed.worker.profile.enabled": False, "distributed.comm.timeouts.connect": "1s"}
    with config.set(quick), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(**settings, silence_logs=60) as cluster, distributed.Client(cluster) as client:
            yield client


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], Any]]:
    """Opens a pool at its first use: some packages have one in a process."""
    pools: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:

        def open(name: str) -> Any:
            if name not in pools:
                pools[name] = stack.enter_context(POOLS[name]())
            return pools[name]

        yield open


@pytest.fixture(scope="module", params=POOLS)
def pool(request: pytest.FixtureRequest, opened: Callable[[str], Any]) -> Any:
    return opened(request.param)


@pytest.fixture(scope="module")
def ipyparallel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of ipyparallel with two engines."""
    ipyparallel = pytest.importorskip("ipyparallel")
    profile = str(tmp_path_factory.mktemp("profile"))
    with ipyparallel.Cluster(n=2, controller_ip="127.0.0.1", log_level=50, profile_dir=profile) as client:
        # Unlike other workers, its engines do not look where we do.
        client[:].apply_sync(eval, "__import__('sys').path.extend(PATH)", {"PATH": sys.path})
        yield client


@pytest.fixture(scope="module", params=[*POOLS, "dask", "ipyparallel"])
def engine(request: pytest.FixtureRequest, opened: Callable[[str], Any]) -> Any:
    return opened(request.param) if request.param in POOLS else request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=[*POOLS, "ipyparallel"])
def sharing(request: pytest.FixtureRequest, opened: Callable[[str], Any]) -> Any:
    """An engine that shares a folder with its workers, whose bodies run on main threads."""
    return opened(request.param) if request.param in POOLS else request.getfixturevalue(request.param)


@pytest.fixture
def name(engine: Any) -> str:
    """What the engine is called in texts."""
    return name_of(engine)


def name_of(engine: Any) -> str:
    return str(bgjobs.engines.target(engine, {}).engine.name)


def test_a_value_comes_back_from_an_engine(engine: Any, name: str, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.double, 21, on=engine)
    assert job.get(LONG) == 42
    assert jobs.on(engine).new("n + 1", {"n": 1}).get(LONG) == 2
    assert [job.get(LONG) for job in jobs.on(engine).map(bodies.double, [1, 2])] == [2, 4]
    assert str(os.getpid()) not in job.place
    assert re.fullmatch(rf"on {name}( worker \S+)?, process \d+ of \S+", job.place)


def test_an_exception_comes_back_with_the_remote_traceback(engine: Any, jobs: BackgroundJobManager) -> None:
    error = jobs.new(bodies.divide, 1, on=engine).exception(LONG)
    assert isinstance(error, ZeroDivisionError)
    assert isinstance(error.__cause__, RemoteTraceback)
    assert "return x / zero" in str(error.__cause__)
    assert "_far" not in str(error.__cause__)


def test_what_cannot_come_back_is_a_remote_error(engine: Any, jobs: BackgroundJobManager) -> None:
    error = jobs.new(bodies.odd, on=engine).exception(LONG)
    assert (type(error), str(error)) == (RemoteError, "bodies.Odd: 1 and 2")
    error = jobs.new(bodies.unsendable, on=engine).exception(LONG)
    assert "result, a generator, cannot be sent back from its worker" in str(error)


def test_what_cannot_be_sent_is_refused_by_name_before_anything_is_sent(
    engine: Any, jobs: BackgroundJobManager
) -> None:
    with pytest.raises(pickle.PicklingError, match=r"run on an engine: argument 1 \(a _thread.lock\).*without on=$"):
        jobs.new(bodies.double, threading.Lock(), on=engine)
    assert not jobs.all


def test_all_that_a_body_prints_is_in_its_log_while_it_runs(
    sharing: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.speak, gate.path, on=sharing)
    until(lambda: len(job.log) == 4)
    assert sorted(job.log) == ["by a program", "by descriptor", "by print", "by stderr"]
    assert [line.stream for line in job.log.lines if line.text == "by stderr"] == ["stderr"]
    assert job.running()
    gate.open()
    assert job.get(LONG) == "spoke"


def test_all_that_a_short_body_prints_is_in_its_log_once_it_has_ended(engine: Any, jobs: BackgroundJobManager) -> None:
    # What it prints and its end come by different ways.
    short = jobs.on(engine).map(print, range(30))
    bgjobs.wait_all(short, LONG)
    assert [list(job.log) for job in short] == [[str(number)] for number in range(30)]


def test_where_is_the_stack_on_the_worker(engine: Any, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.loop, on=engine)
    lines = where(started(job), "in loop").splitlines()
    assert "running for" in lines[0] and job.place in lines[0]
    assert re.fullmatch(rf'  File "{re.escape(bodies.__file__)}", line \d+, in loop', lines[1])


def test_where_ends_with_the_line_of_the_users_that_sleeps(engine: Any, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.sleep_by_bgjobs, on=engine)
    lines = where(started(job), "in sleep_by_bgjobs").splitlines()
    until(lambda: len(job.where().splitlines()) == 3)
    assert lines[1].endswith(", in sleep_by_bgjobs")
    job.stop(timeout=LONG)


def test_a_stop_ends_a_sleep_where_bodies_run_on_main_threads(sharing: Any, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.nap, on=sharing)
    where(started(job), "in nap")
    assert job.stop(timeout=LONG).stopped


@pytest.mark.parametrize("body", [bodies.loop, bodies.sleep_by_bgjobs])
def test_a_stop_ends_a_body_and_spares_its_worker(engine: Any, jobs: BackgroundJobManager, body: Any) -> None:
    job = jobs.new(body, on=engine)
    where(started(job), f"in {body.__name__}")
    verdict = job.stop(timeout=LONG)
    assert (verdict.stopped, job.outcome) == (True, "stopped")
    assert isinstance(job.exception(), Stopped)
    assert jobs.new(bodies.double, 1, on=engine).get(LONG) == 2


def test_a_stop_that_is_swallowed_is_told_with_its_place_and_the_way_out(
    engine: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.swallow, gate.path, on=engine)
    where(started(job), "in swallow")
    verdict = str(job.stop(timeout=0.2))
    assert verdict.startswith("still running ")
    assert f"request: {job.place}, at {bodies.__file__}:" in verdict
    assert verdict.endswith("can't end one task: start it with process=True")
    gate.open()
    assert job.get(LONG) == "went on"
    until(lambda: "swallowed" in job.log)


def test_a_body_that_has_not_begun_is_taken_back_and_never_runs(
    engine: Any, name: str, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    before = jobs.on(engine).map(bodies.wait_for, [gate.path] * 12)
    job = jobs.new(bodies.fail_once, str(runs), on=engine)
    assert job.why() == [f"waits for its turn on {name}"]
    assert job.stop(timeout=LONG).stopped
    gate.open()
    bgjobs.wait_all(before, LONG)
    assert jobs.new(bodies.double, 1, on=engine).get(LONG) == 2
    assert not list(runs.iterdir())


def test_a_stop_of_many_jobs_that_wait_ends_all_as_stopped(engine: Any, jobs: BackgroundJobManager, gate: Gate) -> None:
    before = jobs.on(engine).map(bodies.wait_for, [gate.path] * 2)
    many = jobs.on(engine).map(bodies.double, range(100))
    begun = [job for job in many if job.running()]
    assert all(verdict.stopped for verdict in jobs.stop(*(job for job in many if job not in begun)).values())
    gate.open()
    bgjobs.wait_all([*before, *many], LONG)
    assert {job.outcome for job in many if job not in begun} == {"stopped"}
    assert jobs.new(bodies.double, 1, on=engine).get(LONG) == 2


def test_how_far_a_body_says_that_it_is_shows_while_it_runs_and_stays(
    engine: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.report, gate.path, on=engine)
    until(lambda: job.progress is not None)
    assert str(job.progress).startswith("halves, 50%, about ")
    gate.open()
    assert job.exception(LONG) is None
    assert job.progress[:3] == (4, 4, "halves")


def test_how_far_a_bar_on_a_worker_is_shows_in_its_job(engine: Any, jobs: BackgroundJobManager, gate: Gate) -> None:
    tqdm = pytest.importorskip("tqdm").tqdm
    job = jobs.new(bodies.show_bar, tqdm, gate.path, on=engine)
    until(lambda: job.progress is not None and job.progress[:3] == (3, 4, "rows"))
    gate.open()
    assert job.exception(LONG) is None


def test_a_time_limit_stops_a_body_on_its_worker(engine: Any, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.loop, on=engine, time_limit=0.05)
    assert isinstance(job.exception(LONG), Stopped)
    assert "time limit" in str(job.exception())


def test_groups_and_order_hold_on_an_engine(engine: Any, jobs: BackgroundJobManager, gate: Gate) -> None:
    first = jobs.new(bodies.wait_for, gate.path, on=engine, group="net")
    jobs.group("net", limit=1)
    second = jobs.new(bodies.double, 2, on=engine, group="net")
    third = jobs.new(bodies.double, 3, on=engine, after=second)
    started(first)
    assert (second._queued, third._queued) == (True, True)
    gate.open()
    assert third.get(LONG) == 6 and second.done()


def test_a_failed_body_is_retried_on_the_engine(engine: Any, jobs: BackgroundJobManager, tmp_path: Path) -> None:
    job = jobs.on(engine).options(retry=3, backoff=0).new(bodies.fail_once, str(tmp_path))
    assert job.get(LONG) == 1
    failures = [attempt["failure"] for attempt in job.summary()["attempts"]]
    assert [failure and failure["message"] for failure in failures] == ["ValueError: the first time", None]


@pytest.mark.parametrize("kind", ["ProcessPoolExecutor", "loky"])
def test_a_killed_worker_is_told_in_the_engines_words(kind: str, jobs: BackgroundJobManager) -> None:
    with POOLS[kind]() as pool:
        neighbour = started(jobs.new(bodies.nap, on=pool))
        job = jobs.new(bodies.die, on=pool)
        error = job.exception(LONG)
        assert isinstance(error, JobLost) and error.began
        assert f"has lost the job, and its body had begun {job.place}: " in str(error)
        assert ("TerminatedWorkerError" if kind == "loky" else "BrokenProcessPool") in str(error)
        # The pool ends all its workers then.
        assert isinstance(neighbour.exception(LONG), JobLost)
        # What is sent to it now is lost before it begins.
        error = jobs.new(bodies.double, 1, on=pool).exception(LONG)
        assert isinstance(error, JobLost) and not error.began


def test_a_job_in_a_process_of_its_own_dies_alone_and_always_ends(
    engine: Any, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    error = jobs.new(bodies.die, on=engine, process=True).exception(LONG)
    assert isinstance(error, JobLost)
    assert str(error).endswith("was ended by signal 9")
    job = jobs.new(bodies.swallow, gate.path, on=engine, process=True)
    until(lambda: "in process" in job.where())
    job.stop(timeout=0.2)
    assert isinstance(job.exception(LONG), Stopped)
    assert jobs.new(bodies.double, 4, on=engine, process=True).get(LONG) == 8


def test_a_worker_of_another_python_refuses_before_it_loads_anything(
    engine: Any, jobs: BackgroundJobManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_here = bgjobs.engines.target(engine, {}).engine
    text, names = engine_here._run
    monkeypatch.setattr(engine_here, "_run", (text, {**names, "SETTINGS": {**names["SETTINGS"], "python": "3.1"}}))
    error = jobs.new(bodies.double, 1, on=engine).exception(LONG)
    here = "{}.{}".format(*sys.version_info)
    assert str(error) == f"the worker has Python {here} and this is 3.1: code of one can't run on the other"


def test_on_dask_prints_are_in_the_log_while_the_body_runs(dask: Any, jobs: BackgroundJobManager, gate: Gate) -> None:
    job = jobs.new(bodies.say, "one\ntwo", gate.path, on=dask)
    until(lambda: list(job.log) == ["one", "two"])
    assert job.running()
    gate.open()
    job.get(LONG)


def test_on_dask_all_that_a_process_of_its_own_prints_is_in_the_log(
    dask: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.speak, gate.path, on=dask, process=True)
    until(lambda: len(job.log) == 4)
    assert job.running()
    gate.open()
    assert job.get(LONG) == "spoke"


def test_how_far_a_process_of_its_own_is_shows_while_it_runs_and_stays(
    engine: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.report, gate.path, on=engine, process=True)
    until(lambda: job.progress is not None and job.progress[:3] == (2, 4, "halves"))
    gate.open()
    assert job.exception(LONG) is None
    assert job.progress[:3] == (4, 4, "halves")


def test_on_dask_a_sleep_goes_on_after_a_stop_and_the_verdict_says_so(dask: Any, jobs: BackgroundJobManager) -> None:
    # Code in C is not interrupted on a thread; this one ends by itself.
    job = jobs.new(bodies.tick, 0.5, on=dask)
    where(started(job), "in tick")
    verdict = job.stop(timeout=0.1)
    assert re.search(
        r"request: on dask worker tcp://\S+, process \d+ of \S+, at .*, in tick; dask can't end", str(verdict)
    )
    assert isinstance(job.exception(LONG), Stopped)


def test_on_dask_a_killed_worker_is_told_and_its_body_does_not_run_again(
    dask: Any, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    neighbour = started(jobs.new(bodies.say, "beside", gate.path, on=dask))
    error = jobs.new(bodies.mark, str(runs), on=dask).exception(LONG)
    assert isinstance(error, JobLost)
    assert re.search("worker .* is gone, and the job with it|started it a second time, which was refused", str(error))
    gate.open()
    assert neighbour.exception(LONG) is None
    assert len(list(runs.iterdir())) == 1


def test_on_dask_a_lost_scheduler_is_told_and_that_the_body_may_still_run(
    dask: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=60
        )
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            job = started(jobs.new(bodies.wait_for, gate.path, on=client))
            client.sync(cluster.scheduler.close)
            error = job.exception(LONG)
            gate.open()
    assert isinstance(error, JobLost)
    assert "dask has lost the job: " in str(error) and str(error).endswith("and may still run")


def test_on_dask_wants_are_those_of_its_submit(dask: Any, jobs: BackgroundJobManager) -> None:
    assert jobs.on(dask, priority=5, workers=list(dask.nthreads())).submit(bodies.double, 1).get(LONG) == 2
    with pytest.raises(TypeError, match=r"^dask takes no gpus=; it takes workers, resources, priority"):
        jobs.on(dask, gpus=1)


def test_on_ipyparallel_a_view_says_which_engines_are_meant(ipyparallel: Any, jobs: BackgroundJobManager) -> None:
    views = [ipyparallel[1], ipyparallel[1].executor, ipyparallel.load_balanced_view([1])]
    assert [jobs.new(os.getpid, on=view).get(LONG) for view in views] == [ipyparallel[1].apply_sync(os.getpid)] * 3
    assert {name_of(view) for view in views} == {"ipyparallel"}
    for want in ("gpus", "folder"):
        with pytest.raises(TypeError, match=rf"^ipyparallel takes no {want}=; a view says which engines are meant"):
            jobs.on(ipyparallel, **{want: "x"})


def test_on_ipyparallel_a_second_start_of_a_body_is_stopped_at_once(
    ipyparallel: Any, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    # Both engines have leave to begin then.
    before = [started(job) for job in jobs.on(ipyparallel).map(bodies.wait_for, [str(tmp_path / "before")] * 2)]
    (tmp_path / "before").touch()
    bgjobs.wait_all(before, LONG)
    job: Any = started(jobs.new(bodies.say, "once", gate.path, on=ipyparallel))
    engine = bgjobs.engines.target(ipyparallel, {}).engine
    again = engine._view.apply_async(eval, *engine.call(job._task))
    again._children[0].iopub_callbacks.append(engine._take)
    assert pickle.loads(again.get(LONG))[0] == "stopped"
    gate.open()
    assert job.exception(LONG) is None


def test_on_ipyparallel_an_engine_that_has_leave_to_begin_is_asked_before_a_task_is_taken_back(
    ipyparallel: Any, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    on = jobs.on(ipyparallel[0])
    on.submit(bodies.double, 1).get(LONG)
    engine = on.submit(bodies.double, 1)._target.engine
    runs = tmp_path / "runs"
    runs.mkdir()
    before = started(on.submit(bodies.wait_for, gate.path))
    waiting = [on.submit(bodies.count, str(runs)) for _ in range(3)]
    # Its skipping is another way, which is not what is seen here.
    engine.withdraw = lambda task: None
    assert list(engine._leaves.values()) == [0]
    assert all(verdict.stopped for verdict in jobs.stop(*waiting).values())
    gate.open()
    assert before.exception(LONG) is None
    until(lambda: not engine.tasks)
    assert not list(runs.iterdir())


def test_on_ipyparallel_the_program_does_not_wait_and_its_bodies_go_on(
    ipyparallel: Any, gate: Gate, tmp_path: Path
) -> None:
    # An engine waits two seconds for a program that is gone, before it begins what has waited.
    ended = run_program(
        """
        import sys, time, bodies, ipyparallel
        from bgjobs import BackgroundJobManager

        client = ipyparallel.Cluster.from_file(sys.argv[1]).connect_client_sync()
        jobs = BackgroundJobManager().on(client[0])
        runs = jobs.submit(bodies.touch, sys.argv[2], sys.argv[4])
        while not runs.running():
            time.sleep(0.005)
        waits = jobs.submit(bodies.touch, sys.argv[3])
        taken = jobs.submit(bodies.touch, sys.argv[3] + "-taken-back")
        assert taken.stop().stopped
        last = jobs.submit(bodies.touch, sys.argv[3] + "-last")
        client.wait([last._task.handle], 0.2)
        """,
        ipyparallel.cluster.cluster_file,
        str(tmp_path / "ran"),
        str(tmp_path / "waited"),
        gate.path,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    gate.open()
    until((tmp_path / "waited-last").exists)
    assert sorted(path.name for path in tmp_path.iterdir() if path != Path(gate.path)) == [
        "ran",
        "waited",
        "waited-last",
    ]


def test_on_ipyparallel_a_killed_engine_is_told_and_its_neighbour_goes_on(
    ipyparallel: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    # Its controller takes some seconds to notice.
    neighbour = started(jobs.new(bodies.say, "beside", gate.path, on=ipyparallel))
    job = jobs.new(bodies.die, on=ipyparallel)
    error = job.exception(LONG)
    assert isinstance(error, JobLost) and error.began
    assert f"ipyparallel has lost the job, and its body had begun {job.place}: " in str(error)
    assert "EngineError" in str(error)
    gate.open()
    assert neighbour.exception(LONG) is None


def test_on_ipyparallel_without_its_controller_nothing_is_heard_of_a_body_and_that_is_told(
    jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    # A cluster takes some seconds to start.
    ipyparallel = pytest.importorskip("ipyparallel")
    settings = {"controller_ip": "127.0.0.1", "log_level": 50, "profile_dir": str(tmp_path / "profile")}
    cluster = ipyparallel.Cluster(n=1, **settings)
    client = cluster.start_and_connect_sync()
    client[:].apply_sync(eval, "__import__('sys').path.extend(PATH)", {"PATH": sys.path})
    job = started(jobs.new(bodies.wait_for, gate.path, on=client))
    pid = int(re.findall(r"process (\d+)", job.place)[0])
    controller = cluster.controller.process
    for process in [*controller.children(recursive=True), controller]:
        process.kill()
    assert "its worker has not answered within 1 s" in job.where()
    assert f"{job.place}; its worker does not answer; " in str(job.stop(timeout=0.1))
    assert job.running()
    client.close()
    assert isinstance(job.exception(LONG), Stopped)
    os.kill(pid, signal.SIGKILL)


def test_on_ipyparallel_a_client_that_is_closed_loses_its_jobs(
    ipyparallel: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    client = ipyparallel.cluster.connect_client_sync()
    job = started(jobs.new(bodies.wait_for, gate.path, on=client))
    client.close()
    error = job.exception(LONG)
    gate.open()
    assert isinstance(error, JobLost) and error.began
    assert str(error) == f"the client of ipyparallel was closed; its body had begun {job.place}, and may still run"


def test_an_object_that_is_no_engine_is_refused_and_what_is_wanted_is_named(jobs: BackgroundJobManager) -> None:
    with pytest.raises(TypeError, match=r"^3 is no engine: on= takes a concurrent.futures.Executor"):
        jobs.new(bodies.double, 1, on=3)
    with pytest.raises(LookupError, match=r"no engine is called 'farm'; there are none yet: jobs.engines\['farm'\]"):
        jobs.new(bodies.double, 1, on="farm")
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(TypeError, match=r"ThreadPoolExecutor takes no gpus=; it takes folder"):
            jobs.on(pool, gpus=1)
        jobs.engines["farm"] = pool
        assert jobs.new(bodies.double, 1, on="farm").get(LONG) == 2


def test_a_folder_that_workers_do_not_see_is_named(jobs: BackgroundJobManager, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        place = jobs.on(pool, folder=tmp_path / "shared")
        for file in (tmp_path / "shared").iterdir():
            file.unlink()
        # It is another disk to the worker.
        os.rename(tmp_path / "shared", tmp_path / "elsewhere")
        error = place.submit(bodies.double, 1).exception(LONG)
    assert isinstance(error, JobLost)
    assert f"does not see the folder {tmp_path / 'shared'}: give one that it sees" in str(error)


def test_a_job_that_has_ended_leaves_no_files(pool: Any, jobs: BackgroundJobManager, tmp_path: Path) -> None:
    on = jobs.on(pool, folder=tmp_path)
    bgjobs.wait_all([on.submit(bodies.say, "x", str(tmp_path)), on.submit(bodies.divide, 1)], LONG)
    assert [file.suffix for file in tmp_path.iterdir()] == [".py"]


def test_stops_at_the_moment_of_the_end_hit_no_other_job(engine: Any, jobs: BackgroundJobManager) -> None:
    for _ in range(30):
        job = started(jobs.new(bodies.tick, 0.02, on=engine))
        job.stop(timeout=LONG)
        assert job.outcome in ("done", "stopped")
        assert jobs.new(bodies.double, 1, on=engine).get(LONG) == 2


def test_many_jobs_wait_without_threads(
    engine: Any, jobs: BackgroundJobManager, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    before = jobs.on(engine).map(bodies.wait_for, [gate.path] * 2)
    threads = threading.active_count()
    many = jobs.on(engine).map(bodies.double, range(200))
    # Some executors start threads of theirs.
    assert threading.active_count() <= threads + 10
    gate.open()
    bgjobs.wait_all([*before, *many], LONG)
    assert [job.result for job in many] == [2 * number for number in range(200)]
    assert "could not be asked" not in caplog.text


def test_on_dask_a_stop_of_many_jobs_that_wait_spares_those_that_have_begun(
    dask: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    begun = [started(job) for job in jobs.on(dask).map(bodies.wait_for, [gate.path] * 2)]
    waiting = [jobs.new(bodies.double, number, on=dask) for number in range(20)]
    engine = bgjobs.engines.target(dask, {}).engine
    asked: list[Any] = [*waiting[:7], begun[0], *waiting[7:], begun[1]]
    for job in asked:
        engine.begin_to_take_back(job._task)
    assert [engine.take_back(job._task) for job in asked] == [job in waiting for job in asked]
    gate.open()
    assert [job.exception(LONG) for job in begun] == [None, None]
    # Nobody has asked the jobs themselves.
    assert {type(job.exception(LONG)) for job in waiting} == {JobLost}


def test_on_dask_a_body_that_runs_is_not_asked_for_its_end_all_the_time(dask: Any, jobs: BackgroundJobManager) -> None:
    job = started(jobs.new(bodies.loop, on=dask))
    until(lambda: bgjobs.engines.target(dask, {}).engine.pause > 0.1)
    assert job.running()
    job.stop(timeout=LONG)


def test_the_program_does_not_wait_for_a_job_where_its_engine_does_not() -> None:
    # A pool of the standard library waits itself, for all that it runs.
    program = """
        import sys, time
        from concurrent.futures import Executor, Future
        from bgjobs import BackgroundJobManager

        class Never(Executor):
            def submit(self, fn, /, *args):
                return Future()

        job = BackgroundJobManager().new(time.sleep, 600, on=Never())
        print(job.why())
    """
    ended = run_program(program)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "['waits for its turn on __main__']\n", "")


@pytest.mark.parametrize("kind", ["ProcessPoolExecutor", "ThreadPoolExecutor"])
def test_the_program_waits_for_a_body_where_its_engine_does(kind: str, tmp_path: Path) -> None:
    ended = run_program(
        """
        import sys, bodies, concurrent.futures
        from bgjobs import BackgroundJobManager

        pool = getattr(concurrent.futures, sys.argv[2])(1)
        job = BackgroundJobManager().new(bodies.touch, sys.argv[1], on=pool)
        """,
        str(tmp_path / "ran"),
        kind,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("made", "died"),
    [
        ("ProcessPoolExecutor(2)", "KeyboardInterrupt"),
        ("ProcessPoolExecutor(2, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))", "NoneType"),
    ],
)
def test_ctrl_c_reaches_the_bodies_of_a_pool_unless_its_workers_ignore_it(made: str, died: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(f"""
        import os, signal, sys, time, bodies
        from concurrent.futures import ProcessPoolExecutor
        from bgjobs import BackgroundJobManager

        if __name__ == "__main__":
            with {made} as pool:
                job = BackgroundJobManager().new(bodies.wait_for, sys.argv[1], on=pool)
                while not job.running():
                    time.sleep(0.005)
                try:
                    os.killpg(0, signal.SIGINT)
                    time.sleep(60)
                except KeyboardInterrupt:
                    if sys.argv[2] == "NoneType":
                        open(sys.argv[1], "w").close()
                    print(type(job.exception(60)).__name__)
        """)
    )
    words = [sys.executable, str(program), str(tmp_path / "gate"), died]
    ended = subprocess.run(
        words, capture_output=True, text=True, timeout=LONG, env=environment(), start_new_session=True
    )
    assert ended.stdout == f"{died}\n"


def test_ctrl_c_reaches_the_workers_of_a_local_cluster_and_no_engine_of_ipyparallel(
    dask: Any, ipyparallel: Any
) -> None:
    assert set(dask.run(os.getpgrp).values()) == {os.getpgrp()}
    assert os.getpgrp() not in ipyparallel[:].apply_sync(os.getpgrp)


def test_on_dask_the_program_does_not_wait_and_the_body_goes_on(
    dask: Any, gate: Gate, tmp_path: Path, jobs: BackgroundJobManager
) -> None:
    ended = run_program(
        """
        import sys, time, bodies, distributed
        from bgjobs import BackgroundJobManager

        client = distributed.Client(sys.argv[1])
        job = BackgroundJobManager().new(bodies.touch, sys.argv[2], sys.argv[3], on=client)
        while not job.running():
            time.sleep(0.005)
        """,
        dask.scheduler.address,
        str(tmp_path / "ran"),
        gate.path,
    )
    assert ended.returncode == 0
    gate.open()
    until((tmp_path / "ran").exists)


def run_program(text: str, *words: str) -> Any:
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(text), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG, env=environment())


def test_an_engine_that_cannot_end_one_task_says_so_and_what_can(pool: Any, jobs: BackgroundJobManager) -> None:
    name = name_of(pool)
    job: Any = started(jobs.new(bodies.nap, on=pool))
    with pytest.raises(NotImplementedError, match=rf"^{name} can't end one task: start it with process=True$"):
        job.kill()
    with pytest.raises(ValueError, match=rf"job #0 runs on {name}, process .* print it in the body"):
        job.peek("1")
    job.stop()


@pytest.mark.parametrize("kind", ["dask", "ipyparallel"])
def test_the_book_s_program_is_true(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = request.getfixturevalue(kind)
    program = bodies.document({"dask": "Dask in ten lines"}.get(kind, f"{kind} in ten lines"))
    opened = re.search(r"(?<=jobs = )(ipyparallel\.)?Client\(.*?\)", program)
    assert opened is not None
    program = program.replace(opened.group(), "client").replace("/shared/me", str(tmp_path))
    names = {"client": client, "train": bodies.swallow, "data": [str(tmp_path), str(tmp_path)]}
    exec(program.replace("data)", "data[0])") if kind == "dask" else program, names)
    assert f"on {kind}" in capsys.readouterr().out


def test_a_folder_that_others_can_write_to_is_refused(jobs: BackgroundJobManager, tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with ThreadPoolExecutor(1) as pool, pytest.raises(PermissionError, match=rf"others can write to {open_to_all}"):
        jobs.on(pool, folder=open_to_all)


def test_a_job_that_is_started_again_runs_on_the_same_engine(pool: Any, jobs: BackgroundJobManager) -> None:
    job = jobs.new(bodies.double, 4, on=pool)
    assert job.get(LONG) == 8
    again: Any = jobs.rerun(job)
    assert again.get(LONG) == 8
    assert again.place.startswith(job.place.partition(",")[0])


def test_only_functions_expressions_and_cells_run_on_an_engine(jobs: BackgroundJobManager) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(TypeError, match="can't run on an engine: on= takes functions, expressions and cells"):
            jobs.sh("true", on=pool)
        with pytest.raises(TypeError, match=r"ThreadPoolExecutor keeps no job longer than its program"):
            jobs.attach(pool)


def test_a_second_start_of_a_body_is_refused(jobs: BackgroundJobManager, tmp_path: Path) -> None:
    class Twice(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any) -> Any:  # type: ignore[override]
            return super().submit(lambda: (fn(*args), fn(*args))[1])

    runs = tmp_path / "runs"
    runs.mkdir()
    with Twice(1) as pool:
        error = jobs.new(bodies.count, str(runs), on=pool).exception(LONG)
    assert isinstance(error, JobLost)
    assert "the engine has started it a second time, which was refused; it had begun: " in str(error)
    assert len(list(runs.iterdir())) == 1


def test_what_a_thread_of_this_process_prints_goes_where_it_would_go(
    jobs: BackgroundJobManager, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        job = jobs.new(print, "on a thread", on=pool)
        assert job.exception(LONG) is None
    assert (capsys.readouterr().out, list(job.log)) == ("on a thread\n", [])


def test_a_stop_of_a_job_for_a_thread_takes_it_back_tells_where_it_is_or_ends_its_process(
    jobs: BackgroundJobManager, gate: Gate
) -> None:
    with ThreadPoolExecutor(1) as pool:
        job = jobs.new(bodies.swallow, gate.path, on=pool)
        where(started(job), "in swallow")
        waiting = jobs.new(bodies.double, 1, on=pool)
        assert waiting.stop(timeout=LONG).stopped
        assert str(job.stop(timeout=0.2)).endswith("can't end one task: start it with process=True")
        gate.open()
        assert job.get(LONG) == "went on"
        nap = jobs.new(bodies.nap, on=pool, process=True)
        where(started(nap), "in process")
        assert nap.stop(timeout=LONG).stopped


def test_threads_of_this_process_are_stopped_and_report_like_any_worker(jobs: BackgroundJobManager, gate: Gate) -> None:
    with ThreadPoolExecutor(1) as pool:
        job = jobs.new(bodies.report, gate.path, on=pool)
        until(lambda: job.progress is not None)
        gate.open()
        for body in (bodies.loop, bodies.sleep_by_bgjobs):
            job = jobs.new(body, on=pool)
            where(started(job), f"in {body.__name__}")
            assert job.stop(timeout=LONG).stopped


def test_magics_start_jobs_on_an_engine_by_name(shell: Any, gate: Gate) -> None:
    with process_pool() as pool:
        shell.user_ns["jobs"].engines["farm"] = pool
        shell.user_ns["pool"] = pool
        shell.see("a = %bg --on farm 6 * 7")
        shell.see("n = 4")
        shell.see("b = %bg --on pool n + 1")
        shell.see("%%bg --on farm\nimport sys\nsquare = n * n\nprint('from afar')\nsquare + 1")
        shell.see("bgjobs = __import__('bgjobs'); bgjobs.wait_all(jobs.all.values(), 60)")
        assert shell.user_ns["a"].result == 42 and shell.user_ns["b"].result == 5
        cell = shell.user_ns["jobs"][2]
        assert (cell.get(LONG), list(cell.log)) == (17, ["from afar"])
        shell.see("1")
        assert shell.user_ns["square"] == 16
        assert "no engine is called 'nowhere'" in shell.see("%bg --on nowhere f(1)")


def test_a_cell_on_an_engine_sends_back_what_it_changes_and_assigns(shell: Any) -> None:
    with process_pool() as pool:
        shell.user_ns["pool"] = pool
        shell.see("rows, lost, kept = [1], [1], [1]")
        shell.see("%%bg --on pool\nrows.append(2); rows = rows\nlost.append(2)\nkept")
        cell = shell.user_ns["jobs"][0]
        assert cell.get(LONG) == [1]
        assert (cell.names, cell.changed) == ({"rows": [1, 2]}, ["lost"])
        shell.see("1")
        assert shell.user_ns["rows"] == [1, 2]


def test_the_error_of_a_cell_on_an_engine_is_shown_with_the_cells_lines_alone(shell: Any) -> None:
    with process_pool() as pool:
        shell.user_ns["pool"] = pool
        shown = shell.see("%%fg --on pool\n1 / 0")
    assert "ZeroDivisionError: division by zero" in shown
    assert ".py" not in shown, "frames that are not the user's"


def test_magics_in_a_cell_need_ipython_on_the_worker(shell: Any) -> None:
    # Workers that are forked have our IPython; a process of its own has none.
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        shell.user_ns["pool"] = pool
        shell.see("word = 'there'")
        shell.see("%%bg --on pool\n!echo {word}")
        shell.see("%%bg --on pool --process\n!echo {word}")
        here, alone = (shell.user_ns["jobs"][number] for number in (0, 1))
        assert (here.get(LONG), list(here.log), dict(here.names)) == (None, ["there"], {})
        assert "does not run on this worker: call subprocess.run" in str(alone.exception(LONG))


def test_a_stop_that_comes_before_a_process_of_its_own_ends_it() -> None:
    source, made = bgjobs.engines.engine.source(), {}
    exec(source, made)
    made["load"]("bgjobs_far_of_this_test", source)
    far = sys.modules["bgjobs_far_of_this_test.child"]
    body = far.Child(far.Channel({"task": "1"}))
    body.stop(0.0)
    assert pickle.loads(body.run(pack_call(bodies.nap, (), {}, option="on=")))[0] in ("stopped", "died")


def test_the_handle_of_a_task_is_there_before_anything_else_happens_to_it(
    jobs: BackgroundJobManager, gate: Gate
) -> None:
    class AtOnce(ThreadPoolExecutor):
        """Of what it is given while others run, the end is heard of before the caller goes on."""

        def submit(self, fn: Any, /, *args: Any) -> Any:  # type: ignore[override]
            future = super().submit(fn, *args)
            add = future.add_done_callback
            if len(engine.tasks) > 1:
                future.add_done_callback = lambda end: (add(end), until(lambda: len(engine.tasks) == 1))  # type: ignore[method-assign]
            return future

    with AtOnce(2) as pool:
        engine = bgjobs.engines.target(pool, {}).engine
        waits = jobs.new(bodies.wait_for, gate.path, on=pool)
        assert jobs.new(bodies.double, 1, on=pool).get(LONG) == 2
        gate.open()
        waits.get(LONG)


def test_slurms_number_of_a_job_is_known_once_it_runs_however_late_sbatch_ends(
    jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    class Late(bgjobs.engines.Slurm):
        """Its batch jobs are processes of this machine, and sbatch ends when the gate opens."""

        def _submit(self, task: Any) -> str:
            words = [sys.executable, "-c", slurm._BOOT, str(self._far()), self._folder.file(task.id, "")]
            subprocess.Popen(words, env={**environment(), "SLURM_JOB_ID": "812"})
            bodies.wait_for(gate.path)
            return "812"

        def _hear(self) -> None:
            """There is no Slurm."""

    job = started(jobs.new(bodies.sleep_by_bgjobs, on=Late(tmp_path / "shared")))
    assert re.fullmatch(r"on slurm, job 812, process \d+ of \S+", job.place)
    assert job.stop(timeout=LONG).stopped
    gate.open()


def test_a_program_that_a_body_leaves_goes_with_a_process_of_its_own(
    pool: Any, jobs: BackgroundJobManager, tmp_path: Path
) -> None:
    pid = jobs.new(bodies.leave_a_program, str(tmp_path / "out"), on=pool, process=True).get(LONG)
    until(lambda: not far_commands.lives(pid))
    pid = jobs.new(bodies.leave_a_program, str(tmp_path / "out"), on=pool).get(LONG)
    # Without one, the engine's worker goes on, and so does this.
    assert far_commands.lives(pid)
    os.kill(pid, signal.SIGKILL)
