# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of pg_role_set, and the cluster's state as far as it concerns roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Optional

from ..assume import Assume
from ..connection import Server
from ..errors import InputError, raise_problems
from ..items import merged
from ..lockout.inspect import NOTHING as NO_GROUND
from ..lockout.inspect import Ground
from ..memberships.model import Membership
from ..passwords.model import checked_password
from ..removal.model import Footprint
from ..roles.model import RoleSpec, RoleState, parse_role
from ..secret import Secret
from ..settings.model import Setting
from .unlisted import DROP, NONE, Unlisted, parse_unlisted

PARTS = ("absent", "database_parameters")
ADDITIVE, REPORT, EXACT = "additive", "report", "exact"
ON_CREATE = "on_create"


@dataclass(frozen=True)
class RoleSet:
    """What is declared: items by name, and how they are meant.

    With ``reported``, what it leads to is only told: nobody's rights to do it are judged.
    """

    specs: Mapping[str, RoleSpec]
    assume: Assume
    exact_memberships: bool = False
    exact_parameters: bool = False
    exact_attributes: bool = False
    unlisted: Unlisted = NONE
    only_new_passwords: bool = False
    renew_days: Optional[int] = None
    iterations: Optional[int] = None
    allow_self: bool = False
    deferred: bool = False
    only: bool = False
    reported: bool = False

    def present(self) -> list[RoleSpec]:
        """Give the items that are to be there, by name."""
        return [self.specs[name] for name in sorted(self.specs) if self.specs[name].present]

    def decided(self) -> frozenset[str]:
        """Give the names that this call makes or drops, if need be; with ``only``, roles have to be there already."""
        return frozenset(self.absent()) if self.only else frozenset(self.specs)

    def absent(self) -> list[str]:
        """Give the names that are not to be there."""
        return [name for name in sorted(self.specs) if not self.specs[name].present]

    def leaving(self) -> list[RoleSpec]:
        """Give the items of roles that go in steps, by name."""
        return [self.specs[name] for name in self.absent() if self.specs[name].leaves()]

    def passwords(self) -> dict[str, Secret]:
        """Give the declared passwords by name."""
        return {spec.name: spec.password for spec in self.present() if spec.password is not None}

    def databases(self) -> frozenset[str]:
        """Give the databases that role settings name."""
        return frozenset(name for spec in self.present() for name in spec.database_parameters or ())

    def parameter_names(self) -> frozenset[str]:
        """Give the names of all declared parameters."""
        groups = [p for s in self.present() for p in (s.parameters, *(s.database_parameters or {}).values()) if p]
        return frozenset(name for group in groups for name in group)


@dataclass(frozen=True)
class RoleSetState:
    """The cluster: all roles and memberships; settings, passwords and dependents of the declared roles.

    ``passwords`` is None where the login may not read them; ``fresh`` names those that this plan sets. ``leaving``
    names the roles that are there and go in steps, ``unlisted`` those that no item declares and that are looked at.
    """

    server: Server
    roles: Mapping[str, RoleState]
    memberships: frozenset[Membership]
    settings: frozenset[Setting]
    passwords: Optional[Mapping[str, Optional[Secret]]]
    today: date = field(compare=False)
    iterations: int = field(compare=False, default=4096)
    databases: frozenset[str] = field(compare=False, default=frozenset())
    unknown_parameters: frozenset[str] = field(compare=False, default=frozenset())
    dependents: Mapping[str, tuple[str, ...]] = field(compare=False, default_factory=dict)
    self_grant: str = field(compare=False, default="")
    fresh: frozenset[str] = field(compare=False, default=frozenset())
    leaving: frozenset[str] = field(compare=False, default=frozenset())
    footprint: Footprint = field(compare=False, default=Footprint())
    unlisted: frozenset[str] = field(compare=False, default=frozenset())
    ground: Ground = field(compare=False, default=NO_GROUND)
    barred_parameters: frozenset[str] = field(compare=False, default=frozenset())


def parse_role_set(params: Mapping[str, Any], assume: Assume) -> RoleSet:
    """Read the module's parameters."""
    items = merged(params["roles"], "roles")
    parsed = [parse_role(item, f"role {item['name']}") for item in items]
    for spec in parsed:
        if spec.password is not None:
            checked_password(spec.password, f"role {spec.name}")
    raise_problems(contradictions(parsed))
    kept = selected(parsed, params["defer"] or (), params["only"] or ())
    return RoleSet(
        {spec.name: spec for spec in kept},
        assume,
        (params["memberships"] or params["mode"]) == EXACT,
        (params["parameters_mode"] or params["mode"]) == EXACT,
        params["mode"] == EXACT,
        parse_unlisted(params, parsed),
        params["update_password"] == ON_CREATE,
        positive(params["expire_renew_days"], "expire_renew_days", 0),
        positive(params["scram_iterations"], "scram_iterations", 1),
        params["allow_self"],
        is_deferred(params, parsed),
        bool(params["only"]),
    )


def reported(declared: RoleSet, params: Mapping[str, Any]) -> Optional[RoleSet]:
    """Give the declaration as it would be where the mode is ``report``; None if it is nowhere."""
    modes = {key: params[key] or params["mode"] for key in ("memberships", "parameters_mode", "mode")}
    if REPORT not in modes.values() and not declared.unlisted.report:
        return None
    return replace(
        declared,
        exact_memberships=modes["memberships"] != ADDITIVE,
        exact_parameters=modes["parameters_mode"] != ADDITIVE,
        exact_attributes=modes["mode"] != ADDITIVE,
        unlisted=replace(declared.unlisted, action=declared.unlisted.report or declared.unlisted.action),
        reported=True,
    )


def is_deferred(params: Mapping[str, Any], specs: list[RoleSpec]) -> bool:
    """Tell whether something is left for a later call."""
    defer = params["defer"] or ()
    waits = params["unlisted_roles"] == DROP and params["mode"] != REPORT and "absent" in defer
    return waits or any(part_of(spec, part) for part in defer for spec in specs)


def contradictions(specs: list[RoleSpec]) -> Iterator[str]:
    """Name the roles that are to be dropped and to have members."""
    absent = frozenset(spec.name for spec in specs if not spec.present)
    for spec in specs:
        for row in (spec.present and spec.memberships) or ():
            if row.present and row.role in absent:
                yield f"role {row.role} is declared absent, and a parent in roles of {spec.name}: keep one of the two"
        if not spec.present and spec.successor and spec.successor.name in absent:
            yield f"role {spec.name}: reassign_to names {spec.successor.name}, which is declared absent: name another"


def positive(value: Optional[int], option: str, least: int) -> Optional[int]:
    """Give a number that isn't too small."""
    if value is not None and not least <= value < 2**31:
        raise InputError(f"{option} is {value}; give {least} or more")
    return value


def part_of(spec: RoleSpec, part: str) -> bool:
    """Tell whether an item has the part that can be done later."""
    return not spec.present if part == "absent" else spec.present and spec.database_parameters is not None


def selected(specs: list[RoleSpec], defer: Any, only: Any) -> list[RoleSpec]:
    """Leave out what is deferred, or everything but what is asked for."""
    if defer and only:
        raise InputError("defer and only are both given: one call leaves parts out, a later one does just those")
    if only:
        return [bare(spec) for spec in specs if any(part_of(spec, part) for part in only)]
    kept = [spec for spec in specs if spec.present or "absent" not in defer]
    return [replace(spec, database_parameters=None) for spec in kept] if "database_parameters" in defer else kept


def bare(spec: RoleSpec) -> RoleSpec:
    """Keep of an item what can be done later."""
    kept = RoleSpec(spec.name, spec.present, database_parameters=spec.database_parameters)
    return replace(kept, successor=spec.successor, terminate=spec.terminate)
