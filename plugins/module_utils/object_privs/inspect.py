# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from the server which objects aren't as declared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..connection import Connection
from ..encoding import refuse_unstorable
from ..errors import InputError, ServerError
from ..object_rules.model import IN_SCHEMA, ObjectName, ObjectRule
from ..privileges.model import Privilege, Privileges
from .foreseen import as_assumed
from .looking import Looking
from .model import COLUMN, PUBLIC_SCHEMA, SCHEMA, Objects, Shape
from .objects import INSIDE_OBJECTS, PARAMETERS, SHARED_OBJECTS
from .queries import DEVIATIONS, NAMED, RULES, SHAPES
from .usage import in_vain

PARAMETERS_SINCE = 150000
SCHEMAS = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(names)s::text[])"


def read_objects(connection: Connection, looking: Looking) -> Objects:
    """Read the shapes that deviate from what is looked for, and the names in rules that stand for nothing."""
    refuse_unstorable(connection, looking.names(), looking.roles())
    objects = INSIDE_OBJECTS if looking.database else SHARED_OBJECTS
    if not looking.database and connection.server.version >= PARAMETERS_SINCE:
        objects += PARAMETERS
    rules = RULES.replace("{objects}", objects)
    values = payload(looking)
    problems, warnings = missing(connection, looking, rules, values)
    deviations = rules + SHAPES + DEVIATIONS
    rows = connection.rows(deviations, **values, **scope_values(looking)) if looking.any() else []
    found = (one for row in rows for one in as_assumed(shape_of(*row), looking.assumed_privileges))
    shapes = tuple(sorted(found, key=Shape.key))
    return Objects(connection.server, shapes, tuple(problems), (*warnings, *in_vain(connection, looking)))


def ask(connection: Connection, question: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Ask a question about names in rules; the server's complaint about a type's name is the rule's error."""
    try:
        return connection.rows(question, **values)
    except ServerError as error:
        if error.sqlstate in ("42601", "42704", "3F000"):
            raise InputError(f"a rule names a routine by a type that can't be read: {error.message}") from None
        raise


def payload(looking: Looking) -> dict[str, str]:
    """Give the rules as the query takes them."""
    numbered = list(enumerate(looking.rules))
    return {
        "rules": text_of([broad(number, rule) for number, rule in numbered if not rule.objects]),
        "named": text_of([one for number, rule in numbered for one in by_name(number, rule)]),
        "wanted": text_of(
            [
                {
                    "no": entry.rule,
                    "level": entry.level,
                    "col": entry.column,
                    "grantee": entry.grantee,
                    "privilege": entry.privilege,
                    "present": entry.present,
                    "soft": entry.soft,
                    "narrowed": entry.narrowed,
                    "option": entry.option,
                }
                for entry in looking.entries
            ]
        ),
    }


def text_of(value: Any) -> str:
    """Give JSON as the server takes it, in its own encoding: escapes can't be read back in every one."""
    return json.dumps(value, ensure_ascii=False)


def scope_values(looking: Looking) -> dict[str, Any]:
    """Give what narrows the scope as the query takes it."""
    scope = looking.scope
    return {
        "owners": None if scope.owners is None else list(scope.owners),
        "schemas": None if scope.schemas is None else list(scope.schemas),
        "excepted": list(scope.excepted),
        "grantees": None if scope.grantees is None else sorted(scope.grantees),
        "exact": looking.seeks_excess,
        "database_owner": looking.database_owner,
        "me": "" if looking.actor.superuser else looking.actor.name,
    }


def broad(number: int, rule: ObjectRule) -> dict[str, Any]:
    """Give a rule for many objects as the query takes it."""
    return {
        "no": number,
        "class": rule.object_class,
        "kinds": rule.kinds,
        "schemas": rule.schemas,
        "pattern_schemas": [like(one.schema) for one in rule.patterns],
        "pattern_names": [like(one.name) for one in rule.patterns],
        "except_schemas": [like(one.schema) for one in rule.exceptions],
        "except_names": [like(one.name) for one in rule.exceptions],
    }


def by_name(number: int, rule: ObjectRule) -> list[dict[str, Any]]:
    """Give the objects that a rule names as the query takes them."""
    return [
        {
            "no": number,
            "place": place,
            "class": rule.object_class,
            "schema": one.schema,
            "name": one.name,
            "kinds": rule.kinds,
            "types": one.arguments,
            "columns": rule.columns,
        }
        for place, one in enumerate(rule.objects)
    ]


def like(pattern: str) -> str:
    """Give a pattern with ``*`` and ``?`` as LIKE takes it."""
    return re.sub(r"[\\%_]", r"\\\g<0>", pattern).replace("*", "%").replace("?", "_")


def missing(
    connection: Connection, looking: Looking, rules: str, values: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Say which names in rules stand for no object, or for several: problems, and warnings."""
    problems: list[str] = []
    warnings: list[str] = []
    named = [rule for rule in looking.rules if rule.objects]
    for number, place, count, untyped, columns in ask(connection, rules + NAMED, values) if named else []:
        rule = looking.rules[number]
        one = rule.objects[place]
        text = f"'{rule.source}': {no_such(rule, one, count, untyped, columns)}"
        if count == 0 and (rule.object_class, one.name) in looking.assumed:
            warnings.append(f"{text}; an earlier task makes it, and what it needs is planned then")
        elif (count != 1 or columns) and not dropped_public(rule, one):
            problems.append(text)
    return [*problems, *no_schemas(connection, looking)], warnings


def dropped_public(rule: ObjectRule, one: ObjectName) -> bool:
    """Tell whether a rule is about the schema public, which somebody may have dropped for good."""
    return rule.object_class == SCHEMA and one.name == PUBLIC_SCHEMA


def no_such(rule: ObjectRule, one: ObjectName, count: int, untyped: Any, columns: Sequence[str]) -> str:
    """Say what is wrong with one name."""
    shown = in_words(rule, one)
    if count > 1:
        return f"there are {count} of {shown}: write the types of the arguments, as in {one.name}(integer)"
    if untyped:
        return f"no type {(one.arguments or ())[untyped - 1]}: write its schema before it"
    if columns:
        return f"{shown} has no column {', '.join(columns)}: correct the name"
    return f"no such {shown}: make it first, or correct the name"


def in_words(rule: ObjectRule, one: ObjectName) -> str:
    """Give a named object in words."""
    place = f"{one.schema}.{one.name}" if rule.object_class in IN_SCHEMA else one.name
    arguments = "" if one.arguments is None else f"({', '.join(one.arguments)})"
    return f"{rule.object_class.lower()} {place}{arguments}"


def no_schemas(connection: Connection, looking: Looking) -> Iterable[str]:
    """Name the schemas of rules IN SCHEMA that aren't there."""
    wanted = {name for rule in looking.rules for name in rule.schemas}
    if not wanted:
        return []
    there = {name for (name,) in connection.rows(SCHEMAS, names=sorted(wanted))}
    made = {name for kind, name in looking.assumed if kind == "SCHEMA"}
    return [f"no such schema: {name}; make it first, or correct the name" for name in sorted(wanted - there - made)]


def shape_of(object_class: str, objects: list[str], owner: str, entries: Any, *reach: Any) -> Shape:
    """Give a shape from its row."""
    rules, scoped, aside, barred = reach
    names, numbers = tuple(sorted(objects)), tuple(sorted(rules))
    barred = frozenset((grantor, schema) for grantor, schema in barred or ())
    return Shape(object_class, names, owner, acl(object_class, entries), numbers, scoped, aside, barred)


def acl(object_class: str, entries: Any) -> Privileges:
    """Give the entries of a shape; those of columns are of a class of their own."""
    return frozenset(
        Privilege(COLUMN if column else object_class, column, grantee, privilege, grantor, grantable)
        for column, grantee, privilege, grantor, grantable in entries or ()
    )
