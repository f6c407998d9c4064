"""Runs of the role on a cluster, with a failover before one of their tasks or during it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import patroni, plays
from testbed.collection import COLLECTIONS
from tests.patroni.moments import Failover, anywhere
from tests.patroni.tally import TALLY
from tests.role.runs import Run, book, hosts, written
from tests.width import WIDE

CALLBACKS = Path(__file__).resolve().parent / "callbacks"
ROLE = {"ansible.builtin.import_role": {"name": "leastpriv.pgsql.pgsql_access"}}
PART = () if WIDE else ("--tags", "pgsql_access_roles,pgsql_access_databases")
OWN = {f"pg_{user}_password": f"right-{user}-7" for user in ("admin", "monitor", "replication")}


def inventory(cluster: patroni.Cluster) -> dict[str, Any]:
    """The nodes as hosts of one pg_cluster; by the inventory the first one is the primary, whoever it is now."""
    return hosts(**{node.name: variables(number, node) for number, node in enumerate(cluster.nodes, start=1)})


def one_host(cluster: patroni.Cluster) -> dict[str, Any]:
    """All nodes behind one host of the inventory; libpq finds the writable one."""
    return hosts(anywhere={"pgsql_access_login": anywhere(cluster)})


def variables(number: int, node: patroni.Node) -> dict[str, Any]:
    """A host's own variables."""
    login = {"login_unix_socket": str(node.folder), "login_port": node.port, "login_user": "postgres"}
    role = "primary" if number == 1 else "replica"
    return {"pgsql_access_login": login, "pg_cluster": "pg-test", "pg_seq": number, "pg_role": role}


def a_role(number: int) -> dict[str, Any]:
    """A role that isn't there yet, and on which nothing depends."""
    return {"pg_users": [{"name": f"alone{number}", "password": f"right-alone-{number}"}], **OWN}


def declared(number: int) -> dict[str, Any]:
    """Roles and a database that aren't there yet."""
    owner = {"name": f"owner{number}", "password": f"right-owner-{number}", "roles": ["dbrole_admin"]}
    user = {"name": f"app{number}", "password": f"right-app-{number}", "roles": ["dbrole_readwrite"]}
    database = {"name": f"shop{number}", "owner": f"owner{number}", "revokeconn": True, "schemas": ["shop"]}
    return {"pg_users": [owner, user], "pg_databases": [database], **OWN}


@dataclass(frozen=True)
class Declaration:
    """What is declared for which hosts."""

    inventory: dict[str, Any]
    variables: dict[str, Any]


def play(folder: Path, declaration: Declaration, *arguments: str, **halt: str) -> Run:
    """Run the role."""
    folder.mkdir(exist_ok=True)
    command = [str(written(folder / "play.json", book(ROLE)))]
    command += ["-i", str(written(folder / "inventory.json", declaration.inventory))]
    command += ["-e", f"@{written(folder / 'variables.json', declaration.variables)}", *PART, *arguments]
    callbacks = {
        "ANSIBLE_CALLBACK_PLUGINS": f"{plays.CALLBACKS}:{CALLBACKS}",
        "ANSIBLE_CALLBACKS_ENABLED": "results,halt",
    }
    return Run(**vars(plays.play(command, COLLECTIONS, {**callbacks, **halt} if halt else {})))


@dataclass(frozen=True)
class Blow:
    """A failover before the first task of a module; with a delay, so many seconds after that has begun."""

    action: str
    failover: Failover
    delay: float | None = None
    kind: str = ""

    def __str__(self) -> str:
        """Give it in words."""
        when = "before" if self.delay is None else f"{self.delay:.1f} s after the start of"
        return f"{self.kind or self.failover.__name__.replace('_', ' ')} {when} {self.action}"


def struck(cluster: patroni.Cluster, folder: Path, declaration: Declaration, blow: Blow) -> Run:
    """Run the role with a failover in its middle."""
    old = patroni.present_leader(cluster)
    problems: list[BaseException] = []
    arguments = (folder, lambda: blow.failover(cluster, old), blow.delay, problems)
    thread = threading.Thread(target=watch, args=arguments)
    thread.start()
    run = play(folder, declaration, HALT_ACTION=blow.action, HALT_FOLDER=str(folder))
    (folder / "ended").touch()
    thread.join()
    assert not problems, problems
    assert (folder / "reached").exists(), run.output
    TALLY.add(f"role: {blow.kind or blow.failover.__name__.replace('_', ' ')}", judged(run))
    print(f"role, {blow}: {judged(run)}: {said(run)}")
    return run


def watch(folder: Path, strike: Callable[[], None], delay: float | None, problems: list[BaseException]) -> None:
    """Wait until the run has come to its task, and strike, before it goes on or afterwards."""
    try:
        while not (folder / "reached").exists():
            if (folder / "ended").exists():
                return
            time.sleep(0.02)
        if delay is not None:
            (folder / "go").touch()
            time.sleep(delay)
        strike()
    except BaseException as error:  # noqa: BLE001  it is raised again where the test sees it
        problems.append(error)
    finally:
        (folder / "go").touch()


def judged(run: Run) -> str:
    """Tell how a run ended; a failure has to be in words, and every host has to have been asked."""
    assert "Traceback" not in run.output, run.output
    assert "internal error" not in run.output, run.output
    if run.code == 0:
        return "completed"
    assert run.tasks("failed"), run.output
    assert all(entry["result"].get("msg") for entry in run.results if entry["status"] == "failed"), run.output
    return "clear error"


def said(run: Run) -> str:
    """What the failed tasks said."""
    failed = [entry for entry in run.results if entry["status"] == "failed"]
    return json.dumps({entry["host"]: entry["result"].get("msg", "")[:300] for entry in failed})


def converges(cluster: patroni.Cluster, folder: Path, declaration: Declaration, run: Run) -> None:
    """Require that a run that completed left nothing to do, and that the next one completes and leaves nothing."""
    patroni.wait_streaming(cluster)
    again = play(folder, declaration)
    assert again.code == 0, again.output
    if run.code == 0:
        assert again.changed == 0, f"a false green: {again.changes()}"
    elif WIDE:
        third = play(folder, declaration, "--check")
        assert (third.code, third.changed) == (0, 0), third.output
