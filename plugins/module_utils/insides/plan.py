# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the inside of a database: schemas, their ACLs, extensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Optional

from ..change import ALTER_OWNER, CREATE_EXTENSION, CREATE_SCHEMA, DROP_EXTENSION, DROP_SCHEMA, Change, note
from ..errors import raise_problems
from ..plan import Resolved
from ..privileges.acting import Actor
from ..privileges.model import Privilege
from ..privileges.plan import diff_privileges, privilege_line
from ..quoting import ident, literal
from .acl import baseline, planned_privileges
from .inspect import PUBLIC_SCHEMA
from .model import ExtensionState, Inside, InsideState


def resolve_inside(inside: Inside, actor: Actor, state: InsideState) -> Resolved[InsideState]:
    """Give the inside as declared; one error names everything that stands against it."""
    extensions = {**state.extensions, **{e.name: e for e in new_extensions(inside, state)}}
    planned = replace(state, schemas=planned_schemas(inside, state, extensions, actor), extensions=extensions)
    after = replace(planned, privileges=planned_privileges(inside, state, planned, actor))
    changing = baseline(state, after) ^ after.privileges
    refusals = [*actor.refusals(changing, after.schemas, state.privileges), *not_given(actor, state, after)]
    raise_problems(f"database {inside.database}: {text}" for text in refusals)
    return Resolved(after, tuple(differing_extensions(inside, state)))


def not_given(actor: Actor, before: InsideState, after: InsideState) -> Iterator[str]:
    """Name the schemas that this login can't give to their owners, or take from them."""
    for name, owner in sorted(after.schemas.items()):
        old = before.schemas.get(name, actor.name)
        for role in dict.fromkeys((old, owner) if old != owner else ()):
            if not actor.gives(role):
                yield (
                    f"schema {name}: {actor.name} can't give it from {old} to {owner}: run GRANT {ident(role)} TO "
                    f"{ident(actor.name)}, or log in as a superuser"
                )


def planned_schemas(
    inside: Inside, state: InsideState, extensions: Mapping[str, ExtensionState], actor: Actor
) -> dict[str, str]:
    """Give all schemas with their owners: a new one's is the item's or the database's, an existing one's stays."""
    owners = dict(state.schemas)
    for spec in inside.schemas:
        owners[spec.name] = spec.owner or owners.get(spec.name) or inside.owner
    for extension in extensions.values():
        owners.setdefault(extension.schema, actor.name)
    return owners


def new_extensions(inside: Inside, state: InsideState) -> Iterator[ExtensionState]:
    """Give the extensions that aren't there: where their version is tied to, or where it is declared, or in public."""
    for spec in inside.extensions:
        if spec.name not in state.extensions:
            offer = inside.offers[spec.name]
            version = spec.version or offer.default
            yield ExtensionState(spec.name, offer.schemas.get(version) or spec.schema or PUBLIC_SCHEMA, version)


def differing_extensions(inside: Inside, state: InsideState) -> Iterator[str]:
    """Give a warning for each extension that is there otherwise than declared."""
    for spec in inside.extensions:
        there = state.extensions.get(spec.name)
        if there and (spec.version or there.version, spec.schema or there.schema) != (there.version, there.schema):
            yield (
                f"database {inside.database}: extension {spec.name} is version {there.version} in schema "
                f"{there.schema}, not as declared; moving and updating isn't there yet"
            )


def diff_inside(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other."""

    def acting(entry: Privilege) -> Optional[str]:
        return actor.run_as(entry, after.schemas[entry.object])

    return (
        *diff_schemas(before.schemas, after.schemas),
        *diff_extensions(inside, before.extensions, after.extensions),
        *map(actor.lent, diff_privileges(baseline(before, after), after.privileges, acting, after.server.version)),
    )


def diff_schemas(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """Create schemas, and change owners."""
    for name in sorted(after):
        owner = ident(after[name])
        if name not in before:
            sql = f"CREATE SCHEMA {ident(name)} AUTHORIZATION {owner}"
            yield Change(CREATE_SCHEMA, "SCHEMA", name, f"create schema {name}, owned by {after[name]}", sql)
        elif before[name] != after[name]:
            sql = f"ALTER SCHEMA {ident(name)} OWNER TO {owner}"
            yield Change(ALTER_OWNER, "SCHEMA", name, f"give schema {name} to {after[name]}", sql)


def diff_extensions(
    inside: Inside, before: Mapping[str, ExtensionState], after: Mapping[str, ExtensionState]
) -> Iterator[Change]:
    """Create extensions, with those that they need."""
    specs = {spec.name: spec for spec in inside.extensions}
    for name in needed_first(inside, [name for name in sorted(after) if name not in before]):
        schema = after[name].schema
        version = f" VERSION {literal(after[name].version)}" if specs[name].version else ""
        sql = f"CREATE EXTENSION {ident(name)} SCHEMA {ident(schema)}{version} CASCADE"
        yield Change(CREATE_EXTENSION, "EXTENSION", name, f"create extension {name} in schema {schema}", sql)


def needed_first(inside: Inside, names: list[str]) -> list[str]:
    """Put extensions behind those that they need: CASCADE would create these, and where it pleases."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        free = [name for name in waiting if not inside.offers[name].needs & set(waiting)] or waiting
        found += free
        waiting = [name for name in waiting if name not in free]
    return found


def undo_inside(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> tuple[Change, ...]:
    """Give the changes that lead back; created schemas and extensions are named and not dropped."""
    schemas = sorted(set(after.schemas) - set(before.schemas))
    extensions = sorted(set(after.extensions) - set(before.extensions))
    rest = replace(
        after,
        schemas={name: owner for name, owner in after.schemas.items() if name not in schemas},
        privileges=frozenset(entry for entry in after.privileges if entry.object not in schemas),
        extensions=before.extensions,
    )
    notes = [
        *(kept(DROP_SCHEMA, "SCHEMA", name) for name in schemas),
        *(kept(DROP_EXTENSION, "EXTENSION", name) for name in extensions),
    ]
    return (*diff_inside(inside, actor, rest, before), *notes)


def kept(action: str, object_class: str, name: str) -> Change:
    """Say that an undo doesn't drop what was created, for something may be in it by then."""
    return note(
        Change(action, object_class, name, "", ""), f"{object_class.lower()} {name} was created; it is not dropped"
    )


def inside_lines(state: InsideState, other: InsideState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text."""
    schemas = [f"schema {n}: owner {o}" for n, o in state.schemas.items() if other.schemas.get(n) != o]
    extensions = [
        f"extension {n}: version {e.version} in schema {e.schema}"
        for n, e in state.extensions.items()
        if other.extensions.get(n) != e
    ]
    return tuple(sorted([*schemas, *extensions, *map(privilege_line, state.privileges - other.privileges)]))
