"""Many processes of the modules at once, and strangers that change the same things."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from testbed.servers import Server
from tests.server import modules

MODULES = {
    "pg_role_set": pg_role_set,
    "pg_db_isolation": pg_db_isolation,
    "pg_default_privs": pg_default_privs,
    "pg_object_privs": pg_object_privs,
}
DATABASES = ("d0", "d1", "d2")
TABLES = ("t0", "t1", "t2", "t3")
GROUPS = ("readers", "writers")
USERS = tuple(f"u{n}" for n in range(6))
BEFORE = [f"CREATE ROLE {name}" for name in (*GROUPS, "owner")] + [f"CREATE ROLE {name} LOGIN" for name in USERS]
INSIDE = [
    "CREATE SCHEMA app AUTHORIZATION owner",
    *(f"CREATE TABLE app.{name} (a int, b int)" for name in TABLES),
    *(f"ALTER TABLE app.{name} OWNER TO owner" for name in TABLES),
    "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
]
LEFT = """
SELECT 'waits', pid FROM pg_stat_activity WHERE datname IS NOT NULL AND wait_event_type = 'Lock'
UNION ALL
SELECT 'holds an advisory lock', pid FROM pg_locks WHERE locktype = 'advisory'
UNION ALL
SELECT 'has an open transaction', pid FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()
"""
# What a stranger runs, in a database or (with none) in postgres; errors don't matter to it.
STRANGERS: dict[str, tuple[str, ...]] = {
    "grants": ("GRANT ALL ON app.t0 TO u0, PUBLIC", "REVOKE ALL ON app.t0, app.t1 FROM readers, u0, PUBLIC"),
    "memberships": ("GRANT readers TO u0", "REVOKE readers FROM u0, u1", "ALTER ROLE u1 CREATEDB"),
    "defaults": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE owner REVOKE SELECT ON TABLES FROM readers, PUBLIC",
    ),
    "databases": ("GRANT CONNECT ON DATABASE d0 TO PUBLIC", "REVOKE CONNECT ON DATABASE d0 FROM u0, PUBLIC"),
    "tables": (
        "CREATE TABLE app.s0 (a int)",
        "ALTER TABLE app.s0 OWNER TO owner",
        "ALTER TABLE app.s0 ADD b int",
        "DROP TABLE app.s0",
    ),
    "covered": ("DROP TABLE app.t3", "CREATE TABLE app.t3 (a int, b int)", "ALTER TABLE app.t3 OWNER TO owner"),
    "functions": ("CREATE OR REPLACE FUNCTION app.g() RETURNS int LANGUAGE sql AS 'SELECT 2'", "DROP FUNCTION app.g()"),
    "schemas": ("CREATE SCHEMA extra AUTHORIZATION owner", "CREATE TABLE extra.e (a int)", "DROP SCHEMA extra CASCADE"),
    "roles": ("CREATE ROLE passing", "GRANT SELECT ON app.t2 TO passing", "DROP OWNED BY passing", "DROP ROLE passing"),
    "created": ("CREATE DATABASE passing", "DROP DATABASE passing"),
}


@dataclass(frozen=True)
class Call:
    """A module with its parameters."""

    module: str
    params: dict[str, Any]

    def __call__(self) -> modules.Result:
        """Run it, and say which module it was."""
        return {**modules.outcome(MODULES[self.module], **self.params), "module": self.module}

    def checked(self) -> modules.Result:
        """Run it in check mode."""
        return modules.outcome(MODULES[self.module], check=True, **self.params)


def prepare(server: Server) -> None:
    """Make roles, databases and objects without any privilege."""
    for statement in (*BEFORE, *(f"CREATE DATABASE {name} OWNER owner" for name in DATABASES)):
        run(server, "postgres", statement)
    for database in DATABASES:
        for statement in INSIDE:
            run(server, database, statement)


def run(server: Server, database: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement in a session of its own."""
    with closing(servers.connect(server, database)) as session, session.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def roles(server: Server, names: Sequence[str], **more: Any) -> Call:
    """Declare some users, all of them readers and every second one a writer."""
    items = [{"name": name, "login": False, "comment": "a group"} for name in GROUPS]
    items += [
        {"name": name, "createdb": False, "roles": list(GROUPS[: 1 + int(name[1:]) % 2]), "parameters": {"jit": "off"}}
        for name in names
    ]
    return Call("pg_role_set", {"roles": items, "mode": "exact", **modules.login(server), **more})


def isolation(server: Server, names: Sequence[str], **more: Any) -> Call:
    """Declare who may connect to some databases."""
    items = [{"name": name, "revokeconn": True, "connect": ["readers"], "schemas": ["app"]} for name in names]
    rules = ["GRANT USAGE ON SCHEMAS TO readers, writers"]
    options = {"schema_privileges": rules, **modules.login(server), **more}
    return Call("pg_db_isolation", {"databases": items, **options})


def defaults(server: Server, names: Any, **more: Any) -> Call:
    """Declare what new tables and functions come with."""
    privileges = ["GRANT SELECT ON TABLES TO readers", "GRANT INSERT ON TABLES TO writers"]
    privileges.append("REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    options = {"creators": ["owner"], "privileges": privileges, "mode": "exact", **modules.login(server), **more}
    return Call("pg_default_privs", {"databases": names, **options})


def objects(server: Server, names: Any, **more: Any) -> Call:
    """Declare what is granted on all tables and functions of a schema."""
    privileges = [
        "GRANT SELECT ON ALL TABLES IN SCHEMA app TO readers",
        "GRANT INSERT ON ALL TABLES IN SCHEMA app TO writers",
        "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC",
        "GRANT USAGE ON SCHEMA app TO readers, writers",
    ]
    options = {"mode": "exact", "schemas": ["app"], "privileges": privileges, **modules.login(server), **more}
    return Call("pg_object_privs", {"databases": names, **options})


def mixed(server: Server, **more: Any) -> list[Call]:
    """Give sixteen calls: of each module two that are the same, and two that overlap with them."""
    all_databases, all_users = list(DATABASES), USERS
    makers = ((roles, all_users), (isolation, all_databases), (defaults, all_databases), (objects, all_databases))
    found = []
    for make, names in makers:
        found += [make(server, part, **more) for part in (names, names, names[:2], names[1:])]
    return found


def at_once(calls: Iterable[Call]) -> list[modules.Result]:
    """Run every call in a process of its own, all at the same time."""
    each = list(calls)
    with multiprocessing.get_context("fork").Pool(len(each), maxtasksperchild=1) as pool:
        return pool.map(done, each, chunksize=1)


def done(call: Call) -> modules.Result:
    """Run a call."""
    return call()


def again_and_again(work: tuple[Call, float]) -> list[modules.Result]:
    """Run a call until a time has come."""
    call, until = work
    found = [call()]
    while time.monotonic() < until:
        found.append(call())
    return found


def among_strangers(server: Server, calls: Sequence[Call], seconds: float) -> list[modules.Result]:
    """Run calls for some time, while strangers are at work; give all results."""
    until = time.monotonic() + seconds
    context = multiprocessing.get_context("fork")
    strangers = [context.Process(target=stranger, args=(server, name, until + 1)) for name in STRANGERS]
    for process in strangers:
        process.start()
    with context.Pool(len(calls), maxtasksperchild=1) as pool:
        found = pool.map(again_and_again, [(call, until) for call in calls], chunksize=1)
    for process in strangers:
        process.join()
    return [result for results in found for result in results]


def stranger(server: Server, name: str, until: float) -> None:
    """Run statements in turn until a time has come, sometimes two of them in one transaction."""
    dice = random.Random(name)
    with closing(servers.connect(server, "postgres" if name == "created" else dice.choice(DATABASES))) as session:
        while time.monotonic() < until:
            for statement in STRANGERS[name]:
                attempt(session, statement, dice.random() < 0.2 and name != "created")
            time.sleep(0.002)


def attempt(session: Any, statement: str, slowly: bool) -> None:
    """Run a statement, and sometimes wait before it is committed; what the server says against it doesn't matter."""
    try:
        with session.cursor() as cursor:
            cursor.execute(f"BEGIN; {statement}; SELECT pg_sleep(0.02); COMMIT" if slowly else statement)
    except psycopg2.Error:
        with session.cursor() as cursor:
            cursor.execute("ROLLBACK")
