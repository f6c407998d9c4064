"""A real Patroni cluster of three nodes on loopback, with the raft store, which runs inside of Patroni itself.

What a switchover does is as in production; only the timings are short. With raft, two nodes have to run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import psycopg2

from testbed import patroni_home, workplace
from testbed.account import switch
from testbed.datadir import write
from testbed.errors import TestbedError
from testbed.patroni_node import Node, content, query, request
from testbed.process import ATTEMPTS, PortTaken, free_port

__all__ = ["HBA", "Cluster", "Node", "query", "request"]

SECONDS = 90.0
HBA = ("local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust")
NOTHING: Mapping[str, Any] = MappingProxyType({})
STREAMING = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"


@dataclasses.dataclass
class Cluster:
    """Nodes, and the process of each one's Patroni."""

    nodes: tuple[Node, ...]
    processes: dict[str, subprocess.Popen[bytes]] = dataclasses.field(default_factory=dict)

    def node(self, name: str) -> Node:
        """Return a node by its name."""
        return next(node for node in self.nodes if node.name == name)


def start(local: Mapping[str, Any] = NOTHING, dynamic: Mapping[str, Any] = NOTHING, size: int = 3) -> Cluster:
    """Start a cluster and wait until all its replicas stream; other ports are tried when somebody was faster.

    `local` and `dynamic` are what goes into the section `postgresql` of the nodes' files, and of the configuration
    that the cluster shares.
    """
    for _attempt in range(ATTEMPTS):
        cluster = Cluster(tuple(new_node(f"node{number}") for number in range(1, size + 1)))
        try:
            return begin(cluster, local, dynamic)
        except PortTaken:
            stop(cluster)
        except BaseException:
            stop(cluster)
            raise
    raise TestbedError(f"no free ports for Patroni after {ATTEMPTS} attempts")


def new_node(name: str) -> Node:
    """Make a node's folder and choose its ports."""
    return Node(name, workplace.make(tied=True), free_port(), free_port(), free_port())


def begin(cluster: Cluster, local: Mapping[str, Any], dynamic: Mapping[str, Any]) -> Cluster:
    """Start all nodes and wait until they are a cluster."""
    for node in cluster.nodes:
        settings = content(node, cluster.nodes, local, dynamic)
        write(node.config_file, json.dumps(settings, indent=2))  # JSON is YAML, too
        launch(cluster, node)

    def ready() -> bool:
        if any("Address already in use" in node.log for node in cluster.nodes):
            raise PortTaken("a port was taken meanwhile")
        return is_whole(cluster)

    until(ready, "cluster", cluster, SECONDS)
    return cluster


def launch(cluster: Cluster, node: Node) -> None:
    """Start a node's Patroni; it ends with this process at the latest."""
    path, _version = patroni_home.interpreter()
    options = switch()
    options["env"] = {**options["env"], "PYTHONPATH": str(patroni_home.packages()), "PYTHONDONTWRITEBYTECODE": "1"}
    with (node.folder / "log").open("ab") as log:
        cluster.processes[node.name] = subprocess.Popen(
            [path, "-m", "patroni", str(node.config_file)],
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=patroni_home.end_with_parent,  # noqa: PLW1509  nothing but a system call
            **options,
        )


def members(cluster: Cluster) -> list[dict[str, Any]]:
    """Return what Patroni says of all members; empty while nobody answers."""
    for node in cluster.nodes:
        with contextlib.suppress(OSError, ValueError):
            return list(request(node, "GET", "/cluster")[1]["members"])
    return []


def leader(cluster: Cluster) -> Node | None:
    """Return the member that has the leader's key and a server that can be written to, None while there is none."""
    for node in cluster.nodes:
        with contextlib.suppress(OSError, ValueError, psycopg2.Error):
            if request(node, "GET", "/primary")[0] == 200 and query(node, "SELECT NOT pg_is_in_recovery()")[0][0]:
                return node
    return None


def present_leader(cluster: Cluster) -> Node:
    """Return the leader, after waiting for one."""
    until(lambda: leader(cluster) is not None, "a leader", cluster)
    found = leader(cluster)
    return found if found is not None else present_leader(cluster)


def wait_streaming(cluster: Cluster, seconds: float = SECONDS) -> None:
    """Wait until there is one leader and every other member streams from it, by Patroni and by the servers."""
    until(lambda: is_whole(cluster), "streaming replicas", cluster, seconds)


def is_whole(cluster: Cluster) -> bool:
    """Tell whether Patroni and the servers themselves agree that every replica streams; what is old isn't believed."""
    replicas = len(cluster.nodes) - 1
    found = members(cluster)
    states = sorted(str(member["state"]) for member in found)
    if states != sorted(["running", *["streaming"] * replicas]) or len({one.get("timeline") for one in found}) != 1:
        return False
    now = leader(cluster)
    with contextlib.suppress(psycopg2.Error):
        return now is not None and query(now, STREAMING)[0][0] == replicas
    return False


def switchover(cluster: Cluster, to: Node, wait: bool = True) -> None:
    """Let the leader hand over to a member; what Patroni refuses for now (a lagging replica) is tried again."""

    def asked() -> bool:
        now = leader(cluster)
        if now is None or now == to:
            return now == to
        status, _text = request(now, "POST", "/switchover", {"leader": now.name, "candidate": to.name})
        return status == 200

    until(asked, f"the switchover to {to.name}", cluster)
    if wait:
        until(lambda: leader(cluster) == to, f"{to.name} as leader", cluster)
        wait_streaming(cluster)


def kill_leader(cluster: Cluster) -> Node:
    """Kill the leader's server, without its Patroni, and return the node; another one takes over within seconds."""
    node = present_leader(cluster)
    pid = workplace.postmaster(node.data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return node


def kill_node(cluster: Cluster, node: Node) -> None:
    """Kill a node's Patroni and its server; another one takes over after `ttl`, 20 s."""
    cluster.processes[node.name].kill()
    cluster.processes[node.name].wait()
    pid = workplace.postmaster(node.data_dir)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def stop(cluster: Cluster) -> None:
    """End every Patroni, then every server, and remove the data."""
    for process in cluster.processes.values():
        process.kill()
    for process in cluster.processes.values():
        process.wait()
    for node in cluster.nodes:
        workplace.remove(node.folder)


def until(holds: Callable[[], bool], what: str, cluster: Cluster | None = None, seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TestbedError(f"no {what} within {seconds:.0f} s: {last_words(cluster.nodes if cluster else ())}")
        time.sleep(0.1)


def last_words(nodes: Sequence[Node]) -> str:
    """Return the ends of all logs."""
    return "\n".join(f"{node.name}: {node.log[-1500:]}" for node in nodes)
