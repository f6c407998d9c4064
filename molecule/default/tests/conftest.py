"""Log in over TCP with psql, as every kind of user."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed import servers

Psql = Callable[..., Any]
TABLE = "CREATE TABLE {0} (id serial PRIMARY KEY, title text); INSERT INTO {0} (title) VALUES ('first')"
OWNERS = {"confluence": "dbuser_confluence", "gitlab": "dbuser_gitlab", "jira": "dbuser_jira"}


@pytest.fixture(scope="session")
def passwords(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of passwords as libpq reads it, so that none stands on a command line."""
    path = tmp_path_factory.mktemp("login") / "pgpass"
    files = Path(os.environ["EMBEDDED_SECRETS_DIR"]).iterdir()
    path.touch(0o600)
    path.write_text("".join(f"*:*:*:{file.name}:{escaped(file.read_text().strip())}\n" for file in files))
    return path


def escaped(password: str) -> str:
    """A password as it stands in that file."""
    return password.replace("\\", "\\\\").replace(":", "\\:")


@pytest.fixture(scope="module")
def psql(host: Any, passwords: Path) -> Psql:
    """Run statements in one session and transaction, and return the command's result."""
    server = servers.load(Path(os.environ["SERVER_ROOT"]))
    assert server is not None

    def run(user: str, database: str, *statements: str) -> Any:
        address = f"host=127.0.0.1 port={server.port} user={user} dbname={database} passfile='{passwords}'"
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
        words = [str(server.bin_dir / "psql"), *options, "-d", address]
        words += [word for statement in statements for word in ("-c", statement)]
        return host.run(" ".join(["%s"] * len(words)), *words)

    return run


@pytest.fixture(scope="module")
def furnished(psql: Psql) -> Psql:
    """Tables made after the defaults: by each database's owner, and by dbrole_admin in a schema of its own."""
    for database, owner in OWNERS.items():
        made = psql(owner, database, TABLE.format("public.notes"))
        assert made.rc == 0, made.stderr
        team = ("SET ROLE dbrole_admin", "CREATE SCHEMA team", TABLE.format("team.notes"))
        made = psql("dbuser_dba", database, *team)
        assert made.rc == 0, made.stderr
    return psql
