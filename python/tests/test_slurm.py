"""Jobs on a real Slurm, which the long form of the tests starts: two nodes on the loopback."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bodies
import far_commands
import pytest
import slurm as machine
from homes import Gate
from waits import LONG, started, until, where

import bgjobs
from bgjobs import BackgroundJobManager, Stopped
from bgjobs.engines import JobLost, Slurm

PROVES = bool(os.environ.get("BGJOBS_PROVE"))

IN_CI = os.environ.get("CI") == "true"

pytestmark = pytest.mark.skipif(not (PROVES or IN_CI), reason="takes BGJOBS_PROVE or CI")

only_to_prove = pytest.mark.skipif(not PROVES, reason="takes BGJOBS_PROVE")


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not machine.is_here():
        give_up = pytest.fail if IN_CI and not PROVES else pytest.skip
        give_up("Slurm is missing; it takes root, and on Debian run `apt install slurm-wlm munge`")
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(bgjobs.__path__[0]).parent)])
    with pytest.MonkeyPatch.context() as patch, machine.cluster(tmp_path_factory.mktemp("slurm")) as daemons:
        patch.setenv("PYTHONPATH", path)
        yield daemons


@pytest.fixture
def slurm(daemons: Any, tmp_path: Path) -> Slurm:
    return Slurm(tmp_path / "shared")


def test_a_value_an_exception_and_live_lines_come_back(
    slurm: Slurm, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    job = jobs.new(bodies.speak, gate.path, on=slurm)
    until(lambda: len(job.log) == 4)
    assert sorted(job.log) == ["by a program", "by descriptor", "by print", "by stderr"]
    assert re.fullmatch(r"on slurm, job \d+, process \d+ of \S+", job.place)
    until(lambda: "in wait_for" in job.where())
    gate.open()
    assert job.get(LONG) == "spoke"
    assert isinstance(jobs.new(bodies.divide, 1, on=slurm).exception(LONG), ZeroDivisionError)
    assert [file.suffix for file in (tmp_path / "shared").iterdir()] == [".py"]


@only_to_prove
def test_jobs_here_on_dask_and_on_slurm_share_one_numbering(slurm: Slurm, jobs: BackgroundJobManager) -> None:
    distributed = pytest.importorskip("distributed")
    local = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**local, silence_logs=60) as cluster, distributed.Client(cluster) as client:
        loops = [jobs.new(bodies.loop), jobs.new(bodies.loop, on=client), jobs.new(bodies.loop, on=slurm)]
        for job in loops:
            where(started(job), "in loop")
        assert [job.num for job in loops] == [0, 1, 2]
        assert all(verdict.stopped for verdict in jobs.stop("running", timeout=LONG).values())
        failed = [jobs.new(bodies.divide, 1, **on) for on in ({}, {"on": client}, {"on": slurm})]
        assert [type(job.exception(LONG)) for job in failed] == [ZeroDivisionError] * 3


@only_to_prove
def test_how_far_a_body_says_that_it_is_shows_while_it_runs_and_stays(
    slurm: Slurm, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.report, gate.path, on=slurm)
    until(lambda: job.progress is not None and job.progress[:3] == (2, 4, "halves"))
    gate.open()
    assert job.exception(LONG) is None
    assert job.progress[:3] == (4, 4, "halves")


def test_a_stop_ends_a_body_and_a_kill_one_that_does_not_hear_it(
    slurm: Slurm, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = jobs.new(bodies.nap, on=slurm)
    until(lambda: "in nap" in job.where())
    assert job.stop(timeout=LONG).stopped
    job = jobs.new(bodies.swallow, gate.path, on=slurm)
    until(lambda: "in swallow" in job.where())
    assert str(job.stop(timeout=0.2)).endswith("; job.kill() ends it by scancel")
    job.kill()
    assert isinstance(job.exception(LONG), Stopped)
    assert any("CANCELLED" in line for line in job.log)


@only_to_prove
def test_a_job_that_waits_says_why_in_slurms_words_and_is_taken_back(
    slurm: Slurm, jobs: BackgroundJobManager, gate: Gate
) -> None:
    whole = jobs.on(slurm, cpus_per_task=2)
    before = [started(job) for job in whole.map(bodies.wait_for, [gate.path] * 2)]
    job = whole.submit(bodies.double, 1)
    until(lambda: re.fullmatch(r"slurm PENDING \(Resources\), job \d+", "".join(job.why())))
    assert job.stop(timeout=LONG).stopped
    gate.open()
    bgjobs.wait_all(before, LONG)
    until(lambda: not slurm.tasks)


@only_to_prove
def test_what_slurm_refuses_is_told_in_its_words(slurm: Slurm, jobs: BackgroundJobManager) -> None:
    with pytest.raises(TypeError, match=r"^slurm takes no gpuz=: --gpuz is no option of sbatch"):
        jobs.on(slurm, gpuz=1)
    with pytest.raises(TypeError, match=r"^slurm takes no output=: --output is bgjobs' own"):
        jobs.on(slurm, output="x")
    error = jobs.on(slurm, nodelist="n9").submit(bodies.double, 1).exception(LONG)
    assert isinstance(error, JobLost)
    assert str(error).startswith("slurm has refused the job: sbatch: error: ")


@only_to_prove
def test_a_body_that_kills_itself_is_lost_in_slurms_words(slurm: Slurm, jobs: BackgroundJobManager) -> None:
    error = jobs.new(bodies.die, on=slurm).exception(LONG)
    assert isinstance(error, JobLost) and error.began
    assert re.fullmatch(r"slurm job \d+ is lost: FAILED on n\d", str(error))


@only_to_prove
def test_a_controller_that_does_not_answer_changes_nothing(
    slurm: Slurm, daemons: Any, jobs: BackgroundJobManager, gate: Gate
) -> None:
    job = started(jobs.new(bodies.say, "before", gate.path, on=slurm))
    daemons[0].send_signal(signal.SIGSTOP)
    try:
        gate.open()
        assert job.exception(LONG) is None
    finally:
        daemons[0].send_signal(signal.SIGCONT)
    assert list(job.log) == ["before"]


def test_a_new_program_goes_on_with_the_jobs_that_another_has_left(
    slurm: Slurm, jobs: BackgroundJobManager, gate: Gate, tmp_path: Path
) -> None:
    program = """
        import sys, time, bodies
        from bgjobs import BackgroundJobManager
        from bgjobs.engines import Slurm
        jobs, slurm = BackgroundJobManager(), Slurm(sys.argv[1])
        left = [jobs.new(bodies.say, "hello", sys.argv[2], on=slurm, name="greet"), jobs.new(bodies.loop, on=slurm)]
        while not all(job.running() for job in left):
            assert not any(job.done() for job in left)
            time.sleep(0.02)
    """
    words = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "shared"), gate.path]
    subprocess.run(words, check=True, timeout=LONG)
    greet, loop = sorted(jobs.attach(slurm), key=str)
    assert (str(greet), str(loop)) == ("greet", "loop()")
    until(lambda: list(greet.log) == ["hello"] and loop.running())
    assert jobs.attach(slurm) == []
    assert loop.stop(timeout=LONG).stopped
    gate.open()
    assert greet.get(LONG) is None


@only_to_prove
@pytest.mark.parametrize("face", far_commands.FACES)
def test_a_stop_of_a_command_by_srun_reaches_the_far_process(face: str, daemons: Any, tmp_path: Path) -> None:
    far_commands.FACES[face]("srun -n1 sh -c", tmp_path)


@only_to_prove
def test_the_book_s_program_is_true(
    daemons: Any, tmp_path: Path, gate: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    program = bodies.document("Slurm in ten lines").replace("/shared/me", str(tmp_path))
    before, after = program.split("print(fit.where()")
    names = {"train": bodies.wait_for, "data": gate.path}
    exec(before, names)
    started(names["fit"])
    exec("print(fit.where()" + after, names)
    assert "on slurm, job " in capsys.readouterr().out
    assert names["left"] == []


@only_to_prove
def test_nodes_with_another_python_refuse_before_they_load_anything(
    daemons: Any, jobs: BackgroundJobManager, tmp_path: Path
) -> None:
    other = another_python()
    there = subprocess.run([other, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"], capture_output=True)
    error = jobs.new(bodies.double, 1, on=Slurm(tmp_path / "shared", python=other)).exception(LONG)
    texts = there.stdout.decode().strip(), "{}.{}".format(*sys.version_info)
    assert str(error) == "the worker has Python {} and this is {}: code of one can't run on the other".format(*texts)


def another_python() -> str:
    """A Python of this machine of another version."""
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    found = [str(path) for path in root.glob("versions/*/bin/python3.*")]
    found += filter(None, (shutil.which(f"python3.{minor}") for minor in range(9, 16)))
    here = "python{}.{}".format(*sys.version_info)
    others = [path for path in found if re.fullmatch(r"python3\.\d+", Path(path).name) and Path(path).name != here]
    if not others:
        pytest.skip("takes another Python")
    return others[0]


@only_to_prove
def test_a_node_that_fails_is_told_in_slurms_words(slurm: Slurm, daemons: Any, jobs: BackgroundJobManager) -> None:
    # Slurm takes about 30 s to give a node up.
    job: Any = started(jobs.on(slurm, nodelist="n2").submit(bodies.nap))
    until(lambda: job._task.host is not None)
    body = job._task.host["pid"]
    step = int(Path(f"/proc/{body}/stat").read_text().rpartition(")")[2].split()[1])
    daemons[2].kill()
    for pid in (step, body):
        os.kill(pid, signal.SIGKILL)
    error = job.exception(LONG)
    assert isinstance(error, JobLost)
    assert re.fullmatch(r"slurm job \d+ is lost: NODE_FAIL on n2", str(error))
