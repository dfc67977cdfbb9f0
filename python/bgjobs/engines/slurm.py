"""Slurm by its command line: `jobs.new(f, x, on=Slurm("/shared/bgjobs"))`.

Each job is one batch job. It shares a folder with us that all nodes see, where its log grows and its reply appears; so
it goes on when this program has ended. The reply is believed first: what Slurm says fills the gaps, in its own words.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import queue
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .engine import Engine, How, JobLost, Task, name_of_source, source
from .folder import Folder

_BOOT = (
    "import sys; far,task=sys.argv[1:]; text=open(far,encoding='utf-8').read(); m={}; "
    "exec(compile(text,'<bgjobs far side>','exec'),m); m['load']('bgjobs_far',text).batch(task)"
)
"""What a batch job runs: `batch` of the far side."""

_ASK = 1.0
"""How many seconds pass between two questions to Slurm."""

_PATIENCE = 30.0
"""How many seconds Slurm has to answer; it takes 18 to say that its controller is down."""

_LATE = 2.0
"""How many seconds a reply may come after Slurm says that the job has ended: a shared disk takes its time."""

_ALIVE = {
    "PENDING",
    "CONFIGURING",
    "RUNNING",
    "COMPLETING",
    "SUSPENDED",
    "STAGE_OUT",
    "SIGNALING",
    "STOPPED",
    "RESIZING",
}
"""The states of a job that has not ended."""

_LEFT = "?"
"""The number of a job that another program has left, until Slurm says it."""

_OURS = {"output", "error", "open_mode", "job_name", "comment", "parsable", "requeue", "no_requeue", "wrap", "wait"}
"""The options of `sbatch` that are used here."""


class Slurm(Engine):
    """Slurm, with a folder that all its nodes see, and the Python that they run: by default this one.

    A want is an option of `sbatch`, such as `jobs.on(slurm, cpus_per_task=4, time="1:00:00")`.
    """

    name = "slurm"
    channel = "folder"
    pause = 0.1

    def __init__(self, folder: str | os.PathLike[str], python: str = sys.executable) -> None:
        super().__init__()
        self._folder = Folder(folder)
        self._python = python
        self._unsent: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._sends = False
        self._seen: dict[str, tuple[str, str]] = {}
        """What Slurm said last of each of its jobs: its state, and the rest."""
        self._ended: dict[str, float] = {}
        """Since when it says that a task has ended."""
        self._question: tuple[subprocess.Popen[bytes], Any, float] | None = None
        self._asked = 0.0
        self._is_mute = False

    def __repr__(self) -> str:
        return f"Slurm({self._folder.path!r})"

    def check(self, wants: Mapping[str, Any]) -> None:
        for want in wants:
            if want in _OURS or want not in _options():
                why = "is bgjobs' own" if want in _OURS else "is no option of sbatch; sbatch --help lists them"
                raise TypeError(f"slurm takes no {want}=: --{want.replace('_', '-')} {why}")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "folder": self._folder.path}

    def send(self, task: Task) -> None:
        far = self._far()
        if not far.exists():
            _write(far, source().encode())
        settings = {**self.settings(), "task": task.id, "process": task.process, "title": task.listener.title()}
        _write(Path(self._folder.file(task.id, ".task")), json.dumps(settings).encode() + b"\n" + task.letter)
        self._unsent.put(task)
        with self._lock:
            if not self._sends:
                self._sends = True
                # Slurm may take seconds for each.
                threading.Thread(target=self._send_all, name="bgjobs sends to slurm", daemon=True).start()

    def _far(self) -> Path:
        return Path(self._folder.path, f"{name_of_source()}.py")

    def _send_all(self) -> None:
        while True:
            try:
                task = self._unsent.get(timeout=1.0)
            except queue.Empty:
                with self._lock:
                    if self._unsent.empty():
                        self._sends = False
                        return
                continue
            if task.id not in self.tasks:
                # It was taken back.
                continue
            try:
                task.handle = self._submit(task)
            except Exception as error:
                self._finish(task, str(error), began=False)
            if task.id not in self.tasks:
                self._cancel(task)

    def _submit(self, task: Task) -> str:
        base = self._folder.file(task.id, "")
        script = "#!/bin/sh\nexec " + shlex.join([self._python, "-c", _BOOT, str(self._far()), base]) + "\n"
        words = ["sbatch", "--parsable", "--no-requeue", "--open-mode=append", f"--comment=bgjobs:{task.id}"]
        words += [f"--job-name=bgjobs-{task.id}", f"--output={base}.out", f"--error={base}.err"]
        words += [f"--{want.replace('_', '-')}={value}" for want, value in task.wants.items()]
        said = subprocess.run(words, input=script, capture_output=True, text=True, timeout=_PATIENCE)
        if said.returncode != 0:
            raise JobLost(f"slurm has refused the job: {said.stderr.strip()}")
        return said.stdout.strip().partition(";")[0]

    def look(self) -> None:
        files = self._folder.files()
        for task in list(self.tasks.values()):
            if task.host is None and f"{task.id}.begun" in files:
                task.host = self._folder.host(task.id)
                if task.host is not None:
                    # It may begin before sbatch has ended.
                    task.handle = task.host.get("slurm") or task.handle
                    task.listener.began(task.host)
            # A reply comes after all that was printed.
            replied = f"{task.id}.reply" in files
            if task.host is not None or task.id in self._ended:
                self._folder.read(task.id, task.listener.wrote, last=replied)
            if replied:
                self._reply(task)
        self._hear()

    def _reply(self, task: Task) -> None:
        reply = Path(self._folder.file(task.id, ".reply")).read_bytes()
        self._clean(task)
        self.end(task, lambda: reply)

    def _finish(self, task: Task, why: str, began: bool) -> None:
        self._clean(task)
        self.end(task, functools.partial(_lost, why, began))

    def _clean(self, task: Task) -> None:
        self._folder.how(task)
        self._folder.remove(task.id)
        self._ended.pop(task.id, None)
        if task.handle is not None:
            self._seen.pop(task.handle, None)

    # What Slurm says.

    def _hear(self) -> None:
        """Asks Slurm about all jobs, and goes on meanwhile."""
        now = time.monotonic()
        if self._question is not None:
            asked, answer, began = self._question
            if asked.poll() is None:
                if now > began + _PATIENCE:
                    asked.kill()
                return
            self._question = None
            answer.seek(0)
            self._is_mute = asked.returncode != 0
            if not self._is_mute:
                self._take(answer.read())
            answer.close()
        elif now >= self._asked + _ASK and any(task.handle for task in list(self.tasks.values())):
            self._asked = now
            # One unknown id is an error of squeue, so it is asked for all of the user's.
            answer = tempfile.TemporaryFile("w+")  # noqa: SIM115
            words = ["squeue", "--noheader", f"--user={os.getuid()}", "--states=all", "--format=%i|%T|%N|%k|%r"]
            self._question = subprocess.Popen(words, stdout=answer, stderr=subprocess.DEVNULL), answer, now

    def _take(self, answer: str) -> None:
        seen, numbers = {}, {}
        for line in answer.splitlines():
            number, state, nodes, comment, reason = line.split("|", 4)
            seen[number] = state.split()[0], f" on {nodes}" if nodes else f" ({reason})"
            numbers[comment] = number
        self._seen = seen
        now = time.monotonic()
        for task in list(self.tasks.values()):
            if task.handle == _LEFT:
                task.handle = numbers.get(f"bgjobs:{task.id}", _LEFT)
            state, rest = seen.get(task.handle, ("GONE", " from its queue")) if task.handle else ("PENDING", "")
            if state in _ALIVE:
                self._ended.pop(task.id, None)
            elif self._ended.setdefault(task.id, now) + _LATE <= now:
                self._finish(task, f"slurm job {task.handle} is lost: {state}{rest}", task.host is not None)

    def state(self, task: Task) -> str:
        if task.handle is None:
            return "waits to be sent to slurm"
        state, rest = self._seen.get(task.handle, ("PENDING", ""))
        if self._is_mute:
            return f"slurm can't be asked; job {task.handle} was last seen {state}"
        return f"slurm {state}{rest}, job {task.handle}"

    def place(self, task: Task) -> str:
        if task.host is None:
            return self.state(task)
        return f"on slurm, job {task.handle}, process {task.host['pid']} of {task.host['host']}"

    # What another program has left.

    def left(self) -> list[tuple[str, Task]]:
        """The tasks of programs that have ended, and what their jobs are called."""
        tasks = []
        for name in sorted(self._folder.files()):
            task = Task(b"", {}, False)
            task.id, suffix = os.path.splitext(name)
            if suffix != ".task" or task.id in self.tasks:
                continue
            with open(self._folder.file(task.id, ".task"), "rb") as file:
                settings = json.loads(file.readline())
            if not _lives(*settings["near"]):
                task.process, task.handle = settings["process"], _LEFT
                tasks.append((settings["title"], task))
        return tasks

    def adopt(self, task: Task) -> None:
        """Attends to such a task."""
        self.tasks[task.id] = task
        self._begin_to_attend()

    # Stops.

    def take_back(self, task: Task) -> bool:
        taken = self._folder.take_back(task.id)
        if taken and task.handle is None:
            self.tasks.pop(task.id, None)
            self._clean(task)
        return taken

    def withdraw(self, task: Task) -> None:
        # Its files stay until Slurm says that it has ended.
        self._cancel(task)

    def stop(self, task: Task, grace: float) -> None:
        self._folder.tell(task.id, ".stop", str(grace))

    def how(self, task: Task) -> How | None:
        return self._folder.how(task)

    def where(self, task: Task, timeout: float) -> str | None:
        return self._folder.ask(task.id, timeout)

    def advice(self, task: Task) -> str:
        return "job.kill() ends it by scancel"

    def kill(self, task: Task) -> None:
        self._cancel(task)

    def _cancel(self, task: Task) -> None:
        if task.handle is not None:
            # With --full the batch shell gets the signal too.
            subprocess.Popen(["scancel", "--full", task.handle], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _lives(host: str, pid: int) -> bool:
    """Whether the program of this process, if it is on this machine, attends to its jobs itself."""
    return host == platform.node() and os.path.exists(f"/proc/{pid}")


def _lost(why: str, began: bool) -> bytes:
    raise JobLost(why, began)


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f"{path.name}-{os.getpid()}")
    new.touch(0o600)
    new.write_bytes(data)
    new.replace(path)


@functools.lru_cache(None)
def _options() -> frozenset[str]:
    """The options of `sbatch`, as Python's names."""
    said = subprocess.run(["sbatch", "--help"], capture_output=True, text=True, timeout=_PATIENCE)
    return frozenset(found.replace("-", "_") for found in re.findall(r"--([a-z][a-z-]+)", said.stdout))
