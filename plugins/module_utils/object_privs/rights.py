# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the login may not do to the privileges on objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..privileges.model import Privileges
from ..quoting import ident
from .looking import Looking
from .model import Shape
from .statements import let_in, named


def refusals(looking: Looking, shape: Shape, after: Privileges) -> Iterator[str]:
    """Say which entries this login can neither make nor take away; some hundred alike are one."""
    for entry in sorted(shape.entries ^ after):
        text = looking.actor.refusal(entry, shape.owner, shape.entries)
        if text:
            yield f"{named(shape, entry.object)}: {text}"


def nameless(looking: Looking, pairs: Sequence[tuple[Shape, Shape]]) -> Iterator[str]:
    """Say in which schemas a role that has to act lacks USAGE, so that it can't even name the objects.

    Superusers let it in for the time being.
    """
    actor = looking.actor
    given = {(one.grantee, one.schema) for one in looking.assumed_privileges if one.present}
    opened = let_in(pairs) | given
    for before, after in () if actor.superuser else pairs:
        acting = {actor.run_as(entry, after.owner) or actor.name for entry in before.entries ^ after.entries}
        for role, schema in sorted(before.barred - opened):
            if role in acting:
                sql = f"GRANT USAGE ON SCHEMA {ident(schema)} TO {ident(role)}"
                yield f"{named(before)}: {role} has no USAGE on schema {schema}: run {sql}, or log in as a superuser"
