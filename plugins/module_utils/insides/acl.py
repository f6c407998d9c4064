# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACLs of schemas: what rules give on declared schemas, and what closing public means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import PUBLIC
from ..default_privs.wanted import wanted_of
from ..errors import raise_problems
from ..privileges.acting import Actor
from ..privileges.model import Privilege, Privileges, Wanted, by_object, initial, moved
from ..privileges.plan import resolve_privileges
from ..rules.model import Rule
from .inspect import OWNED_FROM, PUBLIC_SCHEMA
from .model import Inside, InsideState

USAGE, CREATE = "USAGE", "CREATE"
What = tuple[str, str]


def baseline(before: InsideState, after: InsideState) -> Privileges:
    """Give the schemas' ACLs once they are created or have their new owners.

    The privileges are read after the schemas: those of one that somebody made in between are left to the next plan.
    """
    groups = by_object(before.privileges)
    both = groups.keys() & before.schemas.keys() & after.schemas.keys()
    kept = [moved(groups[name], before.schemas[name], after.schemas[name]) for name in sorted(both)]
    born = [newborn(name, after) for name in after.schemas if name not in before.schemas]
    return frozenset().union(*kept, *born)


def newborn(name: str, state: InsideState) -> Privileges:
    """Give a new schema's ACL: its owner's default privileges, or what a NULL ACL means."""
    owner = state.schemas[name]
    if owner not in state.given:
        return initial("SCHEMA", name, owner, state.server.version)
    return frozenset(replace(entry, object=name) for entry in state.given[owner])


def planned_privileges(inside: Inside, before: InsideState, after: InsideState, actor: Actor) -> Privileges:
    """Give the ACLs of the declared schemas and of public as they are to be."""
    entries = by_object(baseline(before, after))
    for name in sorted({*inside.names(), PUBLIC_SCHEMA} & set(after.schemas)):
        entries[name] = one_schema(inside, name, after, entries.get(name, frozenset()), actor)
    return frozenset().union(*entries.values())


def one_schema(inside: Inside, name: str, state: InsideState, current: Privileges, actor: Actor) -> Privileges:
    """Give one schema's ACL: what the rules give and take, and what closing public means."""
    owner, version = state.schemas[name], state.server.version
    ruled, closing = name in inside.names(), name == PUBLIC_SCHEMA and inside.close_public
    rules = by_rules(inside.schema_rules or () if ruled else (), version)
    wanted = {**rules.grants, **(opened_for(inside, owner, version, rules.grants) if closing else {})}
    gone = {*rules.revokes, *({(PUBLIC, CREATE)} if closing else ())}
    closed = exact_privileges(inside, ruled, closing)
    kept = {(PUBLIC, USAGE)} if name == PUBLIC_SCHEMA else set()

    def excess(entry: Privilege) -> bool:
        undeclared = entry.privilege in closed and entry.what() not in kept
        return entry.grantee != owner and (entry.what() in gone or undeclared)

    current = frozenset(replace(e, grantable=e.grantable and e.what() not in rules.options) for e in current)
    template = Privilege("SCHEMA", name, "", "", actor.grants_as(owner))
    return resolve_privileges(current, wanted, excess, template, owner, bool(closed))


def exact_privileges(inside: Inside, ruled: bool, closing: bool) -> frozenset[str]:
    """Give the privileges whose entries are all declared, in exact mode."""
    if not inside.exact:
        return frozenset()
    if ruled and inside.schema_rules is not None:
        return frozenset({USAGE, CREATE})
    return frozenset({CREATE} if closing else ())


@dataclass(frozen=True)
class ByRules:
    """What rules come to on a schema: grants with their options, what goes, and which options go."""

    grants: Mapping[What, Optional[bool]]
    revokes: frozenset[What]
    options: frozenset[What]


def by_rules(rules: Iterable[Rule], version: int) -> ByRules:
    """Read rules of class SCHEMAS as what holds on a schema that is there; InputError for contradictory ones."""
    wanted, problems = wanted_of(rules, version)
    raise_problems(f"schema_privileges: {text}" for text in problems)
    return ByRules(
        {place[2:]: option for place, option in wanted.grants.items()},
        frozenset(place[2:] for place in wanted.revokes),
        frozenset(place[2:] for place in wanted.options),
    )


def opened_for(inside: Inside, owner: str, version: int, wanted: Wanted) -> dict[What, Optional[bool]]:
    """Give who may create in public when PUBLIC may not: the admin role, and to 14 the database's owner."""
    entries = [(inside.admin_role, CREATE)] if inside.admin_role else []
    if version < OWNED_FROM and inside.owner != owner:
        entries += [(inside.owner, CREATE), (inside.owner, USAGE)]
    return {entry: wanted.get(entry) for entry in entries}
