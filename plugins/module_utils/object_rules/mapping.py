# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read rules about objects from a dict; names in it are literal, or patterns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import InputError
from ..quoting import fold
from ..rules.values import grantees_of, known_items, names_of, privileges_of, shown, state_and_option, texts_of
from .classes import IN_DICT, WHOLE_CLASS, Meant, check_privilege
from .model import IN_SCHEMA, SHARED, ObjectName, ObjectRule
from .names import Listed, read_exception, read_item
from .render import describe
from .target import DEFAULT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_KEYS = {"tables": "TABLE", "sequences": "SEQUENCE", "functions": "FUNCTION", "types": "TYPE", "objects": ""}
"""The keys for lists of names, with the class that each is for; '' is for the one that ``on`` says."""
KEYS = ("privs", "on", "to", *NAME_KEYS, "schemas", "except", "columns", "databases", "grant_option", "state")


def parse_mapping(value: Mapping[object, object], where: str) -> tuple[ObjectRule, ...]:
    """Return the rules that a dict declares, names before patterns; a key that is null counts as absent."""
    items = known_items(value, where, KEYS, ("privs", "to"))
    key = _names_key(items, where)
    object_class, kinds = _meant(items, key, where)
    listed = _listed(items[key], object_class, f"{where}.{key}") if key else ()
    _check_keys(items, object_class, listed, where)
    state, option = state_and_option(items, where)
    rule = ObjectRule(
        state,
        _privileges(items, object_class, where),
        object_class,
        grantees_of(items["to"], f"{where}.to", option),
        kinds=kinds,
        grant_option=option,
        databases=databases_of(items, object_class, where),
    )
    schemas = names_of(items["schemas"], f"{where}.schemas") if "schemas" in items else ()
    rules = (*_by_name(rule, items, listed, schemas, where), *_for_many(rule, items, listed, schemas, where))
    return tuple(replace(found, source=describe(found)) for found in rules)


def databases_of(items: Mapping[str, object], object_class: str, where: str) -> tuple[str, ...] | None:
    """Return the databases that a rule is limited to, None if it isn't."""
    if "databases" not in items:
        return None
    if object_class in SHARED:
        raise InputError(f"{where}.databases: a {object_class} belongs to the cluster: leave them out")
    if items["databases"] == "all":
        raise InputError(f"{where}.databases: leave them out for all that are worked on, or give a list of names")
    return names_of(items["databases"], f"{where}.databases")


def _names_key(items: Mapping[str, object], where: str) -> str:
    """Return the key under which names are listed, '' if there is none."""
    found = [key for key in NAME_KEYS if key in items]
    if len(found) > 1:
        raise InputError(f"{where}: {' and '.join(found)} can't stand in one rule: make a rule of each")
    return found[0] if found else ""


def _meant(items: Mapping[str, object], key: str, where: str) -> Meant:
    """Return the class that the rule is about, which ``on`` or the key of the names says."""
    of_key = NAME_KEYS.get(key, "")
    if "on" not in items:
        if of_key:
            return of_key, ""
        raise InputError(f"{where}: missing on")
    value = items["on"]
    meant = IN_DICT.get(fold(" ".join(value.split()))) if isinstance(value, str) else None
    if meant is None:
        words = ", ".join(word.upper() for word in IN_DICT if not word.endswith("s"))
        raise InputError(f"{where}.on: must be one of {words}, not {shown(value)}")
    if of_key not in ("", meant[0]):
        raise InputError(f"{where}.on: is {meant[0]}, and {key} are of class {of_key}: leave on out, or use objects")
    return meant


def _listed(value: object, object_class: str, where: str) -> tuple[Listed, ...]:
    """Return the names and patterns of a list, each once; a large object's number needs no quotes."""
    items = [value] if isinstance(value, (str, int)) else value
    if object_class == "LARGE OBJECT" and isinstance(items, (list, tuple)):
        items = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in items]
    return tuple(dict.fromkeys(read_item(text, object_class, where) for text in texts_of(items, where)))


def _check_keys(items: Mapping[str, object], object_class: str, listed: tuple[Listed, ...], where: str) -> None:
    """Refuse keys that have no meaning beside the others."""
    only_names = bool(listed) and not any(item.pattern for item in listed)
    if not listed and object_class not in WHOLE_CLASS:
        raise InputError(f"{where}: missing objects: on {object_class}, name them or give a pattern")
    if "schemas" in items and object_class not in IN_SCHEMA:
        raise InputError(f"{where}.schemas: can't be given with {object_class}: leave them out")
    if "schemas" in items and listed and all(item.name.schema for item in listed):
        raise InputError(f"{where}.schemas: every name has a schema of its own: leave schemas out")
    if "except" in items and only_names:
        raise InputError(
            f"{where}.except: goes with patterns, schemas and whole classes; names only are as they are listed"
        )
    if "columns" in items and not (only_names and object_class == "TABLE"):
        raise InputError(f"{where}.columns: go with tables that are named one by one, under tables")


def _privileges(items: Mapping[str, object], object_class: str, where: str) -> tuple[str, ...]:
    privileges = privileges_of(items["privs"], f"{where}.privs")
    try:
        for name in privileges:
            check_privilege(name, "COLUMN" if "columns" in items else object_class)
    except InputError as error:
        raise InputError(f"{where}.privs: {error.message}") from None
    return privileges


def _by_name(
    rule: ObjectRule, items: Mapping[str, object], listed: tuple[Listed, ...], schemas: tuple[str, ...], where: str
) -> list[ObjectRule]:
    """Return the rule about the objects that are named; one without a schema is meant in each of these."""
    columns = names_of(items["columns"], f"{where}.columns") if "columns" in items else ()
    default = schemas or (DEFAULT_SCHEMA,) if rule.object_class in IN_SCHEMA else ("",)
    names = [item.name for item in listed if not item.pattern]
    objects = tuple(dict.fromkeys(found for name in names for found in _in_schemas(name, default)))
    return [replace(rule, objects=objects, columns=columns)] if objects else []


def _in_schemas(name: ObjectName, schemas: tuple[str, ...]) -> list[ObjectName]:
    return [name] if name.schema else [replace(name, schema=schema) for schema in schemas]


def _for_many(
    rule: ObjectRule, items: Mapping[str, object], listed: tuple[Listed, ...], schemas: tuple[str, ...], where: str
) -> list[ObjectRule]:
    """Return the rules about patterns, schemas or a whole class; a pattern with a schema is only for this one."""
    exceptions = _exceptions(items, rule.object_class, f"{where}.except")
    rule = replace(rule, exceptions=exceptions)
    if not listed:
        return [replace(rule, schemas=schemas)]
    patterns = [item.name for item in listed if item.pattern]
    limited = tuple(name for name in patterns if schemas and not name.schema)
    others = tuple(name for name in patterns if name not in limited)
    found = [replace(rule, patterns=limited, schemas=schemas), replace(rule, patterns=others)]
    return [item for item in found if item.patterns]


def _exceptions(items: Mapping[str, object], object_class: str, where: str) -> tuple[ObjectName, ...]:
    if "except" not in items:
        return ()
    value = items["except"]
    texts = texts_of([value] if isinstance(value, str) else value, where)
    return tuple(dict.fromkeys(read_exception(text, object_class, where) for text in texts))
