"""Playbooks of these tests, and what their runs said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from testbed import plays, servers
from testbed.collection import CHECKOUT, COLLECTIONS

PLAYBOOKS = CHECKOUT / "playbooks"
SITE = PLAYBOOKS / "site.yml"
EMBEDDED = CHECKOUT / "inventories" / "embedded"
EXAMPLE = CHECKOUT / "inventories" / "example"
ROLE = CHECKOUT / "roles" / "pgsql_access"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
READ_ONLY = {"embedded_connect_params": {"options": "-c default_transaction_read_only=on"}}


class Run(plays.Run):
    """What a run of ansible-playbook gave."""

    @property
    def said(self) -> str:
        """The output on one line."""
        return " ".join(self.output.split())

    def of(self, host: str = "", task: str = "") -> list[dict[str, Any]]:
        """The results of a host, and of the tasks whose name ends so."""
        return [entry for entry in self.results if host in ("", entry["host"]) and entry["task"].endswith(task)]

    def message(self, host: str = "") -> str:
        """Why a host's last task failed, on one line."""
        last = self.of(host)[-1]
        assert last["status"] == "failed", self.output
        return " ".join(last["result"]["msg"].split())


def ok(run: Run) -> Run:
    """Require that a run succeeded, and show its output if it didn't."""
    assert run.code == 0, run.output
    return run


def playbook(folder: Path, book: Any, *arguments: str, inventory: Sequence[Any], **variables: Any) -> Run:
    """Run a playbook with extra variables; whatever isn't a path is written into the folder."""
    command = [str(written(folder / "play.json", book))]
    for number, source in enumerate(inventory):
        command += ["-i", str(written(folder / f"inventory{number}.json", source))]
    command += ["-e", f"@{written(folder / 'variables.json', variables)}", *arguments]
    return Run(**vars(plays.play(command, COLLECTIONS, {})))


def written(path: Path, content: Any) -> Path:
    """Return where the content lies: paths as they are, text as a file of YAML, everything else as one of JSON."""
    if isinstance(content, Path):
        return content
    if isinstance(content, str):
        path = path.with_suffix(".yml")
        path.write_text(content)
        return path
    path.write_text(json.dumps(content))
    return path


def book(*tasks: Mapping[str, Any], hosts: str = "all") -> list[dict[str, Any]]:
    """A playbook of one play with these tasks."""
    return [{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}]


def hosts(**variables: Mapping[str, Any]) -> dict[str, Any]:
    """An inventory of hosts of this machine, each with its variables."""
    return {"all": {"hosts": {name: {**LOCAL, **own} for name, own in variables.items()}}}


def blocks(readme: Path) -> list[Any]:
    """The examples in YAML that a README gives."""
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", readme.read_text(), re.DOTALL)]


def at(server: servers.Server, **more: Any) -> dict[str, Any]:
    """The variables that lead a host to a server of this machine."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}
    return {**LOCAL, "pgsql_access_login": login, **more}
