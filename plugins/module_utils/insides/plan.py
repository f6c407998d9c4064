# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the inside of a database: schemas, their ACLs, extensions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Optional

from ..change import ALTER_EXTENSION, ALTER_OWNER, CREATE_SCHEMA, DROP_EXTENSION, DROP_SCHEMA, Change, note
from ..errors import raise_all
from ..plan import Resolved
from ..privileges.acting import Actor
from ..privileges.model import Privilege
from ..privileges.plan import diff_privileges, privilege_line
from ..quoting import ident
from .acl import baseline, planned_privileges
from .contents import EXTENSION, SCHEMA
from .extensions import diff_extensions, planned_extensions, refused
from .model import ExtensionState, Inside, InsideState
from .rights import rights


def resolve_inside(inside: Inside, actor: Actor, state: InsideState) -> Resolved[InsideState]:
    """Give the inside as declared; one error names everything that stands against it."""
    after = planned(inside, actor, state)
    changing = baseline(state, after) ^ after.privileges
    where = f"database {inside.database}: "
    problems = (*not_dropped(inside, actor, state), *refused(inside, actor, state, after))
    barred = (*actor.refusals(changing, after.schemas, state.privileges), *rights(inside, actor, state, after))
    refusals = tuple(where + text for text in barred)
    raise_all((where + text for text in problems), refusals)
    return Resolved(after, refusals=refusals)


def exact_inside(inside: Inside, actor: Actor, state: InsideState) -> Resolved[InsideState]:
    """Give the inside as mode exact would leave it, whether or not the login may do that."""
    return Resolved(planned(replace(inside, exact=True), actor, state))


def planned(inside: Inside, actor: Actor, state: InsideState) -> InsideState:
    """Give the inside as declared."""
    extensions = planned_extensions(inside, state)
    after = replace(state, schemas=planned_schemas(inside, state, extensions, actor), extensions=extensions)
    return replace(after, privileges=planned_privileges(inside, state, after, actor))


def not_dropped(inside: Inside, actor: Actor, state: InsideState) -> Iterator[str]:
    """Name the schemas that can't be dropped, for something is in them or they are somebody else's."""
    for name in sorted(inside.dropped_schemas.keys() & state.schemas.keys()):
        owner, held = state.schemas[name], state.contents.get((SCHEMA, name))
        if not actor.owns(owner):
            yield (f"schema {name}: {actor.name} can't drop it: log in as its owner {owner}, or {actor.joining(owner)}")
        if held and not inside.dropped_schemas[name].cascade:
            yield f"schema {name} isn't empty, it holds {held}: declare cascade: true to drop all of it, or empty it"


def planned_schemas(
    inside: Inside, state: InsideState, extensions: Mapping[str, ExtensionState], actor: Actor
) -> dict[str, str]:
    """Give all schemas with their owners: a new one's is the item's or the database's, an existing one's stays."""
    owners = {name: owner for name, owner in state.schemas.items() if name not in inside.dropped_schemas}
    for spec in inside.schemas:
        owners[spec.name] = spec.owner or owners.get(spec.name) or inside.owner
    for extension in extensions.values():
        owners.setdefault(extension.schema, actor.name)
    return owners


def diff_inside(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other."""

    def acting(entry: Privilege) -> Optional[str]:
        return actor.run_as(entry, after.schemas[entry.object])

    return (
        *diff_schemas(before, after),
        *diff_extensions(inside, before, after.extensions),
        *map(actor.lent, diff_privileges(baseline(before, after), after.privileges, acting, after.server.version)),
    )


def diff_schemas(before: InsideState, after: InsideState) -> Iterator[Change]:
    """Create schemas, change owners, and drop schemas."""
    for name, owner in sorted(after.schemas.items()):
        if name not in before.schemas:
            sql = f"CREATE SCHEMA {ident(name)} AUTHORIZATION {ident(owner)}"
            yield Change(CREATE_SCHEMA, SCHEMA, name, f"create schema {name}, owned by {owner}", sql)
        elif before.schemas[name] != owner:
            sql = f"ALTER SCHEMA {ident(name)} OWNER TO {ident(owner)}"
            yield Change(ALTER_OWNER, SCHEMA, name, f"give schema {name} to {owner}", sql)
    for name in sorted(before.schemas.keys() - after.schemas.keys()):
        yield dropped(name, before.contents.get((SCHEMA, name)))


def dropped(name: str, held: Optional[str]) -> Change:
    """Give DROP SCHEMA, which takes along what is in it only if that was counted."""
    cascade, words = (" CASCADE", f" and everything in it: {held}") if held else ("", "")
    sql = f"DROP SCHEMA {ident(name)}{cascade}"
    return Change(DROP_SCHEMA, SCHEMA, name, f"drop schema {name}{words}", sql, destructive=True)


def undo_inside(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> tuple[Change, ...]:
    """Give the changes that lead back; what was created, dropped or updated is named and not undone."""
    schemas = before.schemas.keys() & after.schemas.keys()
    extensions = before.extensions.keys() & after.extensions.keys()
    old = {name: before.extensions[name] for name in extensions}
    moved = {name: replace(extension, schema=after.extensions[name].schema) for name, extension in old.items()}
    rest, goal = common(after, schemas, moved), common(before, schemas, old)
    return (*diff_inside(inside, actor, rest, goal), *notes(before, after))


def common(state: InsideState, schemas: Collection[str], extensions: Mapping[str, ExtensionState]) -> InsideState:
    """Give a state without the schemas that are there only before or only after."""
    return replace(
        state,
        schemas={name: owner for name, owner in state.schemas.items() if name in schemas},
        privileges=frozenset(entry for entry in state.privileges if entry.object in schemas),
        extensions=extensions,
    )


def notes(before: InsideState, after: InsideState) -> Iterator[Change]:
    """Name what an undo leaves: in what was created there may be something by then, and what was dropped is lost."""
    pairs = (
        (DROP_SCHEMA, SCHEMA, before.schemas, after.schemas),
        (DROP_EXTENSION, EXTENSION, before.extensions, after.extensions),
    )
    for action, kind, old, new in pairs:
        for name in sorted(new.keys() - old.keys()):
            yield left(action, kind, name, "was created; it is not dropped")
        for name in sorted(old.keys() - new.keys()):
            yield left(action, kind, name, "was dropped; it can't be undone")
    for name in sorted(before.extensions.keys() & after.extensions.keys()):
        was, now = before.extensions[name].version, after.extensions[name].version
        if was != now:
            yield left(ALTER_EXTENSION, EXTENSION, name, f"was updated from version {was} to {now}; it is left so")


def left(action: str, object_class: str, name: str, words: str) -> Change:
    """Say what an undo doesn't do."""
    return note(Change(action, object_class, name, "", ""), f"{object_class.lower()} {name} {words}")


def inside_lines(state: InsideState, other: InsideState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text."""
    schemas = [f"schema {n}: owner {o}" for n, o in state.schemas.items() if other.schemas.get(n) != o]
    extensions = [
        f"extension {n}: version {e.version} in schema {e.schema}"
        for n, e in state.extensions.items()
        if other.extensions.get(n) != e
    ]
    return tuple(sorted([*schemas, *extensions, *map(privilege_line, state.privileges - other.privileges)]))
