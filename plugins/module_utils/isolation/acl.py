# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database's item says about its ACL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ..acl import ALL, PUBLIC, expand, grantee_text
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
    exact = declared.mode == "exact"
    excess = excess_of(spec, wanted, place, exact)
    return resolve_privileges(current, wanted, excess, template, place.owner, exact)


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
        names = () if grant.absent else expand(grant.privileges, "DATABASE", version)
        yield from (((grant.role, name), grant.grant_option) for name in names)


def let_in(system: System, owner: str) -> Iterator[Entry]:
    """Give who comes into an isolated database in any case; administrator and owner may let others in."""
    yield from (((name, CONNECT), None) for name in (system.replication, system.monitor) if name)
    yield from (((name, CONNECT), True) for name in (system.admin, owner) if name)


def excess_of(spec: DatabaseSpec, wanted: Wanted, place: Place, exact: bool) -> Excess:
    """Tell which entries go: what a declared key takes away, and in exact mode what no declared key gives."""
    taken = frozenset((*taken_away(spec), *taken_by_name(spec, place.version)))
    closed = exact_privileges(spec) if exact else frozenset()
    listed = spec.connect is not None and spec.revokeconn is True

    def excess(entry: Privilege) -> bool:
        if entry.grantee == place.owner or entry.what() in wanted:
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


def taken_by_name(spec: DatabaseSpec, version: int) -> Iterator[tuple[str, str]]:
    """Give the entries that the item says are absent."""
    for grant in spec.grants or ():
        names = expand(grant.privileges, "DATABASE", version) if grant.absent else ()
        yield from ((grant.role, name) for name in names)


def contradictions(spec: DatabaseSpec, system: System, owner: str, version: int) -> Iterator[str]:
    """Name the privileges that are said to be absent and can't be; ALL spares what is granted, but not the owner's."""
    given = wanted_entries(spec, system, owner, version)
    for grant in spec.grants or ():
        where = f"database {spec.name}: grants: {grantee_text(grant.role)}"
        names = expand(grant.privileges, "DATABASE", version) if grant.absent else ()
        both = [name for name in names if (grant.role, name) in given and grant.privileges != (ALL,)]
        if names and grant.role == owner:
            yield f"{where} owns it, and an owner's own privileges stay: remove the entry, or declare another owner"
        elif both:
            yield f"{where} has {', '.join(both)} by one key, and by another one it is absent: keep one of them"


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
