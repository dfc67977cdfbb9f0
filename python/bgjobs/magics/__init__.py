"""The magics of ``%load_ext bgjobs``; and the notices at the prompt about jobs that have ended, or have stalled it.

They do not know how jobs run or stop: they offer in IPython's way what the classes offer in Python's.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.magic import magics_class

from .. import alerts, host, keyboard, stalls, workers
from ..output import install_router
from . import system
from .command import Commands
from .completion import Completion
from .control import Control
from .foreground import Foreground
from .groups import Groups
from .kept import Kept, news
from .look import Look
from .notebook import NotebookNotices
from .notices import Notices
from .notify import Notify
from .prompt import Prompt


@magics_class
class JobMagics(Foreground, Commands, Look, Control, Groups, Kept, Notify):
    """The magics, for one shell, with what belongs to them at its prompt."""

    def __init__(self, prompt: Prompt, notices: Notices) -> None:
        super().__init__(prompt, notices)
        self.completion = Completion(prompt)


_unloaded: WeakKeyDictionary[Any, tuple[Prompt, Notices]] = WeakKeyDictionary()
"""What %reload_ext continues from, so that no job is lost."""


def load_ipython_extension(shell: Any) -> None:
    """Gives a shell the magics, their completion and the notices."""
    before = _unloaded.pop(shell, None)
    prompt, notices = before or _new(shell)
    magics = JobMagics(prompt, notices)
    shell.register_magics(magics)
    prompt.name_manager()
    # Not only with the first job, so that code which fetches the streams before then gets the routers.
    install_router()
    keyboard.command = "%fg"
    keyboard.install()
    system.install(shell)
    shell.Completer.custom_matchers.append(magics.completion.matcher)
    notices.attach()
    workers.on_start = stalls.StallMonitor(notices.stalled).add
    told = news()
    if told is not None:
        print(told)


def _new(shell: Any) -> tuple[Prompt, Notices]:
    prompt = Prompt(shell)
    if host.is_kernel():
        return prompt, NotebookNotices(prompt)
    notices = Notices(prompt)
    wanted = os.environ.get("BGJOBS_NOTIFY")
    if wanted:
        try:
            notices.alert = alerts.parse(wanted)
        except ValueError as error:
            print(f"BGJOBS_NOTIFY: {error}", file=sys.stderr)
    return prompt, notices


def unload_ipython_extension(shell: Any) -> None:
    """Takes the magics and the notices away again; jobs go on."""
    magics = shell.magics_manager.registry.pop("JobMagics")
    notices = magics.notices
    _unloaded[shell] = magics.prompt, notices
    notices.detach()
    keyboard.command = None
    keyboard.remove()
    system.remove(shell)
    workers.on_start = None
    shell.Completer.custom_matchers.remove(magics.completion.matcher)
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
