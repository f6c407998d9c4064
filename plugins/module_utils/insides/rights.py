# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the login may not do inside of a database, privileges apart."""

from __future__ import annotations

from collections.abc import Iterator

from ..privileges.acting import Actor
from ..privileges.lacking import SUPERUSER, Barred, Lack, told
from ..quoting import ident
from .model import ExtensionState, Inside, InsideState


def rights(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> Iterator[str]:
    """Say which schemas and extensions the login may not make, change or give away."""
    if not actor.superuser:
        barred = (*schemas(inside, actor, before, after), *extensions(inside, actor, before, after))
        yield from told(actor.name, barred)


def no_create(inside: Inside, actor: Actor) -> Lack:
    """Give the lack of CREATE on the database."""
    sql = f"run GRANT CREATE ON DATABASE {ident(inside.database)} TO {ident(actor.name)}"
    return Lack(f"CREATE on database {inside.database}", sql)


def schemas(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> Iterator[Barred]:
    """Go through schemas that are created, which takes CREATE on the database, or given to another owner."""
    for name, owner in sorted(after.schemas.items()):
        old = before.schemas.get(name)
        if old == owner:
            continue
        doing = f"create schema {name}" if old is None else f"give schema {name} from {old} to {owner}"
        if not inside.may_create:
            yield doing, no_create(inside, actor)
        if not actor.gives(owner):
            yield doing, actor.lacks(owner, "membership in")
        if old is not None and not actor.owns(old):
            yield doing, actor.lacks(old, "privileges of its owner")


def extensions(inside: Inside, actor: Actor, before: InsideState, after: InsideState) -> Iterator[Barred]:
    """Go through extensions that are created, updated or moved."""
    for name, new in sorted(after.extensions.items()):
        old = before.extensions.get(name)
        if old is None or old.version != new.version:
            doing = f"create extension {name}" if old is None else f"update extension {name}"
            yield from ((doing, lack) for lack in scripted(inside, actor, new))
        # What a superuser's script has made belongs to a superuser, and is moved with the extension.
        if old and old.schema != new.schema and old.version in inside.offers[name].by_superuser:
            yield f"move extension {name}", SUPERUSER


def scripted(inside: Inside, actor: Actor, new: ExtensionState) -> Iterator[Lack]:
    """Give what is lacking for running an extension's script."""
    offer = inside.offers[new.name]
    if new.version in offer.by_superuser - offer.trusted:
        yield SUPERUSER
    elif new.version in offer.trusted and not inside.may_create:
        yield no_create(inside, actor)
