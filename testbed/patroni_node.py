"""One member of a Patroni cluster: its places, its configuration, and its REST API."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from testbed import servers
from testbed.binaries import bin_dir
from testbed.server import Server

VERSION = 18  # the only one with pg_rewind, pg_basebackup and the other programs that Patroni runs
SCOPE = "leastpriv"
PASSWORD = "of-the-testbed"  # noqa: S105  of servers on loopback that live for seconds
API_USER = "api"
TIMINGS = {
    "loop_wait": 1,
    "ttl": 20,
    "retry_timeout": 3,
    "maximum_lag_on_failover": 1 << 24,
    "primary_start_timeout": 0,
    "primary_stop_timeout": 5,
}
PARAMETERS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": 100,
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",
    "wal_keep_size": "64MB",
    "log_line_prefix": "%m [%p] %u@%d ",
}
INITDB = ["data-checksums", {"encoding": "UTF8"}, {"locale": "C"}, {"auth": "trust"}, "no-sync"]


@dataclasses.dataclass(frozen=True)
class Node:
    """One member; `folder` holds its data, its socket, its configuration and its logs."""

    name: str
    folder: Path
    port: int
    api: int
    raft: int

    @property
    def data_dir(self) -> Path:
        """The server's data."""
        return self.folder / "data"

    @property
    def config_file(self) -> Path:
        """Patroni's local configuration."""
        return self.folder / "patroni.yml"

    @property
    def url(self) -> str:
        """Where Patroni's REST API is."""
        return f"http://127.0.0.1:{self.api}"

    @property
    def server(self) -> Server:
        """The node's server, for `servers.connect`."""
        return Server(VERSION, bin_dir(VERSION), self.data_dir, self.folder, self.port, self.folder / "log", "postgres")

    @property
    def log(self) -> str:
        """What Patroni and its server have logged."""
        return (self.folder / "log").read_text(errors="replace")


def content(node: Node, nodes: Sequence[Node], local: Mapping[str, Any], dynamic: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node's local configuration, with what the cluster is to share when it is made."""
    api = {"listen": f"127.0.0.1:{node.api}", "connect_address": f"127.0.0.1:{node.api}"}
    partners = [f"127.0.0.1:{other.raft}" for other in nodes if other is not node]
    store = {"data_dir": str(node.folder / "raft"), "self_addr": f"127.0.0.1:{node.raft}"}
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {**api, "authentication": {"username": API_USER, "password": PASSWORD}},
        "raft": {**store, "partner_addrs": partners},
        "bootstrap": {"dcs": {**TIMINGS, "postgresql": shared(dynamic)}, "initdb": INITDB},
        "postgresql": {**own(node), **local},
        "watchdog": {"mode": "off"},
    }


def shared(dynamic: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the nodes' servers have in common."""
    rewind = {"use_pg_rewind": True, "remove_data_directory_on_diverged_timelines": True}
    return {**rewind, "parameters": PARAMETERS, **dynamic}


def own(node: Node) -> dict[str, Any]:
    """Return what a node's server has for itself."""
    trust = {"username": "postgres", "password": PASSWORD}
    return {
        "listen": f"127.0.0.1:{node.port}",
        "connect_address": f"127.0.0.1:{node.port}",
        "data_dir": str(node.data_dir),
        "bin_dir": str(bin_dir(VERSION)),
        "pgpass": str(node.folder / "pgpass"),
        "authentication": {"superuser": trust, "replication": {"username": "replicator", "password": PASSWORD}},
        "parameters": {"unix_socket_directories": str(node.folder)},
        "basebackup": [{"checkpoint": "fast"}, "no-sync"],
        "remove_data_directory_on_diverged_timelines": True,
    }


def request(node: Node, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask a node's REST API and return status and content."""
    pair = base64.b64encode(f"{API_USER}:{PASSWORD}".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {pair}"}
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(node.url + path, data, headers, method=method)  # noqa: S310  its own URL
    try:
        with opener.open(asked, timeout=5) as answer:
            return answer.status, parsed(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, parsed(error.read())


def parsed(text: bytes) -> Any:
    """Return an answer as JSON, or else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")


def query(node: Node, sql: str, dbname: str = "postgres") -> list[tuple[Any, ...]]:
    """Run a statement on a node and return its rows."""
    with contextlib.closing(servers.connect(node.server, dbname)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []
