"""Streaming standbys of servers, and how hosts of an inventory are led to servers of this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from testbed import servers, workplace
from testbed.account import run as as_servers_user
from tests.role.runs import LOCAL


@contextmanager
def standby_of(primary: servers.Server) -> Iterator[servers.Server]:
    """Run a streaming standby of a server."""
    home = workplace.make(tied=True)
    copy = dataclasses.replace(primary, data_dir=home / "data", socket_dir=home, log_file=home / "log")
    login = ["-h", str(primary.socket_dir), "-p", str(primary.port), "-U", primary.superuser]
    servers.append(primary.data_dir / "pg_hba.conf", f"local replication {primary.superuser} trust\n")
    servers.reload(primary)
    as_servers_user([primary.bin_dir / "pg_basebackup", *login, "-D", copy.data_dir, "-c", "fast", "--no-sync"])
    source = f"host={primary.socket_dir} port={primary.port} user={primary.superuser}"
    settings = {"unix_socket_directories": str(home), "primary_conninfo": source}
    servers.append(copy.data_dir / "postgresql.conf", servers.configuration(settings))
    servers.append(copy.data_dir / "standby.signal", "")
    running = servers.launch(copy)
    try:
        yield running
    finally:
        servers.stop(running)


def at(server: servers.Server, **more: Any) -> dict[str, Any]:
    """The variables that lead a host to a server of this machine."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": server.port, "login_user": server.superuser}
    return {**LOCAL, "pgsql_access_login": login, **more}
