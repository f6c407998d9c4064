# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare default privileges: rules, each for some creators in some databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...acl import DEFAULT_CLASSES, LETTERS, OBJECT_CLASSES, PUBLIC
from ..model import DefaultAcl, DefaultEntry, InsideFound
from .words import Atom, grantees_text, in_order, merged_by, names_text

# An atom has four parts that are the same for all that is merged (class, state, option, whether it is about schemas),
# and then those that are merged.
SCHEMAS, PRIVILEGES, GRANTEES, CREATORS, DATABASES = 4, 5, 6, 7, 8
CLASSES = tuple(DEFAULT_CLASSES)


def default_items(insides: Mapping[str, InsideFound]) -> list[dict[str, Any]]:
    """Give the rules; what is the same for several creators, databases, privileges or grantees is one."""
    atoms = (atom for name, inside in insides.items() for atom in atoms_of(name, inside.defaults))
    rules = merged_by(atoms, (CREATORS, DATABASES, PRIVILEGES, GRANTEES, SCHEMAS))
    return [item_of(rule) for rule in sorted(rules, key=lambda rule: (rule[DATABASES], rule[CREATORS], rule))]


def atoms_of(database: str, acl: DefaultAcl) -> Iterator[Atom]:
    """Give what deviates from the built-in ACLs; what creators have on their own objects is theirs."""
    for entry in acl.entries:
        place = (entry.grantee, entry.privilege)
        if entry.grantee != entry.creator and (entry.schema or place not in built_in(entry.object_class)):
            yield atom("GRANT", database, entry)
    for creator, object_class in acl.replaced:
        for place in built_in(object_class):
            taken = DefaultEntry(creator, "", object_class, *place, False)
            if taken not in acl.entries:
                yield atom("REVOKE", database, taken)


def built_in(object_class: str) -> list[tuple[str, str]]:
    """Give what PUBLIC has by itself on objects of a class."""
    return [(PUBLIC, LETTERS[letter]) for letter in OBJECT_CLASSES[object_class].public]


def atom(state: str, database: str, entry: DefaultEntry) -> Atom:
    """Give one entry as a rule of its own."""
    return (
        CLASSES.index(entry.object_class),
        state,
        entry.grantable,
        bool(entry.schema),
        (entry.schema,),
        (entry.privilege,),
        (entry.grantee,),
        (entry.creator,),
        (database,),
    )


def item_of(rule: Atom) -> dict[str, Any]:
    """Give a rule as an item of pg_default_privileges."""
    place, state, option, scoped, schemas, privileges, grantees, creators, databases = rule
    where = f"IN SCHEMA {names_text(schemas)} " if scoped else ""
    what = f"{state} {', '.join(in_order(privileges, CLASSES[place]))} ON {CLASSES[place]}"
    whom = f"{'TO' if state == 'GRANT' else 'FROM'} {grantees_text(grantees)}"
    text = f"{where}{what} {whom}{' WITH GRANT OPTION' if option else ''}"
    return {"rule": text, "databases": list(databases), "creators": list(creators)}
