# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on objects: who was given what on which object, by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import default_acl


@dataclass(frozen=True, order=True)
class Privilege:
    """One entry of an object's ACL; the grantee '' is PUBLIC."""

    object_class: str
    object: str
    grantee: str
    privilege: str
    grantor: str
    grantable: bool = False

    def what(self) -> tuple[str, str]:
        """Tell who may do what, whoever granted it."""
        return (self.grantee, self.privilege)

    def key(self) -> tuple[str, str, str, str, str]:
        """Tell which entry it is, whatever its grant option."""
        return (self.object_class, self.object, self.grantee, self.privilege, self.grantor)


Privileges = frozenset[Privilege]

# What an object's declaration gives: for a grantee and a privilege the grant option, None where it isn't managed.
Wanted = Mapping[tuple[str, str], Optional[bool]]


def initial(object_class: str, name: str, owner: str, version: int) -> Privileges:
    """Give what a NULL ACL means."""
    entries = default_acl(object_class, owner, version)
    return frozenset(Privilege(object_class, name, who, what, owner, option) for who, what, option in entries)


def moved(entries: Privileges, old: str, new: str) -> Privileges:
    """Give the ACL after a change of owner: the old owner becomes the new one everywhere, and entries merge."""
    if old == new:
        return entries
    options: dict[Privilege, bool] = {}
    for entry in entries:
        renamed = replace(
            entry,
            grantee=new if entry.grantee == old else entry.grantee,
            grantor=new if entry.grantor == old else entry.grantor,
            grantable=False,
        )
        options[renamed] = options.get(renamed, False) or entry.grantable
    return frozenset(replace(entry, grantable=option) for entry, option in options.items())


def by_object(entries: Privileges) -> dict[str, Privileges]:
    """Group the entries of one class by their object."""
    found: dict[str, set[Privilege]] = {}
    for entry in entries:
        found.setdefault(entry.object, set()).add(entry)
    return {name: frozenset(group) for name, group in found.items()}
