"""Jobs on mpi4py, executorlib and parsl, which need no code of their own: the tests of any pool, and what is theirs.

They listen on all interfaces, so each runs in a namespace that has none but the loopback.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hosts import environment
from pools import LISTENING, alone, can_be_alone

pytestmark = [
    pytest.mark.skipif(not os.environ.get("BGJOBS_PROVE"), reason="takes a minute each; BGJOBS_PROVE=1 asks for it"),
    pytest.mark.skipif(not can_be_alone(), reason="takes unshare, ip and the right to make a network namespace"),
]

LONG = 120


@pytest.fixture(params=LISTENING)
def executor(request: pytest.FixtureRequest) -> str:
    return needs(request.param)


def needs(package: str) -> str:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"takes the package {package}")
    return package


def run(*words: str) -> Any:
    """What a Python of its own says there."""
    # The MPI of an environment is found by its path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        alone(*words),
        capture_output=True,
        text=True,
        timeout=LONG,
        env={**environment(), "PATH": path},
        # MPI ends a broken program by its process group, which is not to be ours.
        start_new_session=True,
    )


def program(tmp_path: Path, pool: str, text: str) -> str:
    """A file with a program that has `jobs` and a `pool`."""
    file = tmp_path / "program.py"
    start = f"""
        import bodies, importlib, pools, time
        from bgjobs import BackgroundJobManager

        def there(job, line):
            while line not in job.where():
                time.sleep(0.005)

        if __name__ == "__main__":
            jobs = BackgroundJobManager()
            with {pool} as pool:
    """
    file.write_text(textwrap.dedent(start) + textwrap.indent(textwrap.dedent(text), " " * 8))
    return str(file)


def test_jobs_on_it_are_as_on_any_pool(executor: str) -> None:
    tests = str(Path(__file__).with_name("test_engines.py"))
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests, "-k", executor]
    done = run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(done.stdout.rpartition(" passed")[0].rpartition("\n")[2])
    assert passed >= 20 and " skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("package", "pool", "words"),
    [
        ("parsl", "pools.parsl_pool()", "WorkerLost: "),
        ("executorlib", "importlib.import_module('executorlib').SingleNodeExecutor()", "ExecutorlibSocketError: "),
    ],
)
def test_a_killed_worker_takes_its_job_alone(package: str, pool: str, words: str, tmp_path: Path) -> None:
    needs(package)
    text = """
        neighbour = jobs.new(bodies.nap, on=pool)
        there(neighbour, "in nap")
        print(jobs.new(bodies.die, on=pool).exception(60))
        print(neighbour.running(), neighbour.stop(timeout=60).stopped, jobs.new(bodies.double, 1, on=pool).get(60))
    """
    said = run(sys.executable, program(tmp_path, pool, text)).stdout.splitlines()
    assert f"{package} has lost the job, and its body had begun on {package}, process " in said[0]
    assert words in said[0]
    assert said[1:] == ["True True 2"]


def test_on_mpi_a_killed_worker_takes_the_whole_program_but_for_a_process_of_its_own(tmp_path: Path) -> None:
    needs("mpi4py")
    text = """
        print(jobs.new(bodies.die, on=pool, process=True).exception(60), flush=True)
        jobs.new(bodies.die, on=pool).exception(60)
        print("goes on", flush=True)
    """
    done = run(sys.executable, program(tmp_path, "pools.mpi_pool()", text))
    assert done.returncode != 0
    assert "was ended by signal 9" in done.stdout and "goes on" not in done.stdout


def test_the_processes_of_an_mpi_program_take_jobs(tmp_path: Path) -> None:
    needs("mpi4py")
    file = tmp_path / "program.py"
    file.write_text(
        textwrap.dedent("""
            import bodies, time
            from bgjobs import BackgroundJobManager
            from mpi4py import MPI
            from mpi4py.futures import MPICommExecutor

            with MPICommExecutor(MPI.COMM_WORLD, root=0) as pool:
                if pool is not None:
                    jobs = BackgroundJobManager()
                    loop = jobs.new(bodies.loop, on=pool)
                    while "in loop" not in loop.where():
                        time.sleep(0.005)
                    print(loop.place, loop.stop(timeout=60).stopped, jobs.new(bodies.double, 1, on=pool).get(60))
        """)
    )
    with_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    mpiexec = shutil.which("mpiexec", path=with_path)
    assert mpiexec is not None, "it comes with the package mpich"
    said = run(mpiexec, "-n", "3", sys.executable, str(file)).stdout
    assert said.startswith("on mpi4py, process ") and said.endswith(" True 2\n")
