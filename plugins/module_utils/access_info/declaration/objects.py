# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare privileges on objects: rules for all objects of a schema where they say the same, else lists of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...acl import LETTERS, OBJECT_CLASSES, PUBLIC
from ...object_rules.model import ObjectName, ObjectRule
from ...object_rules.render import as_item
from ..model import AccessObject, Found, InsideFound
from .compact import Held, whole_schemas
from .words import Atom, in_order, merged_by

ORDER = (
    "SCHEMA",
    "TABLE",
    "SEQUENCE",
    "FUNCTION",
    "TYPE",
    "LANGUAGE",
    "FOREIGN DATA WRAPPER",
    "FOREIGN SERVER",
    "LARGE OBJECT",
    "TABLESPACE",
    "PARAMETER",
)
NAMES_IN_A_RULE = 200
# An atom has five parts that are the same for all that is merged (class, state, option, whether it names objects and
# whether it names columns), and then those that are merged.
TARGETS, COLUMNS, PRIVILEGES, GRANTEES, DATABASES = 5, 6, 7, 8, 9


def object_items(found: Found) -> list[Any]:
    """Give the rules; what is the same in several databases, for several grantees or objects is one."""
    atoms = [atom for name, inside in found.insides.items() for atom in inside_atoms(name, inside)]
    atoms += [atom for one in found.cluster.shared if one.object_class in ORDER for atom in named_atoms(one, ())]
    rules = merged_by(atoms, (DATABASES, COLUMNS, PRIVILEGES, TARGETS, GRANTEES))
    order = sorted(rules, key=lambda rule: (rule[DATABASES], rule))
    return [as_item(rule) for atom in order for rule in rules_of(atom)]


def inside_atoms(database: str, inside: InsideFound) -> Iterator[Atom]:
    """Give the entries in a database: those that all objects of a schema have once, the others one by one."""
    whole = whole_schemas(inside.objects, held_by)
    for (object_class, schema), common in whole.items():
        for state, grantee, privilege, option in common:
            yield atom(object_class, (state, option), (schema, ""), (grantee, privilege), (database,))
    for one in inside.objects:
        covered = frozenset() if is_spared(one) else whole.get((one.object_class, one.schema), frozenset())
        yield from (
            found
            for found in named_atoms(one, (database,))
            if found[4] or (found[1], found[8][0], found[7][0], found[2]) not in covered
        )


def is_spared(one: AccessObject) -> bool:
    """Tell whether only a rule that names the object reaches it."""
    return one.aside or one.definer


def named_atoms(one: AccessObject, databases: tuple[str, ...]) -> Iterator[Atom]:
    """Give an object's entries as rules that name it."""
    if is_multirange(one):
        return
    name = ObjectName(one.name, one.schema, one.arguments)
    for (column, grantee, privilege), option in held_by(one).items():
        if grantee != one.owner and is_declared(one, column, grantee, privilege):
            yield atom(one.object_class, ("present", option), (name, column), (grantee, privilege), databases)
    for privilege in taken_from_public(one):
        yield atom(one.object_class, ("absent", False), (name, ""), (PUBLIC, privilege), databases)


def held_by(one: AccessObject) -> Held:
    """Give what grantees have by any grantor, with the grant option; of what was there initially, nothing."""
    found: dict[tuple[str, str, str], bool] = {}
    for entry in one.entries:
        if not (entry.initial and keeps_initial(one)):
            key = (entry.column, entry.grantee, entry.privilege)
            found[key] = found.get(key, False) or entry.grantable
    return found


def keeps_initial(one: AccessObject) -> bool:
    """Tell whether an object's first ACL is PostgreSQL's or an extension's affair; languages are anybody's."""
    return one.aside and one.object_class != "LANGUAGE"


def is_declared(one: AccessObject, column: str, grantee: str, privilege: str) -> bool:
    """Tell whether an entry needs a rule: what is built in doesn't, and columns of sequences can't have one."""
    if column:
        return one.object_class == "TABLE"
    return keeps_initial(one) or not (grantee == PUBLIC and privilege in built_in(one.object_class))


def taken_from_public(one: AccessObject) -> list[str]:
    """Give what PUBLIC has from the beginning on such an object, and not on this one."""
    if keeps_initial(one):
        return []
    held, first = held_by(one), built_in(one.object_class)
    first += ["USAGE"] if (one.object_class, one.name) == ("SCHEMA", "public") else []
    return [privilege for privilege in first if ("", PUBLIC, privilege) not in held]


def built_in(object_class: str) -> list[str]:
    """Give the privileges that PUBLIC has by itself."""
    return [LETTERS[letter] for letter in OBJECT_CLASSES[object_class].public]


def atom(
    object_class: str,
    how: tuple[str, bool],
    where: tuple[Any, str],
    what: tuple[str, str],
    databases: tuple[str, ...],
) -> Atom:
    """Give one entry as a rule of its own; its target is an object or a schema."""
    (target, column), (grantee, privilege) = where, what
    fixed = (ORDER.index(object_class), *how, isinstance(target, ObjectName), bool(column))
    return (*fixed, (target,), (column,), (privilege,), (grantee,), databases)


def rules_of(found: Atom) -> Iterator[ObjectRule]:
    """Give the rules for an atom; long lists of names are parted."""
    place, state, option, named, with_columns, targets, columns, privileges, grantees, databases = found
    for part in parts(targets):
        yield ObjectRule(
            state,
            in_order(privileges, ORDER[place]),
            ORDER[place],
            grantees,
            objects=part if named else (),
            schemas=() if named else part,
            columns=columns if with_columns else (),
            grant_option=option or None,
            databases=databases or None,
        )


def parts(targets: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Cut a list of names into pieces that a person can read."""
    for start in range(0, len(targets), NAMES_IN_A_RULE):
        yield targets[start : start + NAMES_IN_A_RULE]


def objects_left_out(insides: Mapping[str, InsideFound]) -> Iterator[str]:
    """Say which entries have no rule."""
    for database, inside in insides.items():
        for one in inside.objects:
            if has_column_acl(one):
                yield f"database {database}: sequence {one.schema}.{one.name}: privileges on its columns have no rule"
            if is_multirange(one):
                yield f"database {database}: type {one.schema}.{one.name}: privileges on multiranges have no rule"


def has_column_acl(one: AccessObject) -> bool:
    """Tell whether this is a sequence whose columns have ACLs, which PostgreSQL allows."""
    return one.object_class == "SEQUENCE" and any(entry.column for entry in one.entries)


def is_multirange(one: AccessObject) -> bool:
    """Tell whether this is a multirange, which PostgreSQL 14 to 16 let have an ACL, and from 17 on don't."""
    return one.object_class == "TYPE" and one.kind == "m"
