"""A Slurm of two nodes on this machine, on the loopback only; it takes root, and the packages slurm-wlm and munge."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CONF = """\
ClusterName=bgjobs
SlurmctldHost={host}(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=17010
SlurmdPort=17020
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=600
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17011-17012] CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
"""


def is_here() -> bool:
    """Whether this machine can have one."""
    return os.geteuid() == 0 and all(map(shutil.which, ("slurmctld", "slurmd", "munged", "sbatch")))


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[list[subprocess.Popen]]:
    """Runs one, to which the commands of Slurm speak meanwhile; yields its controller and its two nodes."""
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(host=socket.gethostname().partition(".")[0], folder=folder))
    (folder / "state").mkdir()
    os.environ["SLURM_CONF"] = str(conf)
    daemons = []
    try:
        if subprocess.run(["munge", "-n"], capture_output=True).returncode != 0:
            Path("/run/munge").mkdir(exist_ok=True)
            shutil.chown("/run/munge", "munge", "munge")
            who = ["--reuid=munge", "--regid=munge", "--clear-groups"]
            daemons.append(subprocess.Popen(["setpriv", *who, "munged", "--foreground"], stderr=subprocess.DEVNULL))
            _until(lambda: subprocess.run(["munge", "-n"], capture_output=True).returncode == 0)
        daemons.append(subprocess.Popen(["slurmctld", "-D"], stderr=subprocess.DEVNULL))
        for node in ("n1", "n2"):
            (folder / node).mkdir()
            daemons.append(subprocess.Popen(["slurmd", "-D", "-N", node], stderr=subprocess.DEVNULL))
        _until(lambda: _said("sinfo", "--noheader", "--format=%T %D") == "idle 2")
        yield daemons[-3:]
    finally:
        subprocess.run(["scancel", "--full", "--me"], capture_output=True)
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in daemons:
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                # A node may still attend to a job.
                daemon.kill()
                daemon.wait()
        del os.environ["SLURM_CONF"]


def _said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


def _until(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "Slurm did not start"
        time.sleep(0.05)
