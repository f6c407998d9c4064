"""Write every task's result into the file RESULTS_FILE, one JSON object a line, each run after a line of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

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


class CallbackModule(CallbackBase):
    """Write results as they come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"

    def write(self, **entry) -> None:
        with Path(os.environ["RESULTS_FILE"]).open("a") as file:
            file.write(json.dumps(entry, default=str) + "\n")

    def note(self, result, status: str) -> None:
        task, data = result._task, dict(result._result)
        self.write(host=str(result._host), task=task.get_name(), path=task.get_path(), status=status, result=data)

    def v2_playbook_on_start(self, playbook) -> None:
        self.write(playbook=Path(playbook._file_name).name, check=bool(context.CLIARGS.get("check")))

    def v2_runner_on_ok(self, result) -> None:
        self.note(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        self.note(result, "failed")

    def v2_runner_on_skipped(self, result) -> None:
        self.note(result, "skipped")
