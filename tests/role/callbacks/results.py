"""Write every task's result into the file RESULTS_FILE, one JSON object a line."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: results
type: notification
short_description: Write every task's result into a file
description: One JSON object a line, into the file that the environment variable RESULTS_FILE names.
"""


class CallbackModule(CallbackBase):
    """Write results as they come."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"

    def note(self, result, status: str) -> None:
        host, task, data = str(result._host), result._task.get_name(), dict(result._result)
        line = json.dumps({"host": host, "task": task, "status": status, "result": data}, default=str)
        with Path(os.environ["RESULTS_FILE"]).open("a") as file:
            file.write(line + "\n")

    def v2_runner_on_ok(self, result) -> None:
        self.note(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:  # noqa: ARG002 Ansible gives it
        self.note(result, "failed")

    def v2_runner_on_skipped(self, result) -> None:
        self.note(result, "skipped")
