# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database's item says about its ACL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ..acl import PUBLIC, expand
from ..databases.model import DatabaseSpec
from ..privileges.model import Privilege, Privileges, Wanted, by_object, initial, moved
from ..privileges.plan import Excess, resolve_privileges
from .model import Isolation, IsolationState, System

CONNECT, TEMPORARY, CREATE = "CONNECT", "TEMPORARY", "CREATE"
BUILT_IN = frozenset({(PUBLIC, CONNECT), (PUBLIC, TEMPORARY)})


@dataclass(frozen=True)
class Place:
    """Where privileges are granted: the database's owner, whose grants this session makes, the server's version."""

    owner: str
    grantor: str
    version: int


Entry = tuple[tuple[str, str], Optional[bool]]


def resolve_acl(spec: DatabaseSpec, declared: Isolation, current: Privileges, place: Place) -> Privileges:
    """Give a database's ACL as declared."""
    wanted = wanted_entries(spec, declared.system, place.owner, place.version)
    template = Privilege("DATABASE", spec.name, "", "", place.grantor)
    excess = excess_of(spec, wanted, place.owner, declared.exact)
    return resolve_privileges(current, wanted, excess, template, place.owner, declared.exact)


def wanted_entries(spec: DatabaseSpec, system: System, owner: str, version: int) -> Wanted:
    """Give every entry that a declared key gives; two keys that give the same add up."""
    found: dict[tuple[str, str], Optional[bool]] = {}
    for what, option in entries(spec, system, owner, version):
        found[what] = max((found.get(what), option), key=lambda value: (value is True, value is not None))
    return found


def entries(spec: DatabaseSpec, system: System, owner: str, version: int) -> Iterator[Entry]:
    """Go through the keys: isolation, then CREATE, then what is granted by name."""
    if spec.revokeconn is True:
        yield from let_in(system, owner)
    if spec.revokeconn is False:
        yield (PUBLIC, CONNECT), None
    if spec.revoketemp is False:
        yield (PUBLIC, TEMPORARY), None
    if spec.revoke_create and system.admin_role:
        yield (system.admin_role, CREATE), None
    yield from (((name, CONNECT), None) for name in spec.connect or ())
    for grant in spec.grants or ():
        yield from (((grant.role, name), grant.grant_option) for name in expand(grant.privileges, "DATABASE", version))


def let_in(system: System, owner: str) -> Iterator[Entry]:
    """Give who comes into an isolated database in any case; administrator and owner may let others in."""
    yield from (((name, CONNECT), None) for name in (system.replication, system.monitor) if name)
    yield from (((name, CONNECT), True) for name in (system.admin, owner) if name)


def excess_of(spec: DatabaseSpec, wanted: Wanted, owner: str, exact: bool) -> Excess:
    """Tell which entries go: what a declared key takes away, and in exact mode what no declared key gives."""
    taken = frozenset(taken_away(spec))
    closed = exact_privileges(spec) if exact else frozenset()
    listed = spec.connect is not None and spec.revokeconn is True

    def excess(entry: Privilege) -> bool:
        if entry.grantee == owner or entry.what() in wanted:
            return False
        if entry.what() in taken or (listed and entry.privilege == CONNECT):
            return True
        return entry.privilege in closed and entry.what() not in BUILT_IN

    return excess


def taken_away(spec: DatabaseSpec) -> Iterator[tuple[str, str]]:
    """Give the entries that a declared key takes away in every mode."""
    if spec.revokeconn is True:
        yield (PUBLIC, CONNECT)
    if spec.revoketemp is True:
        yield (PUBLIC, TEMPORARY)
    if spec.revoke_create:
        yield (PUBLIC, CREATE)
    yield from ((name, CONNECT) for name in spec.deny_connect)


def exact_privileges(spec: DatabaseSpec) -> frozenset[str]:
    """Give the privileges whose direct entries are all declared."""
    if spec.grants is not None:
        return frozenset({CONNECT, TEMPORARY, CREATE})
    pairs = ((spec.revokeconn, CONNECT), (spec.revoketemp, TEMPORARY), (spec.revoke_create or None, CREATE))
    return frozenset(privilege for key, privilege in pairs if key is not None)


def baseline(before: IsolationState, after: IsolationState) -> Privileges:
    """Give the ACLs that are there once owners have changed and databases have been created, and nothing else."""
    by_name = by_object(before.privileges)
    found: list[Privileges] = []
    for name, database in after.databases.items():
        if name not in before.databases:
            found.append(initial("DATABASE", name, database.owner, after.server.version))
        elif name in by_name:
            found.append(moved(by_name[name], before.databases[name].owner, database.owner))
    return frozenset().union(*found)
