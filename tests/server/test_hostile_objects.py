"""Hostile names of schemas, tables, columns, routines, types, servers: granted on literally, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
)
from hypothesis import given

from testbed.servers import Server
from tests.server import modules
from tests.server.adoption import adopted, planned
from tests.server.hostile import (
    CANARY,
    READ_ONLY,
    batches,
    examples,
    is_name,
    is_role,
    quoted,
    read,
    roles,
    run,
    stored,
    tidied,
)

GRANTS = """
SELECT s.class, n.nspname::text, s.name, s.col, a.grantee::pg_catalog.regrole::oid, a.privilege_type
FROM (
    SELECT 'TABLE' AS class, relnamespace AS home, relname::text AS name, '' AS col, relacl AS acl FROM pg_class
    UNION ALL
    SELECT 'COLUMN', c.relnamespace, c.relname::text, a.attname::text, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    UNION ALL SELECT 'FUNCTION', pronamespace, proname::text, '', proacl FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'TYPE', typnamespace, typname::text, '', typacl FROM pg_type
    UNION ALL SELECT 'SCHEMA', oid, nspname::text, '', nspacl FROM pg_namespace
    UNION ALL SELECT 'FOREIGN SERVER', 2200, srvname::text, '', srvacl FROM pg_foreign_server
    UNION ALL SELECT 'FOREIGN DATA WRAPPER', 2200, fdwname::text, '', fdwacl FROM pg_foreign_data_wrapper
) s JOIN pg_namespace n ON n.oid = s.home, pg_catalog.aclexplode(s.acl) a
WHERE a.grantee NOT IN (0, 10) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
DEFAULTS = """
SELECT d.defaclrole::pg_catalog.regrole::oid, coalesce(n.nspname::text, ''), a.grantee::oid, a.privilege_type
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, pg_catalog.aclexplode(d.defaclacl) a
WHERE a.grantee <> d.defaclrole
"""
Grant = tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    """A table with a column, a function of a type, and a server, whose names are all hostile."""

    schema: str
    table: str
    column: str
    type: str
    function: str
    role: str


def is_schema(name: str) -> bool:
    return is_name(name) and not name.startswith("pg_") and name != "information_schema"


def things_of(names: list[str]) -> list[Thing]:
    """Combine names, each in every place."""
    sound = [name for name in names if is_schema(name) and is_role(name) and name != "postgres"]
    ring = [sound[number:] + sound[:number] for number in range(6)]
    return [Thing(*one) for one in zip(*ring, strict=True)] if len(sound) > 5 else []


@contextmanager
def built(server: Server, things: list[Thing]) -> Iterator[dict[str, str]]:
    """Make a database of things with statements of the test's own; give the roles' numbers."""
    with tidied(server):
        run(server, [f"CREATE ROLE {CANARY}", *(f"CREATE ROLE {quoted(thing.role)}" for thing in things)])
        modules.call(
            pg_db_isolation,
            databases=[{"name": "work", "schemas": [{"name": t.schema, "owner": t.role} for t in things]}],
            **modules.login(server),
        )
        run(server, (statement for thing in things for statement in statements(thing)), "work")
        yield {name: str(oid) for name, oid in read(server, "SELECT rolname::text, oid FROM pg_authid")}
        assert CANARY in roles(server)


def statements(thing: Thing) -> list[str]:
    schema, table, kind = quoted(thing.schema), quoted(thing.table), quoted(thing.type)
    return [
        f"CREATE TABLE {schema}.{table} ({quoted(thing.column)} int, {quoted('other')} int)",
        f"CREATE DOMAIN {schema}.{kind} AS int",
        f"CREATE FUNCTION {schema}.{quoted(thing.function)}({schema}.{kind}) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"CREATE FOREIGN DATA WRAPPER {table}",
        f"CREATE SERVER {kind} FOREIGN DATA WRAPPER {table}",
    ]


def rules(thing: Thing, as_text: bool) -> list[Any]:
    """Declare the same privileges in words or in dicts."""
    schema, table, kind, role = map(quoted, (thing.schema, thing.table, thing.type, thing.role))
    function = f"{schema}.{quoted(thing.function)}({schema}.{kind})"
    if as_text:
        return [
            f"GRANT SELECT ON TABLE {schema}.{table} TO {role}",
            f"GRANT UPDATE ({quoted(thing.column)}) ON {schema}.{table} TO {role}",
            f"GRANT EXECUTE ON FUNCTION {function} TO {role} WITH GRANT OPTION",
            f"GRANT USAGE ON TYPE {schema}.{kind} TO {role}",
            f"GRANT USAGE ON FOREIGN DATA WRAPPER {table} TO {role}",
            f"GRANT USAGE ON FOREIGN SERVER {kind} TO {role};",
        ]
    to = {"to": thing.role}
    return [
        {"privs": "SELECT", "tables": [f"{schema}.{table}"], **to},
        {"privs": "UPDATE", "tables": [f"{schema}.{table}"], "columns": [thing.column], **to},
        {"privs": "EXECUTE", "functions": [function], **to, "grant_option": True},
        {"privs": "USAGE", "types": [f"{schema}.{kind}"], **to},
        {"privs": "USAGE", "on": "foreign data wrapper", "objects": [table], **to},
        {"privs": "USAGE", "on": "foreign server", "objects": [kind], **to},
    ]


def grants_of(thing: Thing, oids: dict[str, str]) -> set[Grant]:
    """Give what the catalogs have to say of a thing."""
    role = oids[thing.role]
    return {
        ("TABLE", thing.schema, thing.table, "", role, "SELECT"),
        ("COLUMN", thing.schema, thing.table, thing.column, role, "UPDATE"),
        ("FUNCTION", thing.schema, thing.function, "", role, "EXECUTE"),
        ("TYPE", thing.schema, thing.type, "", role, "USAGE"),
        ("FOREIGN DATA WRAPPER", "public", thing.table, "", role, "USAGE"),
        ("FOREIGN SERVER", "public", thing.type, "", role, "USAGE"),
    }


def granted(server: Server, question: str = GRANTS) -> set[Grant]:
    return {tuple(map(str, row)) for row in read(server, question, "work")}


@given(names=batches(12, 24))
@examples(usual=3, wide=60)
def test_privileges_on_things_of_any_name_are_granted_on_those_and_no_others(server: Server, names: list[str]):
    things = things_of(names)
    with built(server, things) as oids:
        owned = {("SCHEMA", t.schema, t.schema, "", oids[t.role], name) for t in things for name in ("USAGE", "CREATE")}
        assert stored(server, "SELECT nspname FROM pg_namespace", "work") >= {thing.schema for thing in things}
        before = granted(server)
        for as_text in (True, False):
            declared = [rule for thing in things for rule in rules(thing, as_text)]
            call = {"databases": ["work"], "privileges": declared, **modules.login(server)}
            assert modules.call(pg_object_privs, **call)["changed"] is (as_text and bool(things))
            assert modules.call(pg_object_privs, **{**call, **READ_ONLY})["changed"] is False
        assert granted(server) - before - owned == {entry for thing in things for entry in grants_of(thing, oids)}
        assert planned(server, adopted(server, databases=["work"])) == []


@given(names=batches(12, 24))
@examples(usual=3, wide=60)
def test_default_privileges_of_any_name_are_those_and_no_others(server: Server, names: list[str]):
    things = things_of(names)
    with built(server, things) as oids:
        declared: list[Any] = []
        wanted: set[Grant] = set()
        for number, one in enumerate(things):
            other = things[number - 1]
            schema, role = quoted(other.schema), quoted(other.role)
            declared += [
                {"rule": f"IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}", "creators": [one.role]},
                {"privs": "INSERT", "on": "tables", "to": other.role, "schemas": [one.schema], "creators": [one.role]},
            ]
            wanted |= {
                (oids[one.role], other.schema, oids[other.role], "SELECT"),
                (oids[one.role], one.schema, oids[other.role], "INSERT"),
            }
        call = {"databases": ["work"], "creators": [one.role for one in things] or ["postgres"]}
        call |= {"privileges": declared, **modules.login(server)}
        assert modules.call(pg_default_privs, **call)["changed"] is bool(things)
        assert modules.call(pg_default_privs, **{**call, **READ_ONLY})["changed"] is False
        assert granted(server, DEFAULTS) == {entry for entry in wanted if entry[0] != entry[2]}
