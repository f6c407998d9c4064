"""What the tests of database isolation share: calls, facts as they are read, logins, and psql."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.task import isolation_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pipeline import make_plans
from ansible_collections.leastpriv.pgsql.plugins.module_utils.quoting import ident
from ansible_collections.leastpriv.pgsql.plugins.module_utils.task import Plans, Run
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation

from testbed import servers
from testbed.binaries import client_tools
from tests.server import modules

SYSTEM = {
    "replication_user": "replicator",
    "monitor_user": "dbuser_monitor",
    "admin_user": "dbuser_dba",
    "admin_role": "dbrole_admin",
}
READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}
PASSWORD = "sesame"
DATABASE_ACL = "SELECT coalesce(datacl::text[], '{}') FROM pg_database WHERE datname = %s"
HAS_ICU = "SELECT 1 FROM pg_collation WHERE collprovider = 'i' AND pg_collation_actual_version(oid) IS NOT NULL LIMIT 1"
SCHEMA_ACL = "SELECT coalesce(nspacl::text[], '{}') FROM pg_namespace WHERE nspname = %s"


def sql(
    server: servers.Server, text: str, dbname: str = "postgres", *values: Any, **login: Any
) -> list[tuple[Any, ...]]:
    """Run statements, each by itself, and give the last one's rows."""
    with closing(servers.connect(server, dbname, **login)) as connection, connection.cursor() as cursor:
        for statement in [text] if values else filter(None, map(str.strip, text.split(";\n"))):
            cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def names(server: servers.Server) -> tuple[set[str], set[str]]:
    """Give the names of all databases and roles."""
    databases, roles = ("SELECT datname::text FROM pg_database", "SELECT rolname::text FROM pg_roles")
    return {name for (name,) in sql(server, databases)}, {name for (name,) in sql(server, roles)}


@contextmanager
def tidied(server: servers.Server) -> Iterator[servers.Server]:
    """Drop in the end every database and every role that is new; what is inside of the others has to be left alone."""
    databases, roles = names(server)
    try:
        yield server
    finally:
        made = [ident(name) for name in names(server)[0] - databases]
        sql(server, ";\n".join(f"DROP DATABASE {name} WITH (FORCE)" for name in made) or "SELECT 1")
        gone = [ident(name) for name in names(server)[1] - roles]
        drop = "DROP OWNED BY {0};\nDROP ROLE {0}"
        sql(server, ";\n".join(drop.format(name) for name in gone) or "SELECT 1")


def logins(server: servers.Server, *names: str) -> None:
    """Make roles that may log in with the password."""
    sql(server, ";\n".join(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in names))


def attempt(server: servers.Server, user: str, dbname: str, text: str = "SELECT 1", **login: Any) -> str:
    """Log in over TCP with the password and run a statement; give 'ok' or what the server says against it."""
    where = {"host": "127.0.0.1", "password": PASSWORD, **login}
    try:
        sql(server, text, dbname, user=user, **where)
    except psycopg2.Error as error:
        return str(error).strip().splitlines()[0].rpartition(":  ")[2]
    return "ok"


def enters(server: servers.Server, user: str, dbname: str) -> bool:
    """Tell whether a user can log in to a database; any other obstacle than CONNECT is an error of the test."""
    said = attempt(server, user, dbname)
    assert said == "ok" or "permission denied for database" in said, said
    return said == "ok"


def declared(server: servers.Server, *databases: dict[str, Any] | str, **params: Any) -> dict[str, Any]:
    """Give the parameters of a call."""
    items = [{"name": item} if isinstance(item, str) else item for item in databases]
    return {**modules.login(server), "databases": items, **params}


def call(
    server: servers.Server, *databases: dict[str, Any] | str, check: bool = False, **params: Any
) -> modules.Result:
    """Run pg_db_isolation, which has to succeed."""
    return modules.call(pg_db_isolation, check, **declared(server, *databases, **params))


def failure(server: servers.Server, *databases: dict[str, Any] | str, check: bool = False, **params: Any) -> str:
    """Run pg_db_isolation, which has to fail, and give its message."""
    return modules.failure(pg_db_isolation, check, **declared(server, *databases, **params))


def plans(server: servers.Server, *databases: dict[str, Any] | str, **params: Any) -> Plans:
    """Give the plans for a declaration, made as the module makes them."""
    defaults = {**dict.fromkeys(pg_db_isolation.SPEC), "mode": "additive", **declared(server, *databases, **params)}
    return make_plans(isolation_task(defaults, Assume()), Run(parse_login(defaults)))


def converges(server: servers.Server, *databases: dict[str, Any] | str, **params: Any) -> modules.Result:
    """Check, apply and repeat: check foretells the apply, and a read-only second run changes nothing."""
    foreseen = call(server, *databases, check=True, **params)
    applied = call(server, *databases, **params)
    for key in ("changed", "changes", "sql", "undo_sql"):
        assert foreseen[key] == applied[key], key
    assert applied["changed"]
    again = call(server, *databases, **{**READ_ONLY, **params})
    assert (again["changed"], again["sql"]) == (False, [])
    return applied


def database_acl(server: servers.Server, name: str) -> set[str]:
    """Give a database's ACL as the catalog has it."""
    return set(sql(server, DATABASE_ACL, "postgres", name)[0][0])


def schema_acl(server: servers.Server, dbname: str, name: str) -> set[str]:
    """Give a schema's ACL as the catalog has it."""
    return set(sql(server, SCHEMA_ACL, dbname, name)[0][0])


def psql(server: servers.Server, lines: list[str], folder: Path) -> None:
    """Let psql run lines as a file; the first error is one."""
    script = folder / "lines.sql"
    script.write_text("\n".join(lines) + "\n")
    where = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser, "-d", "postgres"]
    command = [str(client_tools() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, "-f", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
