"""Start, stop and connect to real PostgreSQL servers."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg2
import psycopg2.extensions

from testbed import workplace
from testbed.binaries import bin_dir
from testbed.datadir import FAST, append, configuration, fill
from testbed.process import launch, spawn, wait
from testbed.server import Server

__all__ = ["Server", "connect", "discard", "is_running", "load", "reload", "restart", "start", "stop"]

STATE = "server.json"
NOTHING: Mapping[str, str] = MappingProxyType({})


def start(  # noqa: PLR0913  each is a keyword with a default
    version: int,
    root: Path,
    *,
    superuser: str = "postgres",
    initdb_args: Sequence[str] = (),
    settings: Mapping[str, str] = NOTHING,
    tied: bool = True,
    large: bool = False,
) -> Server:
    """Start a server on a fresh data directory; a former server of the same root is stopped first.

    Only a note of the server lies in `root`. Unless `tied` is false, it ends with this process at the latest. Data of
    gigabytes are `large`: they don't go into memory.
    """
    root.mkdir(parents=True, exist_ok=True)
    discard(root)
    home = workplace.make(tied=tied, large=large)
    server = Server(version, bin_dir(version), home / "data", home, 0, home / "log", superuser)
    fill(server, tuple(initdb_args))
    append(server.data_dir / "postgresql.conf", configuration({**FAST, "unix_socket_directories": str(home)}))
    append(server.data_dir / "postgresql.conf", configuration(settings))
    server = launch(server)
    note(root, server)
    return server


def stop(server: Server) -> None:
    """Stop a server and remove its data."""
    workplace.remove(server.socket_dir)


def restart(server: Server) -> None:
    """Stop a server in an orderly way and start it again on the same data and port."""
    workplace.end(server.data_dir, signal.SIGINT)
    wait(server, spawn(server))


def reload(server: Server) -> None:
    """Let a server read its configuration files again."""
    with closing(connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_reload_conf()")


def connect(
    server: Server, dbname: str = "postgres", user: str | None = None, password: str | None = None, **options: Any
) -> psycopg2.extensions.connection:
    """Open an autocommit connection, over the socket unless `host` says otherwise, as the superuser by default."""
    where = {"host": str(server.socket_dir), "port": server.port, "dbname": dbname, **options}
    connection: psycopg2.extensions.connection = psycopg2.connect(
        user=user or server.superuser, password=password, **where
    )
    connection.autocommit = True
    return connection


def is_running(server: Server) -> bool:
    """Tell whether a server's process is there."""
    return workplace.postmaster(server.data_dir) is not None


def load(root: Path) -> Server | None:
    """Return the server that was started last in a root."""
    try:
        noted = json.loads((root / STATE).read_text())
    except FileNotFoundError:
        return None
    paths = {name: Path(noted[name]) for name in ("bin_dir", "data_dir", "socket_dir", "log_file")}
    return Server(**{**noted, **paths})


def discard(root: Path) -> None:
    """Stop the server that was started last in a root, if there is one, and forget it."""
    server = load(root)
    if server is not None:
        stop(server)
        (root / STATE).unlink()


def describe(server: Server) -> str:
    """Return a server as JSON."""
    return json.dumps(dataclasses.asdict(server), default=str, indent=2)


def note(root: Path, server: Server) -> None:
    """Write down what `load` reads."""
    draft = root / f"{STATE}.{os.getpid()}"
    draft.write_text(describe(server) + "\n")
    draft.replace(root / STATE)
