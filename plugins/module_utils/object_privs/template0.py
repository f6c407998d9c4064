# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foresee what a database from template0, which nobody can enter, will have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from ..connection import Server
from ..insides.inspect import built_in as built_in_of
from ..object_rules.model import IN_SCHEMA, ObjectName, ObjectRule
from .foreseen import as_assumed
from .inspect import no_such
from .looking import Looking
from .model import PUBLIC_SCHEMA, SCHEMA, Objects, Shape

SYSTEM = ("pg_catalog", "information_schema")


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
    shapes = tuple(as_assumed(shape, looking.assumed_privileges)) if scoped or rules else ()
    return Objects(server, shapes, tuple(not_there(looking)))


def not_there(looking: Looking) -> Iterator[str]:
    """Name what rules name and a database from template0 doesn't have: nothing is in it but what is PostgreSQL's."""
    made = looking.assumed | {(SCHEMA, PUBLIC_SCHEMA)}
    for rule in looking.rules:
        for one in rule.objects if rule.object_class in {*IN_SCHEMA, SCHEMA} else ():
            if one.schema not in SYSTEM and (rule.object_class, one.name) not in made:
                yield f"'{rule.source}': {no_such(rule, one, 0, None, ())}"


def reaches_public(rule: ObjectRule, scoped: bool) -> bool:
    """Tell whether a rule is about the schema public."""
    if rule.object_class != SCHEMA or rule.objects:
        return rule.object_class == SCHEMA and ObjectName(PUBLIC_SCHEMA) in rule.objects
    fits = not rule.patterns or any(fnmatchcase(PUBLIC_SCHEMA, one.name) for one in rule.patterns)
    left_out = any(fnmatchcase(PUBLIC_SCHEMA, one.name) for one in rule.exceptions)
    return scoped and fits and not left_out and (not rule.schemas or PUBLIC_SCHEMA in rule.schemas)
