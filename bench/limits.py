"""Large declarations: thousands of roles, groups, entries of one ACL, and databases: `python -m bench limits`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import tables
from testbed import collection
from testbed.collection import CHECKOUT
from testbed.servers import Server

SETTINGS = {
    "autovacuum": "off",
    "max_locks_per_transaction": "512",
    "max_wal_size": "4GB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "100000",
}
Options = Mapping[str, Any]
ACL_STEP = 25
COPY = "STRATEGY FILE_COPY TEMPLATE template0"


@dataclass(frozen=True)
class Call:
    """What one call took: statements, seconds of the module and of Ansible in it, and its process's peak memory."""

    statements: int
    seconds: float
    ansible: float
    megabytes: float
    result: Mapping[str, Any]


def measure(server: Server, roles: int, groups: int, databases: int) -> None:
    """Measure and print everything."""
    tables.run(server, "postgres", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    print(f"\n{'what':58}| statements | seconds | Ansible's own | peak MB")
    print(f"{'-' * 58}|-----------:|--------:|--------------:|-------:", flush=True)
    for with_passwords in (False, True):
        many_roles(server, roles, with_passwords)
    many_groups(server, groups)
    long_lists(server)
    many_databases(server, databases)


def many_roles(server: Server, count: int, with_passwords: bool) -> None:
    """Create roles, find nothing to do, and drop them."""
    items = [role(f"user_{number:05}", with_passwords) for number in range(count)]
    what = f"{count:,} roles {'with' if with_passwords else 'without'} passwords"
    both(server, what, "pg_role_set", {"roles": items})
    gone = [{"name": item["name"], "state": "absent"} for item in items]
    line(f"{what}: drop", call(server, "pg_role_set", {"roles": gone}))


def role(name: str, with_password: bool) -> dict[str, Any]:
    """Declare a role with a limit and a comment."""
    item = {"name": name, "connlimit": 10, "comment": "a role"}
    return {**item, "password": f"correct horse {name}"} if with_password else item


def many_groups(server: Server, count: int) -> None:
    """Make one role a member of many, and take away what isn't declared."""
    groups = [f"group_{number:04}" for number in range(count)]
    items = [*({"name": name, "login": False} for name in groups), {"name": "joiner", "roles": groups}]
    both(server, f"one role in {count:,} groups", "pg_role_set", {"roles": items, "mode": "exact"})
    few = {"roles": [{"name": "joiner", "roles": groups[:1]}], "mode": "exact"}
    line(f"one role in {count:,} groups: leave all but one", call(server, "pg_role_set", few))
    gone = [{"name": name, "state": "absent"} for name in ("joiner", *groups)]
    call(server, "pg_role_set", {"roles": gone})


def long_lists(server: Server) -> None:
    """Find out how many grantees one object can have, and what is said beyond."""
    names = [f"reader_{number:05}" for number in range(4000)]
    tables.run(server, "postgres", *(f"CREATE ROLE {name}" for name in names), "CREATE TABLE crowded (n int)")
    fits = most(server, names)
    both(server, f"{fits} grantees of one table", "pg_object_privs", crowd(names[:fits]))
    beyond = call(server, "pg_object_privs", crowd(names), fails=True)
    line(f"{len(names):,} grantees of one table: refused", beyond)
    print(f"  {beyond.result['msg'][:400]}")
    grants = [{"role": name, "privs": ["CONNECT"]} for name in names]
    both(server, f"{len(names):,} grantees of one database", "pg_db_isolation", crowd_of_a_database(grants))


def most(server: Server, names: Sequence[str]) -> int:
    """Search for the number of grantees that one table can have."""
    low, high = 0, len(names)
    while high - low > ACL_STEP:
        middle = (low + high) // 2
        tables.run(server, "postgres", "DROP TABLE crowded", "CREATE TABLE crowded (n int)")
        failed = call(server, "pg_object_privs", crowd(names[:middle]), fails=None).result.get("failed")
        low, high = (low, middle) if failed else (middle, high)
    tables.run(server, "postgres", "DROP TABLE crowded", "CREATE TABLE crowded (n int)")
    return low


def crowd(names: Sequence[str]) -> Options:
    """Declare a table that so many may read."""
    rule = {"privs": ["SELECT"], "tables": ["crowded"], "to": list(names)}
    return {"databases": ["postgres"], "privileges": [rule]}


def crowd_of_a_database(grants: Sequence[Options]) -> Options:
    """Declare a database that so many may enter."""
    return {"databases": [{"name": "postgres", "grants": list(grants)}]}


def many_databases(server: Server, count: int) -> None:
    """Make a fifth of the databases with the module, the others beforehand, and find nothing to do in any."""
    names = [f"shop_{number:04}" for number in range(count)]
    made, there = names[: count // 5], names[count // 5 :]
    begin = time.perf_counter()
    tables.run(server, "postgres", *(f"CREATE DATABASE {name} {COPY}" for name in there))
    print(f"  {len(there)} databases by CREATE DATABASE: {time.perf_counter() - begin:.0f} seconds")
    copied = {"strategy": "FILE_COPY", "template": "template0", "schemas": ["app"]}
    items = [{"name": name, **copied} for name in made]
    both(server, f"{len(made):,} databases with a schema", "pg_db_isolation", {"databases": items})
    every = [{"name": name, "schemas": ["app"]} for name in names]
    line(f"a schema in {len(there):,} of {count:,} databases", call(server, "pg_db_isolation", {"databases": every}))
    rules = {"databases": names, "privileges": ["GRANT SELECT ON TABLES TO pg_monitor"]}
    both(server, f"rules in {count:,} databases", "pg_object_privs", rules)
    both(server, f"defaults in {count:,} databases", "pg_default_privs", {**rules, "creators": ["postgres"]})
    line(f"all of {count:,} databases as a declaration", call(server, "pg_access_info", {"gather": ["declaration"]}))


def both(server: Server, what: str, name: str, options: Options) -> None:
    """Measure a call, and the same again, which finds nothing to do."""
    line(f"{what}: first run", call(server, name, options))
    again = call(server, name, options)
    if again.result["changed"]:
        raise SystemExit(f"{what}: something changed again: {again.result['sql'][:3]}")
    line(f"{what}: nothing to do", again)


def call(server: Server, name: str, options: Options, fails: bool | None = False) -> Call:
    """Run a module in a process of its own and measure it; it has to fail or to succeed, or either where None."""
    login = {"login_unix_socket": str(server.socket_dir), "login_port": str(server.port), "login_user": "postgres"}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(collection.link())])}
    with tables.measuring(server, "postgres") as found:
        done = subprocess.run(
            [sys.executable, "-m", "bench.one_call"],
            input=json.dumps({"name": name, "options": {**login, **options}}),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    result, figures = documents(done.stdout + done.stderr)
    if fails is not None and bool(result.get("failed")) is not fails:
        raise SystemExit(f"{name}: {result.get('msg', 'it should have failed')}")
    return Call(found.statements, figures["seconds"], figures["ansible"], figures["megabytes"], result)


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Read the module's result, and the figures on the last line."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if len(lines) < 2:
        raise SystemExit(text)
    yield json.loads(lines[0])
    yield json.loads(lines[-1])


def line(what: str, found: Call) -> None:
    """Print one row."""
    figures = f"{found.statements:10} | {found.seconds:7.2f} | {found.ansible:13.2f} | {found.megabytes:7.0f}"
    print(f"{what:58}| {figures}", flush=True)
