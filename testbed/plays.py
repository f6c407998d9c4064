"""Run ansible-playbook as a user would, and keep what every task returned."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from testbed.collection import CHECKOUT

CALLBACKS = Path(__file__).resolve().parent / "callbacks"


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook gave; `playbook` is the file's name."""

    playbook: str = ""
    check: bool = False
    code: int = 0
    output: str = ""
    results: tuple[dict[str, Any], ...] = ()

    @property
    def changed(self) -> int:
        """Return the number of changed tasks of all hosts."""
        return sum(bool(entry["result"].get("changed")) for entry in self.results if entry["status"] == "ok")

    def changes(self, host: str = "") -> list[tuple[str, str]]:
        """Return the sentences of all modules, each with its task."""
        return [
            (entry["task"], change["summary"])
            for entry in self.results
            if host in ("", entry["host"])
            for change in entry["result"].get("changes", ())
        ]

    def tasks(self, status: str, host: str = "") -> list[str]:
        """Return the tasks that ended with a status."""
        return [entry["task"] for entry in self.results if entry["status"] == status and host in ("", entry["host"])]


def play(arguments: Sequence[str], collections: Path, environment: Mapping[str, str]) -> Run:
    """Run ansible-playbook in the checkout's folder, free of what the caller's environment says to Ansible and libpq.

    It finds collections in one search path only. Ansible refuses to start where the locale isn't UTF-8. Results tell
    the modules' arguments, as they always did before ansible-core 2.21.
    """
    with tempfile.TemporaryDirectory(prefix="leastpriv-pgsql-results-") as folder:
        results = Path(folder) / "results"
        results.touch()
        command = [str(Path(sys.executable).parent / "ansible-playbook"), *arguments]
        own = {"LC_ALL": "C.UTF-8", "ANSIBLE_INJECT_INVOCATION": "1", **recording(results), **paths(collections)}
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**clean_environment(), **own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        (run,) = read_runs(results) or (Run(),)
    return dataclasses.replace(run, code=done.returncode, output=done.stdout)


def clean_environment() -> dict[str, str]:
    """Return the environment without what would lead Ansible or libpq somewhere else."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "ANSIBLE_"))}


def recording(results: Path) -> dict[str, str]:
    """Return the variables that make Ansible write every task's result into a file."""
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "results",
        "RESULTS_FILE": str(results),
    }


def paths(collections: Path) -> dict[str, str]:
    """Return the variables that give Ansible its places."""
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_HOME": str(CHECKOUT / ".ansible"),
    }


def read_runs(results: Path) -> tuple[Run, ...]:
    """Return the runs that were recorded in a file, without exit codes and output."""
    runs: list[Run] = []
    for line in results.read_text().splitlines():
        entry = json.loads(line)
        if "playbook" in entry:
            runs.append(Run(entry["playbook"], entry["check"]))
        else:
            runs[-1] = dataclasses.replace(runs[-1], results=(*runs[-1].results, entry))
    return tuple(runs)
