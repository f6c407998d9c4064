# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode may take for granted, because earlier tasks would have made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .acl import PUBLIC, canonical_privilege
from .quoting import is_public


@dataclass(frozen=True)
class AssumedRole:
    """A role as earlier tasks will have made it; None means as it is.

    It will be a member of ``roles``, of those that it is in but for ``revoked_roles``, and if ``roles_exact``, of no
    others.
    """

    name: str
    superuser: Optional[bool] = None
    inherit: Optional[bool] = None
    roles: tuple[str, ...] = ()
    revoked_roles: tuple[str, ...] = ()
    roles_exact: bool = False

    def leaves(self, role: str) -> bool:
        """Tell whether it will no longer be a member of a role."""
        return role in self.revoked_roles or (self.roles_exact and role not in self.roles)


@dataclass(frozen=True)
class AssumedPrivilege:
    """A privilege on a schema that earlier tasks will have given or taken; the grantee '' is PUBLIC."""

    schema: str
    grantee: str
    privilege: str
    present: bool = True


@dataclass(frozen=True)
class AssumedDatabase:
    """A database as earlier tasks will have made it; None means as it is."""

    name: str
    owner: Optional[str] = None
    template: Optional[str] = None
    schemas: tuple[str, ...] = ()
    schema_privileges: tuple[AssumedPrivilege, ...] = ()
    allowconn: Optional[bool] = None


@dataclass(frozen=True)
class Assume:
    """What the caller says will be there; without effect (``roles`` and ``databases`` empty) outside of check mode.

    ``anything`` is true in check mode when the caller says nothing: then every missing name is assumed; ``check`` is
    true in check mode; ``gone`` are databases that will be there no more.
    """

    roles: tuple[AssumedRole, ...] = ()
    databases: tuple[AssumedDatabase, ...] = ()
    anything: bool = False
    check: bool = False
    gone: frozenset[str] = frozenset()

    def missing(self, what: str, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Judge names that aren't there: give problems, and warnings for those that are assumed."""
        found = sorted(set(names))
        if not found:
            return (), ()
        listed = ", ".join(found)
        if self.anything:
            return (), (f"check mode assumes that these exist, for the caller gave no 'assume': {what} {listed}",)
        return (f"no such {what}: {listed}; declare it in an earlier task, or correct the name",), ()


def parse_assume(value: Optional[Mapping[str, Any]], check: bool) -> Assume:
    """Read the option ``assume``; outside of check mode it has no effect."""
    if not check or value is None:
        return Assume(anything=check, check=check)
    databases = value["databases"] or ()
    return Assume(
        tuple(assumed_role(item) for item in value["roles"] or ()),
        tuple(assumed_database(item) for item in databases if item.get("state") != "absent"),
        check=True,
        gone=frozenset(item["name"] for item in databases if item.get("state") == "absent"),
    )


def assumed_role(item: Mapping[str, Any]) -> AssumedRole:
    """Read what a role will be."""
    return AssumedRole(
        item["name"],
        item["superuser"],
        item["inherit"],
        tuple(item["roles"] or ()),
        tuple(item.get("revoked_roles") or ()),
        bool(item.get("roles_exact")),
    )


def assumed_database(item: Mapping[str, Any]) -> AssumedDatabase:
    """Read what a database will be."""
    return AssumedDatabase(
        item["name"],
        item["owner"],
        item["template"],
        tuple(item["schemas"] or ()),
        tuple(one for given in item["schema_privileges"] or () for one in assumed_privileges(given)),
        item.get("allowconn"),
    )


def assumed_privileges(item: Mapping[str, Any]) -> Iterator[AssumedPrivilege]:
    """Read what one role will have, or have no longer, on one schema."""
    grantee = PUBLIC if is_public(item["role"]) else item["role"]
    for privilege in item["privs"]:
        yield AssumedPrivilege(item["schema"], grantee, canonical_privilege(privilege), item["state"] != "absent")
