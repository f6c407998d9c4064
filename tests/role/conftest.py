"""A server for each file, and playbooks that run on it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from testbed import catalogs, collection, servers
from tests.role import runs

LOGGED = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_error_verbosity": "verbose",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "compute_query_id": "on",
}
Play = Callable[..., runs.Run]
collection.link()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A server for the tests of one file; it logs all that it is told."""
    running = servers.start(18, tmp_path_factory.mktemp("server"), settings=LOGGED)
    with closing(servers.connect(running)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_stat_statements")
    yield running
    servers.stop(running)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the embedded inventory puts its passwords."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run a playbook; the caller says which inventory."""

    def run(*arguments: str, book: Any = runs.SITE, **more: Any) -> runs.Run:
        return runs.playbook(tmp_path_factory.mktemp("run"), book, *arguments, **more)

    return run


@pytest.fixture(scope="module")
def play(run: Play, server: servers.Server, secrets: Path) -> Play:
    """Run a playbook on the embedded inventory and the file's server; site.yml unless told otherwise."""
    where = {
        "embedded_socket_dir": str(server.socket_dir),
        "embedded_port": server.port,
        "embedded_secrets_dir": str(secrets),
    }

    def play(*arguments: str, **more: Any) -> runs.Run:
        return run(*arguments, **{"inventory": [runs.EMBEDDED], **where, **more})

    return play


@pytest.fixture(scope="module")
def query(server: servers.Server) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a statement on the file's server and return its rows."""

    def query(sql: str, dbname: str = "postgres", **login: Any) -> list[tuple[Any, ...]]:
        with closing(servers.connect(server, dbname, **login)) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return query


@pytest.fixture(scope="module")
def snapshot(server: servers.Server) -> Callable[[], dict[str, str]]:
    """Read a digest of all that the role could have changed, by catalog."""
    return functools.partial(catalogs.snapshot, server)
