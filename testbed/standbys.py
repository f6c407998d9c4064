"""Streaming standbys of servers on this machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from testbed import servers, workplace
from testbed.account import run
from testbed.binaries import client_tools
from testbed.datadir import append, configuration
from testbed.process import launch


@contextmanager
def standby_of(primary: servers.Server, **conninfo: str) -> Iterator[servers.Server]:
    """Run a standby, which comes in as the superuser over the socket unless `conninfo` says otherwise."""
    home = workplace.make(tied=True)
    copy = dataclasses.replace(primary, data_dir=home / "data", socket_dir=home, log_file=home / "log")
    append(primary.data_dir / "pg_hba.conf", f"local replication {primary.superuser} trust\n")
    servers.reload(primary)
    login = ["-h", str(primary.socket_dir), "-p", str(primary.port), "-U", primary.superuser]
    run([client_tools() / "pg_basebackup", *login, "-D", copy.data_dir, "-c", "fast", "--no-sync"])
    where = {"host": str(primary.socket_dir), "port": str(primary.port), "user": primary.superuser, **conninfo}
    told = " ".join(f"{key}='{value}'" for key, value in where.items())
    settings = {"unix_socket_directories": str(home), "primary_conninfo": told}
    append(copy.data_dir / "postgresql.conf", configuration(settings))
    append(copy.data_dir / "standby.signal", "")
    running = launch(copy)
    try:
        yield running
    finally:
        servers.stop(running)
