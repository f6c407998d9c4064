# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memberships of roles in roles: what is declared, and what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import InputError
from ..items import checked_name, known_keys
from ..keys import MEMBERSHIP_ITEM

OPTIONS = ("admin", "inherit", "set")


@dataclass(frozen=True, order=True)
class Membership:
    """One grantor's grant of a role to a member; to PostgreSQL 15 there is one per role and member.

    To 15, ``inherit`` follows the member's own attribute and ``set`` is always so: both read as true.
    """

    role: str
    member: str
    grantor: str
    admin: bool = False
    inherit: bool = True
    set: bool = True


@dataclass(frozen=True)
class MembershipSpec:
    """A declared membership; an option that is None is not managed."""

    role: str
    present: bool = True
    admin: Optional[bool] = None
    inherit: Optional[bool] = None
    set: Optional[bool] = None

    def options(self) -> dict[str, bool]:
        """Give the options that are declared."""
        values = {"admin": self.admin, "inherit": self.inherit, "set": self.set}
        return {name: value for name, value in values.items() if value is not None}


def parse_membership(value: Any, where: str) -> MembershipSpec:
    """Read a role's name, or ``{name, state, admin, inherit, set}``."""
    if isinstance(value, str):
        return MembershipSpec(checked_name(value, where))
    if not isinstance(value, Mapping):
        raise InputError(f"{where} is neither a role's name nor a dictionary with a name")
    item = known_keys(value, MEMBERSHIP_ITEM, where)
    present = item.get("state") not in ("absent", "revoke")
    options = {name: item.get(name) for name in OPTIONS}
    return MembershipSpec(checked_name(item["name"], where), present, **options)


def parse_memberships(values: Iterable[Any], where: str) -> tuple[MembershipSpec, ...]:
    """Read a list of memberships; the same role twice with different values is an error."""
    specs: dict[str, MembershipSpec] = {}
    for value in values:
        spec = parse_membership(value, f"{where}: roles")
        if specs.setdefault(spec.role, spec) != spec:
            raise InputError(f"{where}: roles names {spec.role} twice with different values: keep one")
    return tuple(specs.values())
