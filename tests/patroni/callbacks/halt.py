"""Stop a run at the start of a task until somebody lets it go on: a file is made there, and another one waited for."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: halt
type: notification
short_description: Stop a run at the start of a task
description:
  - The environment variable HALT_ACTION names the module before whose first task the run stops, and HALT_FOLDER the
    folder where the file C(reached) is made and the file C(go) is waited for, 120 s at most.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """Stop once."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "halt"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        """Wait before the first task of that module."""
        folder = Path(os.environ["HALT_FOLDER"])
        if not task.action.endswith(os.environ["HALT_ACTION"]) or (folder / "reached").exists():
            return
        (folder / "reached").touch()
        deadline = time.monotonic() + 120
        while not (folder / "go").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
