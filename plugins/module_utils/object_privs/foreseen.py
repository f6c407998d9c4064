# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay over schemas, in check mode, what earlier tasks will have given and taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..assume import AssumedPrivilege
from ..privileges.model import Privilege
from .model import SCHEMA, Shape


def as_assumed(shape: Shape, assumed: tuple[AssumedPrivilege, ...]) -> Iterator[Shape]:
    """Give a shape as it will be; schemas that earlier tasks change become shapes of their own."""
    if shape.object_class != SCHEMA or not assumed:
        yield shape
        return
    for name in shape.objects:
        mine = [one for one in assumed if one.schema == unquoted(name)]
        yield replace(shape, objects=(name,), entries=changed(shape, mine))


def unquoted(name: str) -> str:
    """Give a name without the quotes that SQL wants."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def changed(shape: Shape, assumed: Iterable[AssumedPrivilege]) -> frozenset[Privilege]:
    """Give the ACL with what will have been granted by the owner, and without what will be gone."""
    entries = set(shape.entries)
    for one in assumed:
        there = {e for e in entries if (e.grantee, e.privilege) == (one.grantee, one.privilege)}
        if not one.present and one.grantee != shape.owner:
            entries -= there
        elif one.present and not there:
            entries.add(Privilege(SCHEMA, "", one.grantee, one.privilege, shape.owner))
    return frozenset(entries)
