# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the extensions of a database: which come, which change, which go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Optional

from ..change import ALTER_EXTENSION, CREATE_EXTENSION, DROP_EXTENSION, Change
from ..privileges.acting import Actor
from ..quoting import ident, literal
from .contents import EXTENSION
from .inspect import PUBLIC_SCHEMA
from .model import ExtensionSpec, ExtensionState, Inside, InsideState
from .order import dropped_in_order, needed_first

Extensions = Mapping[str, ExtensionState]


def planned_extensions(inside: Inside, state: InsideState) -> dict[str, ExtensionState]:
    """Give the extensions as they are to be."""
    declared = {
        spec.name: planned_extension(inside, spec, state.extensions.get(spec.name)) for spec in inside.extensions
    }
    kept = {**state.extensions, **declared}
    return {name: kept[name] for name in kept if name not in inside.dropped_extensions}


def planned_extension(inside: Inside, spec: ExtensionSpec, there: Optional[ExtensionState]) -> ExtensionState:
    """Give an extension where its version is tied to, or where it is declared, or where it is, or in public."""
    offer = inside.offers[spec.name]
    version = spec.version or (there.version if there else offer.default)
    tied = offer.schemas.get(version)
    if there:
        return replace(there, schema=there.schema if tied else spec.schema or there.schema, version=version)
    return ExtensionState(spec.name, tied or spec.schema or PUBLIC_SCHEMA, version)


def refused(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> Iterator[str]:
    """Say which extensions can't be changed or dropped as declared."""
    for name, new in sorted(after.extensions.items()):
        old = before.extensions.get(name)
        if new.schema in inside.dropped_schemas:
            yield f"extension {name} is to be in schema {new.schema}, which is to go: declare another schema for it"
        if old and old != new:
            yield from not_altered(actor, old, new, name in before.unreachable)
    for name in sorted(before.extensions.keys() - after.extensions.keys()):
        yield from not_dropped(inside, actor, before, name)


def not_altered(actor: Actor, old: ExtensionState, new: ExtensionState, unreachable: bool) -> Iterator[str]:
    """Say why an extension can't be updated or moved."""
    if not actor.owns(old.owner):
        yield (
            f"extension {old.name}: {actor.name} can't alter it: log in as its owner {old.owner}, or "
            f"{actor.joining(old.owner)}"
        )
    if unreachable:
        yield (
            f"extension {old.name} can't be updated from version {old.version} to {new.version}, for there is no path: "
            f"correct the item, or update it to a version between"
        )
    if old.schema != new.schema and not old.relocatable:
        yield (
            f"extension {old.name} can't be moved from schema {old.schema} to {new.schema}, for it isn't relocatable: "
            f"correct the item, or drop it and create it there"
        )


def not_dropped(inside: Inside, actor: Actor, state: InsideState, name: str) -> Iterator[str]:
    """Say why an extension can't be dropped."""
    there, others = state.extensions[name], state.contents.get((EXTENSION, name))
    if not actor.owns(there.owner):
        yield (
            f"extension {name}: {actor.name} can't drop it: log in as its owner {there.owner}, or "
            f"{actor.joining(there.owner)}"
        )
    if others and not inside.dropped_extensions[name].cascade:
        yield f"extension {name} can't be dropped, for {others} depend on it: declare cascade: true to drop these, too"


def diff_extensions(inside: Inside, state: InsideState, after: Extensions) -> Iterator[Change]:
    """Create extensions, with those that they need; update and move them; drop them."""
    before = state.extensions
    for name in needed_first(inside, [name for name in sorted(after) if name not in before]):
        yield created(inside, after[name])
    for name in sorted(before.keys() & after.keys()):
        yield from altered(before[name], after[name])
    for name in dropped_in_order(inside):
        if name in before and name not in after:
            yield dropped(name, state.contents.get((EXTENSION, name)))


def created(inside: Inside, new: ExtensionState) -> Change:
    """Give CREATE EXTENSION."""
    chosen = any(spec.name == new.name and spec.version for spec in inside.extensions)
    version = f" VERSION {literal(new.version)}" if chosen else ""
    sql = f"CREATE EXTENSION {ident(new.name)} SCHEMA {ident(new.schema)}{version} CASCADE"
    return Change(CREATE_EXTENSION, EXTENSION, new.name, f"create extension {new.name} in schema {new.schema}", sql)


def altered(old: ExtensionState, new: ExtensionState) -> Iterator[Change]:
    """Update an extension, then move it."""
    head = f"ALTER EXTENSION {ident(new.name)}"
    if old.version != new.version:
        words = f"update extension {new.name} from version {old.version} to {new.version}"
        yield Change(ALTER_EXTENSION, EXTENSION, new.name, words, f"{head} UPDATE TO {literal(new.version).strip()}")
    if old.schema != new.schema:
        words = f"move extension {new.name} from schema {old.schema} to {new.schema}"
        yield Change(ALTER_EXTENSION, EXTENSION, new.name, words, f"{head} SET SCHEMA {ident(new.schema)}")


def dropped(name: str, others: Optional[str]) -> Change:
    """Give DROP EXTENSION, which takes along what depends on it only if that was counted."""
    cascade, words = (" CASCADE", f", and with it {others}") if others else ("", "")
    sql = f"DROP EXTENSION {ident(name)}{cascade}"
    return Change(DROP_EXTENSION, EXTENSION, name, f"drop extension {name}{words}", sql, destructive=True)
