"""Failovers at chosen moments of a module's run, and what its result is worth afterwards."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import patroni, workplace
from tests.patroni.tally import TALLY
from tests.server import faults, modules

Result = dict[str, Any]
Failover = Callable[[patroni.Cluster, patroni.Node], None]
NUMBERS = itertools.count(1)
SENDERS = "SELECT pid FROM pg_stat_replication"


def next_to(cluster: patroni.Cluster, node: patroni.Node) -> patroni.Node:
    """The node after another one."""
    return cluster.nodes[(cluster.nodes.index(node) + 1) % len(cluster.nodes)]


def switchover(cluster: patroni.Cluster, old: patroni.Node) -> None:
    """Hand over in an orderly way, and wait until the former leader answers again, as a standby."""
    patroni.switchover(cluster, next_to(cluster, old), wait=False)
    patroni.until(lambda: is_standby(old), f"{old.name} as a standby", cluster)


def switchover_at_once(cluster: patroni.Cluster, old: patroni.Node) -> None:
    """Hand over in an orderly way, and go on as soon as there is another leader."""
    patroni.switchover(cluster, next_to(cluster, old), wait=False)


def kill(cluster: patroni.Cluster, _old: patroni.Node) -> None:
    """Kill the leader's server, and go on at once."""
    patroni.kill_leader(cluster)


def kill_and_wait(cluster: patroni.Cluster, old: patroni.Node) -> None:
    """Kill the leader's server, and wait until there is another leader."""
    patroni.kill_leader(cluster)
    patroni.until(lambda: patroni.leader(cluster) not in (None, old), "another leader", cluster)


def is_standby(node: patroni.Node) -> bool:
    """Tell whether a server takes connections, in recovery."""
    with suppress(Exception):
        return bool(patroni.query(node, "SELECT pg_is_in_recovery()")[0][0])
    return False


@dataclass(frozen=True)
class Frozen:
    """A leader that sends nothing to its standbys any more: what it commits from now on, it has alone."""

    node: patroni.Node
    pids: tuple[int, ...]

    @classmethod
    def of(cls, node: patroni.Node) -> Frozen:
        """Stop the processes that send."""
        pids = tuple(int(pid) for (pid,) in patroni.query(node, SENDERS))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        return cls(node, pids)

    def die(self, cluster: patroni.Cluster) -> None:
        """Kill the leader with all that it hasn't sent, and wait for another one."""
        pid = workplace.postmaster(self.node.data_dir)
        for number in (*([pid] if pid else []), *self.pids):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        patroni.until(lambda: patroni.leader(cluster) not in (None, self.node), "another leader", cluster)


@dataclass(frozen=True)
class Moment:
    """Right before the n-th statement that begins so, or right after it."""

    start: str
    count: int = 1
    after: bool = False

    def __str__(self) -> str:
        """Give it in words."""
        return f"{'after' if self.after else 'before'} {self.start} {self.count}"

    def hooks(self, strike: Callable[[], None], log: Path) -> tuple[faults.Hook, faults.Hook]:
        """Give hooks that strike once; the file tells whether they did, for they run in another process."""
        left = [self.count]

        def hook(_number: int, _here: Any, sql: str, _more: Any) -> None:
            if sql.lstrip().startswith(self.start):
                left[0] -= 1
                if left[0] == 0:
                    strike()
                    log.write_text("struck")

        return (faults.nothing, hook) if self.after else (hook, faults.nothing)


def roles_of(number: int) -> dict[str, Any]:
    """Declare two roles that aren't there yet."""
    parents = {"name": f"team{number}", "login": False}
    return {"roles": [parents, {"name": f"user{number}", "roles": [f"team{number}"], "password": "long enough 7"}]}


def databases_of(number: int) -> dict[str, Any]:
    """Declare a database that isn't there yet."""
    return {"databases": [{"name": f"db{number}", "revokeconn": True, "schemas": ["app"], "connlimit": 9}]}


DECLARED = {"pg_role_set": roles_of, "pg_db_isolation": databases_of}


def at(node: patroni.Node) -> dict[str, str]:
    """Log in to one node."""
    return modules.login(node.server)


def anywhere(cluster: patroni.Cluster) -> dict[str, str]:
    """Log in to the writable one of all nodes."""
    ports = ",".join(str(node.port) for node in cluster.nodes)
    return {"login_host": ",".join(["127.0.0.1"] * len(cluster.nodes)), "login_port": ports, "login_user": "postgres"}


def clear(result: Result) -> str:
    """Tell how a run ended; a failure has to be in words."""
    if not result.get("failed"):
        return "completed"
    assert "internal error" not in result["msg"], result["msg"]
    assert "Traceback" not in str(result), result
    assert result["msg"].strip(), result
    return "clear error"


@dataclass
class Trial:
    """One run with a failover in its middle."""

    cluster: patroni.Cluster
    module: str
    log: Path

    def run(self, moment: Moment, failover: Failover, everywhere: bool, kind: str = "") -> Result:
        """Run, prove what the result says, converge, and give the result."""
        old = patroni.present_leader(self.cluster)
        login = anywhere(self.cluster) if everywhere else at(old)
        declared = DECLARED[self.module](next(NUMBERS))
        hooks = moment.hooks(lambda: failover(self.cluster, old), self.log)
        result = faults.run(faults.module_of(self.module), {**login, **declared, "_ansible_diff": True}, *hooks).result
        assert self.log.exists(), f"{moment} never came: {result}"
        assert result is not None
        end = clear(result)
        TALLY.add(kind or failover.__name__.replace("_", " "), end)
        print(f"{self.module}, {'all hosts' if everywhere else 'one host'}, {moment}: {end}: {result.get('msg', '')}")
        self.judge(declared, end)
        return result

    def judge(self, declared: dict[str, Any], end: str) -> None:
        """Prove that a run that completed left nothing to do, and that the next one converges."""
        patroni.wait_streaming(self.cluster)
        now = at(patroni.present_leader(self.cluster))
        module = faults.module_of(self.module)
        planned = modules.call(module, check=True, **now, **declared)
        assert end != "completed" or not planned["changes"], f"a false green: {planned['changes']}"
        modules.call(module, **now, **declared)
        assert not modules.call(module, check=True, **now, **declared)["changed"]
