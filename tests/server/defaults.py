"""What the tests of default privileges share: the model's rules and roles, the catalog, and psql."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.task import default_privs_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pipeline import make_plans
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION
from ansible_collections.leastpriv.pgsql.plugins.module_utils.task import Plans, Run
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_default_privs

from testbed import servers
from testbed.binaries import client_tools
from testbed.collection import CHECKOUT
from tests.server import modules

DEFAULTS = yaml.safe_load((CHECKOUT / "roles" / "pgsql_access" / "defaults" / "main.yml").read_text())
RULES: list[str] = DEFAULTS["pg_default_privileges"]
CREATORS = ["postgres", "dbuser_dba", "dbrole_admin"]
ROLES = """
CREATE ROLE dbrole_readonly; CREATE ROLE dbrole_offline;
CREATE ROLE dbrole_readwrite IN ROLE dbrole_readonly; CREATE ROLE dbrole_admin IN ROLE dbrole_readwrite;
CREATE ROLE dbuser_dba SUPERUSER IN ROLE dbrole_admin;
"""
CATALOG = """
SELECT d.defaclrole::regrole::text, coalesce(n.nspname::text, ''), d.defaclobjtype::text,
       ARRAY(SELECT unnest(d.defaclacl)::text ORDER BY 1)
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1, 2, 3
"""
NAMES = "dbrole_readonly, dbrole_offline, dbrole_readwrite, dbrole_admin, dbuser_dba"
Row = tuple[str, str, str, list[str]]


def sql(server: servers.Server, text: str, dbname: str = "postgres", **login: Any) -> list[tuple[Any, ...]]:
    """Run statements and give the last one's rows."""
    connection = servers.connect(server, dbname, **login)
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def catalog(server: servers.Server, *databases: str) -> dict[str, list[Row]]:
    """Give the rows of pg_default_acl, in database postgres unless others are named."""
    return {name: [*map(tuple, sql(server, CATALOG, name))] for name in databases or ("postgres",)}


def lent(server: servers.Server) -> Iterator[servers.Server]:
    """Lend a shared server with the model's roles, and take back everything that these roles have got."""
    sql(server, ROLES)
    yield server
    for database in ("template1", "postgres"):
        sql(server, f"DROP OWNED BY {NAMES}", database)
    sql(server, f"DROP ROLE {NAMES}")
    assert catalog(server, "template1", "postgres") == {"template1": [], "postgres": []}


def declared(server: servers.Server, **params: Any) -> dict[str, Any]:
    """Give the parameters of a call: the model's rules for its creators in database postgres, unless said otherwise."""
    model = {"databases": ["postgres"], "creators": CREATORS, "privileges": RULES}
    return {**modules.login(server), **model, **params}


def call(server: servers.Server, check: bool = False, **params: Any) -> modules.Result:
    """Run pg_default_privs, which has to succeed."""
    return modules.call(pg_default_privs, check, **declared(server, **params))


def failure(server: servers.Server, check: bool = False, **params: Any) -> str:
    """Run pg_default_privs, which has to fail, and give its message."""
    return modules.failure(pg_default_privs, check, **declared(server, **params))


def plans(server: servers.Server, **params: Any) -> Plans:
    """Give the plans for a declaration, made as the module makes them."""
    defaults = {**dict.fromkeys(CONNECTION), "mode": "additive", **declared(server, **params)}
    return make_plans(default_privs_task(defaults, Assume()), Run(parse_login(defaults)))


def psql(server: servers.Server, lines: list[str], folder: Path) -> None:
    """Let psql run lines as a file; the first error is one."""
    script = folder / "lines.sql"
    script.write_text("\n".join(lines) + "\n")
    where = ["-h", str(server.socket_dir), "-p", str(server.port), "-U", server.superuser, "-d", "postgres"]
    command = [str(client_tools() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, "-f", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
