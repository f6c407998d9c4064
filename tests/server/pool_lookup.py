"""What the tests of the pool's lookup function share: calls without a module, and a scene."""

from __future__ import annotations

from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pipeline import perform
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pool_lookup.task import lookup_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.result import result_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.task import Run, Unfinished
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation

from testbed.servers import Server
from tests.server.isolation import PASSWORD, READ_ONLY, sql
from tests.server.modules import Result, login

__all__ = ["READ_ONLY", "asked", "facts", "failure", "lookup", "scene", "sql", "told_of"]

SHOP = {"name": "shop"}
WHO = "pooler"
GIVEN = "GRANT EXECUTE ON FUNCTIONS TO readonly, offline"
PERSON = f"CREATE ROLE {{0}} LOGIN PASSWORD '{PASSWORD}'"
OTHERS = f"""
CREATE ROLE readonly;
CREATE ROLE offline;
GRANT readonly TO ben;
CREATE ROLE boss SUPERUSER LOGIN PASSWORD '{PASSWORD}';
GRANT boss TO nearly;
CREATE ROLE copier REPLICATION LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE shut NOLOGIN PASSWORD '{PASSWORD}';
CREATE ROLE nopass LOGIN;
ALTER ROLE late VALID UNTIL '2001-01-01';
ALTER ROLE early VALID UNTIL '2999-01-01'
"""
FACTS = (
    """SELECT p.oid::regprocedure::text, p.proowner::regrole::text, p.proacl::text[], p.proconfig, p.prosrc,
              p.prosecdef, p.proisstrict, p.provolatile, p.procost, p.prorows, p.proleakproof, p.proparallel, p.prokind
       FROM pg_proc p WHERE p.pronamespace = to_regnamespace('pgbouncer') ORDER BY 1""",
    "SELECT nspname, nspowner::regrole::text, nspacl::text[] FROM pg_namespace WHERE nspname = 'pgbouncer'",
    """SELECT attname, attacl::text[] FROM pg_attribute
       WHERE attrelid = 'pg_authid'::regclass AND attacl IS NOT NULL ORDER BY 1""",
    "SELECT relacl::text[] FROM pg_class WHERE oid = 'pg_authid'::regclass",
    "SELECT rolname FROM pg_roles WHERE rolname = 'pgbouncer_lookup'",
)


def options(server: Server, *databases: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Give all options that the task looks at."""
    unset = dict.fromkeys((*pg_db_isolation.SPEC, "lookup_schema", "lookup_owner", "auth_dbname"))
    given = {"databases": list(databases or (SHOP,)), "auth_user": WHO, "auth_query": True, **login(server)}
    return {**unset, **given, **params}


def lookup(
    server: Server, *databases: dict[str, Any], check: bool = False, verify: bool = True, **params: Any
) -> Result:
    """Plan, and unless it is a check, apply and prove."""
    values = options(server, *databases, **params)
    assume = values.pop("assume") or Assume(check=check)
    outcome = perform(lookup_task(values, assume), Run(parse_login(values), check, verify))
    return {**result_of(outcome), "warnings": list(outcome.warnings)}


def failure(server: Server, *databases: dict[str, Any], **params: Any) -> str:
    """Give the message of a call that has to fail."""
    try:
        done = lookup(server, *databases, **params)
    except Unfinished as error:
        return f"{error.error}; {error.far}"
    except AccessError as error:
        return str(error)
    raise AssertionError(done["changes"])


def scene(server: Server) -> None:
    """Make a pooled database with people of every kind, and the default privileges of the access model."""
    people = ("ann", "ben", WHO, "nearly", "early", "late")
    sql(server, "SET password_encryption = 'scram-sha-256';\n" + ";\n".join(map(PERSON.format, people)))
    sql(server, OTHERS)
    sql(server, "CREATE DATABASE shop")
    sql(server, f"ALTER DEFAULT PRIVILEGES FOR ROLE {server.superuser} {GIVEN}", "shop")


def asked(server: Server, name: str, user: str = WHO, dbname: str = "shop") -> list[tuple[str, str]]:
    """Log in as the pool's login, and ask for somebody as PgBouncer does."""
    where = {"host": "127.0.0.1", "password": PASSWORD, "user": user}
    return sql(server, "SELECT * FROM pgbouncer.user_lookup(%s)", dbname, name, **where)


def told_of(server: Server, user: str = WHO, dbname: str = "shop") -> set[str]:
    """Log in as the pool's login, and name everybody of whom the function tells."""
    where = {"host": "127.0.0.1", "password": PASSWORD, "user": user}
    everybody = "pg_catalog.pg_roles r, pgbouncer.user_lookup(r.rolname::pg_catalog.text) l"
    question = f"SELECT l.user_name FROM {everybody} WHERE l.verifier IS NOT NULL"
    return {name for (name,) in sql(server, question, dbname, **where)}


def facts(server: Server, dbname: str = "shop") -> list[tuple[Any, ...]]:
    """Give everything about the lookup that the catalogs of a database know, but for numbers."""
    return [row for question in FACTS for row in sql(server, question, dbname)]
