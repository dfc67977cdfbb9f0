"""Commands on other machines by ssh, whose server runs on the loopback; those by srun are among the tests of Slurm."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import far_commands
import pytest
from waits import LONG, until

from bgjobs import BackgroundJobManager

SSHD = shutil.which("sshd", path=f"/usr/sbin:{os.environ['PATH']}")
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
"""

pytestmark = pytest.mark.skipif(not (SSHD and shutil.which("ssh")), reason="takes the package openssh-server")


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What begins a command that logs in on this machine."""
    folder = tmp_path_factory.mktemp("ssh")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    options = f"-i {folder}/user -p {port} -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=accept-new"
    login = f"ssh -F none {options} -o BatchMode=yes -o LogLevel=ERROR 127.0.0.1"
    with subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL) as server:
        until(lambda: subprocess.run(f"{login} true", shell=True, capture_output=True).returncode == 0)
        yield login.replace("ssh ", "ssh -tt ", 1)
        server.terminate()


@pytest.mark.parametrize("face", far_commands.FACES)
def test_a_stop_of_a_command_by_ssh_with_a_terminal_reaches_the_far_process(
    face: str, ssh: str, tmp_path: Path
) -> None:
    far_commands.FACES[face](ssh, tmp_path)


def test_the_exit_status_of_a_far_command_is_that_of_its_job(ssh: str) -> None:
    job = BackgroundJobManager().sh(f"{ssh} 'echo begun; exit 3'")
    error = job.exception(LONG)
    assert (getattr(error, "returncode", None), list(job.log)) == (3, ["begun"])
