# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the lookup in one database: schema, function, and who may what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..change import ALTER_OWNER, CREATE_FUNCTION, CREATE_SCHEMA, DROP_FUNCTION, DROP_SCHEMA, Change, note
from ..errors import raise_all
from ..plan import Resolved
from ..privileges.model import Privilege, Privileges, moved
from ..privileges.plan import privilege_line
from ..quoting import ident
from .function import COLUMNS, NAME, SIGNATURE, Function, create_sql, drop_sql
from .grants import AUTHID, close_sql, diff_acl, diff_authid, granting
from .model import Inside, LookupState

SHOWN = 3


def resolve_lookup(inside: Inside, state: LookupState) -> Resolved[LookupState]:
    """Give the database as declared, or one error for what stands against it."""
    after = planned(inside, state) if inside.users else removed(inside, state)
    server, lacking = state.server, []
    if after != state and not server.superuser:
        lacking = [
            f"database {inside.database}: {server.current_user} can't change who reads verifiers: log in as a superuser"
        ]
    raise_all([*occupied(inside, state), *open_doors(inside, state)], lacking)
    return Resolved(after, refusals=tuple(lacking))


def occupied(inside: Inside, state: LookupState) -> Iterator[str]:
    """Refuse a schema that holds something else: it is taken from everybody but the pool's login."""
    if inside.users and state.others:
        more = f" and {len(state.others) - SHOWN} more" if len(state.others) > SHOWN else ""
        yield (
            f"database {inside.database}: schema {inside.schema} holds other things "
            f"({', '.join(state.others[:SHOWN])}{more}): give lookup_schema a name of its own, or move them"
        )


def open_doors(inside: Inside, state: LookupState) -> Iterator[str]:
    """Refuse a pool's login that reads all verifiers, so that the function would limit nothing."""
    for name, table in state.readers:
        yield (
            f"database {inside.database}: auth_user {name} reads verifiers without the function, from {table}: run "
            f"REVOKE ALL ON TABLE pg_catalog.{table} FROM {ident(name)} there, or take a login of its own"
        )


def planned(inside: Inside, state: LookupState) -> LookupState:
    """Give one function and nothing else of its name, and no privileges but those that the pool's login needs."""
    functions = {SIGNATURE: Function(inside.owner)}
    return replace(state, schema_owner=inside.owner, functions=functions, privileges=wanted(inside, state))


def wanted(inside: Inside, state: LookupState) -> Privileges:
    """Give all privileges that there are to be."""
    calls = [("SCHEMA", inside.schema, "USAGE"), ("FUNCTION", NAME, "EXECUTE")]
    to_users = (Privilege(kind, name, user, what, inside.owner) for kind, name, what in calls for user in inside.users)
    bootstrap = state.server.bootstrap
    to_owner = (Privilege("COLUMN", column, inside.owner, "SELECT", bootstrap) for column in COLUMNS)
    return frozenset([*to_users, *to_owner])


def removed(inside: Inside, state: LookupState) -> LookupState:
    """Give the database without the function, and without its schema if nothing else is in it; other people's stays."""
    mine = {key for key, function in state.functions.items() if function.owner == inside.owner}
    functions = {key: function for key, function in state.functions.items() if key not in mine}
    gone = {AUTHID, "COLUMN", *(["FUNCTION"] if SIGNATURE in mine else [])}
    schema_owner = state.schema_owner
    if schema_owner == inside.owner and not functions and not state.others:
        schema_owner, gone = None, {*gone, "SCHEMA"}
    kept = frozenset(entry for entry in state.privileges if entry.object_class not in gone)
    return replace(state, schema_owner=schema_owner, functions=functions, privileges=kept)


def diff_lookup(inside: Inside, before: LookupState, after: LookupState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other."""
    return (
        *diff_schema(inside, before, after),
        *diff_functions(inside, before, after),
        *diff_grants(inside, before, after),
    )


def diff_schema(inside: Inside, before: LookupState, after: LookupState) -> Iterator[Change]:
    """Create the schema, change its owner, or drop it."""
    name, old, new = inside.schema, before.schema_owner, after.schema_owner
    if old is None and new is not None:
        sql = f"CREATE SCHEMA {ident(name)} AUTHORIZATION {ident(new)}"
        yield Change(CREATE_SCHEMA, "SCHEMA", name, f"create schema {name}, owned by {new}", sql)
    elif old is not None and new is None:
        sql = f"DROP SCHEMA {ident(name)}"
        yield Change(DROP_SCHEMA, "SCHEMA", name, f"drop schema {name}", sql, destructive=True)
    elif old != new and new is not None:
        sql = f"ALTER SCHEMA {ident(name)} OWNER TO {ident(new)}"
        yield Change(ALTER_OWNER, "SCHEMA", name, f"give schema {name} to {new}", sql)


def diff_functions(inside: Inside, before: LookupState, after: LookupState) -> Iterator[Change]:
    """Drop what isn't the function, and create it; what somebody else has made isn't made again."""
    for signature, old in sorted(before.functions.items()):
        if after.functions.get(signature) != old:
            words = f"drop {spoken(inside, signature)}{why(inside, old, signature)}"
            sql = drop_sql(inside.schema, signature)
            yield Change(DROP_FUNCTION, "FUNCTION", spoken_name(inside, signature), words, sql, destructive=True)
    for signature, new in sorted(after.functions.items()):
        if before.functions.get(signature) != new:
            yield created(inside, signature, new, of(after, "FUNCTION"))


def created(inside: Inside, signature: str, function: Function, privileges: Privileges) -> Change:
    """Create the function as its owner and close it, all in one transaction; of another one, say that it is gone."""
    name = spoken_name(inside, signature)
    grants = [granting(inside, entry) for entry in sorted(privileges) if entry.grantor == inside.owner]
    who = ", ".join(entry.role for entry in grants) or "nobody"
    words = f"create {spoken(inside, signature)}, owned by {inside.owner}, for {who} only"
    sql = ";\n".join([create_sql(inside.schema), close_sql(inside, "FUNCTION"), *(entry.sql for entry in grants)])
    made = Change(CREATE_FUNCTION, "FUNCTION", name, words, sql, run_as=inside.owner)
    if signature == SIGNATURE and function == Function(inside.owner):
        return made
    return note(replace(made, summary=""), f"{spoken(inside, signature)} was dropped; it can't be undone")


def why(inside: Inside, function: Function, signature: str) -> str:
    """Say what is wrong with a function that is there."""
    good = Function(inside.owner)
    if signature != SIGNATURE:
        return ", which PgBouncer could take for the one it is to call"
    wrong = [name for name, value in vars(good).items() if getattr(function, name) != value]
    return f", which isn't as it has to be ({', '.join(wrong)})" if wrong else ""


def spoken_name(inside: Inside, signature: str) -> str:
    """Name a function with its argument types."""
    return f"{inside.schema}.{NAME}({signature})"


def spoken(inside: Inside, signature: str) -> str:
    """Name a function in words."""
    return f"function {spoken_name(inside, signature)}"


def diff_grants(inside: Inside, before: LookupState, after: LookupState) -> Iterator[Change]:
    """Bring the privileges on schema, function and pg_authid to what they are to be."""
    if after.schema_owner is not None:
        base = of(before, "SCHEMA")
        if before.schema_owner is not None:
            renamed = moved(base, before.schema_owner, after.schema_owner)
            base = frozenset(entry for entry in renamed if entry.grantee != after.schema_owner)
        fresh = before.schema_owner is None
        yield from diff_acl(inside, "SCHEMA", after.schema_owner, None if fresh else base, of(after, "SCHEMA"))
    function = after.functions.get(SIGNATURE)
    if function and function == before.functions.get(SIGNATURE):
        yield from diff_acl(inside, "FUNCTION", function.owner, of(before, "FUNCTION"), of(after, "FUNCTION"))
    yield from diff_authid(inside.owner, of(before, AUTHID, "COLUMN"), of(after, AUTHID, "COLUMN"))


def of(state: LookupState, *classes: str) -> Privileges:
    """Give the privileges on objects of these classes."""
    return frozenset(entry for entry in state.privileges if entry.object_class in classes)


def undo_lookup(inside: Inside, former: LookupState, later: LookupState) -> tuple[Change, ...]:
    """Give the changes that lead back."""
    return diff_lookup(inside, later, former)


def lookup_lines(inside: Inside, state: LookupState, other: LookupState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text."""
    schema = f"schema {inside.schema}: owner {state.schema_owner}"
    functions = [
        f"{spoken(inside, key)}: {name} {' '.join(str(value).split())}"
        for key, function in state.functions.items()
        for name, value in vars(function).items()
        if key not in other.functions or getattr(other.functions[key], name) != value
    ]
    schemas = [schema] if state.schema_owner not in (None, other.schema_owner) else []
    return tuple(sorted([*schemas, *functions, *map(privilege_line, map(placed, state.privileges - other.privileges))]))


def placed(entry: Privilege) -> Privilege:
    """Name a column with its table."""
    return (
        replace(entry, object=".".join(filter(None, ("pg_authid", entry.object))))
        if entry.object_class in (AUTHID, "COLUMN")
        else entry
    )
