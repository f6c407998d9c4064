# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foresee in check mode: what a database without a template has, and what earlier tasks give and take on schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from ..assume import AssumedPrivilege
from ..connection import Server
from ..insides.inspect import built_in as built_in_of
from ..object_rules.model import ObjectName, ObjectRule
from ..privileges.model import Privilege
from .looking import Looking
from .model import PUBLIC_SCHEMA, SCHEMA, Objects, Shape


def from_template0(looking: Looking, server: Server) -> Objects:
    """Give what a database from template0 will have that rules for many reach: the schema public."""
    inside, scope = built_in_of(server), looking.scope
    owner = inside.schemas[PUBLIC_SCHEMA]
    scoped = PUBLIC_SCHEMA not in scope.excepted and all(
        wanted is None or name in wanted for name, wanted in ((owner, scope.owners), (PUBLIC_SCHEMA, scope.schemas))
    )
    rules = tuple(number for number, rule in enumerate(looking.rules) if reaches_public(rule, scoped))
    entries = frozenset(replace(entry, object="") for entry in inside.privileges if entry.object == PUBLIC_SCHEMA)
    shape = Shape(SCHEMA, (PUBLIC_SCHEMA,), owner, entries, rules, scoped)
    return Objects(server, tuple(as_assumed(shape, looking.assumed_privileges)) if scoped or rules else ())


def reaches_public(rule: ObjectRule, scoped: bool) -> bool:
    """Tell whether a rule is about the schema public."""
    if rule.object_class != SCHEMA or rule.objects:
        return rule.object_class == SCHEMA and ObjectName(PUBLIC_SCHEMA) in rule.objects
    fits = not rule.patterns or any(fnmatchcase(PUBLIC_SCHEMA, one.name) for one in rule.patterns)
    left_out = any(fnmatchcase(PUBLIC_SCHEMA, one.name) for one in rule.exceptions)
    return scoped and fits and not left_out and (not rule.schemas or PUBLIC_SCHEMA in rule.schemas)


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
