# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACLs of schemas: what rules give on declared schemas, and what closing public means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Optional

from ..acl import PUBLIC, expand
from ..privileges.acting import Actor
from ..privileges.model import Privilege, Privileges, Wanted, by_object, initial, moved
from ..privileges.plan import resolve_privileges
from ..rules.model import Rule
from .inspect import OWNED_FROM, PUBLIC_SCHEMA
from .model import Inside, InsideState

USAGE, CREATE = "USAGE", "CREATE"
What = tuple[str, str]


def baseline(before: InsideState, after: InsideState) -> Privileges:
    """Give the schemas' ACLs once they are created or have their new owners."""
    groups = by_object(before.privileges)
    kept = [moved(groups[name], before.schemas[name], after.schemas[name]) for name in groups if name in after.schemas]
    born = [newborn(name, after) for name in after.schemas if name not in before.schemas]
    return frozenset().union(*kept, *born)


def newborn(name: str, state: InsideState) -> Privileges:
    """Give a new schema's ACL: its owner's default privileges, or what a NULL ACL means."""
    owner = state.schemas[name]
    given = frozenset(replace(entry, object=name) for entry in state.given.get(owner, ()))
    return given or initial("SCHEMA", name, owner, state.server.version)


def planned_privileges(inside: Inside, before: InsideState, after: InsideState, actor: Actor) -> Privileges:
    """Give the ACLs of the declared schemas and of public as they are to be."""
    entries = by_object(baseline(before, after))
    for name in sorted({*inside.names(), PUBLIC_SCHEMA} & set(after.schemas)):
        entries[name] = one_schema(inside, name, after, entries.get(name, frozenset()), actor)
    return frozenset().union(*entries.values())


def one_schema(inside: Inside, name: str, state: InsideState, current: Privileges, actor: Actor) -> Privileges:
    """Give one schema's ACL: what the rules give and take, and what closing public means."""
    owner = state.schemas[name]
    rules = (inside.schema_rules or ()) if name in inside.names() else ()
    wanted, taken = granted(rules, state.server.version), revoked(rules, state.server.version)
    current = frozenset(replace(e, grantable=e.grantable and e.what() not in taken[True]) for e in current)
    gone = taken[False] - set(wanted)
    if name == PUBLIC_SCHEMA and inside.close_public:
        wanted.update(opened_for(inside, owner, state.server.version, wanted))
        gone |= {(PUBLIC, CREATE)}
    closed = inside.exact and inside.schema_rules is not None and name in inside.names()
    kept = {(PUBLIC, USAGE)} if name == PUBLIC_SCHEMA else set()

    def excess(entry: Privilege) -> bool:
        return entry.grantee != owner and (entry.what() in gone or (closed and entry.what() not in kept))

    template = Privilege("SCHEMA", name, "", "", actor.grants_as(owner))
    return resolve_privileges(current, wanted, excess, template, owner, closed)


def granted(rules: Iterable[Rule], version: int) -> dict[What, Optional[bool]]:
    """Give what rules of class SCHEMAS grant on a schema."""
    wanted: dict[What, Optional[bool]] = {}
    for rule in rules:
        if rule.state == "present":
            wanted.update({what: wanted.get(what) or rule.grant_option for what in what_of(rule, version)})
    return wanted


def revoked(rules: Iterable[Rule], version: int) -> dict[bool, set[What]]:
    """Give what rules take away: of which the grant option only, and of which all."""
    found: dict[bool, set[What]] = {True: set(), False: set()}
    for rule in rules:
        if rule.state == "absent":
            found[rule.option_only].update(what_of(rule, version))
    return found


def what_of(rule: Rule, version: int) -> list[What]:
    """Give a rule's grantees and privileges one by one."""
    return [(grantee, name) for grantee in rule.grantees for name in expand(rule.privileges, "SCHEMA", version)]


def opened_for(inside: Inside, owner: str, version: int, wanted: Wanted) -> Iterator[tuple[What, Optional[bool]]]:
    """Give who may create in public when PUBLIC may not: the admin role, and to 14 the database's owner."""
    entries = [(inside.admin_role, CREATE)] if inside.admin_role else []
    if version < OWNED_FROM and inside.owner != owner:
        entries += [(inside.owner, CREATE), (inside.owner, USAGE)]
    yield from ((entry, wanted.get(entry)) for entry in entries)
