"""Write every task's result into the file RESULTS_FILE, one JSON object a line, each run after a line of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: results
type: notification
short_description: Write every task's result into a file
description:
  - One JSON object a line, into the file that the environment variable RESULTS_FILE names.
  - A run begins with an object that names its playbook and says whether it is in check mode.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """Write results as they come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"

    def write(self, **entry: Any) -> None:
        """Add one line."""
        with Path(os.environ["RESULTS_FILE"]).open("a") as file:
            file.write(json.dumps(entry, default=str) + "\n")

    def note(self, result: Any, status: str) -> None:
        """Add a task's result."""
        task, data = result._task, dict(result._result)  # noqa: SLF001 there is no public way
        host = str(result._host)  # noqa: SLF001
        self.write(host=host, task=task.get_name(), path=task.get_path(), status=status, result=data)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Begin a run."""
        name = Path(playbook._file_name).name  # noqa: SLF001
        self.write(playbook=name, check=bool(context.CLIARGS.get("check")))

    def v2_runner_on_ok(self, result: Any) -> None:
        """Take a success."""
        self.note(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        """Take a failure."""
        self.note(result, "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Take a task whose condition didn't hold."""
        self.note(result, "skipped")
