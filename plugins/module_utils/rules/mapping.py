# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a rule of default privileges from a dict; names in it are literal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ..acl import DEFAULT_CLASSES
from ..errors import InputError
from ..quoting import fold
from .model import CLASS_WORDS, GLOBAL_ONLY, Rule, limited, render
from .values import grantees_of, known_items, names_of, privileges_of, shown, state_and_option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMITS = ("databases", "creators")
KEYS = ("privs", "on", "to", "schemas", "grant_option", "state", *LIMITS)
TEXT_KEYS = ("rule", *LIMITS)
_REQUIRED = ("privs", "on", "to")


def parse_mapping(value: Mapping[object, object], where: str) -> Rule:
    """Return the rule that a dict declares; a key that is null counts as absent."""
    items = known_items(value, where, KEYS, _REQUIRED)
    state, option = state_and_option(items, where)
    schemas = names_of(items["schemas"], f"{where}.schemas") if "schemas" in items else ()
    object_class = _object_class(items["on"], f"{where}.on")
    if schemas and object_class in GLOBAL_ONLY:
        raise InputError(f"{where}.schemas: can't be given with {object_class}: leave them out")
    grantees = grantees_of(items["to"], f"{where}.to", option)
    privileges = privileges_of(items["privs"], f"{where}.privs")
    rule = Rule(state, privileges, object_class, grantees, schemas, option)
    return with_limits(dataclasses.replace(rule, source=render(rule)), items, where)


def parse_limited(value: Mapping[object, object], where: str, parse: Callable[[str, str], Rule]) -> Rule:
    """Return the rule of a dict that holds it as text, beside what limits it."""
    items = known_items(value, where, TEXT_KEYS, ("rule",))
    text = items["rule"]
    if not isinstance(text, str):
        raise InputError(f"{where}.rule: must be a text, not {shown(text)}")
    return with_limits(parse(text, f"{where}.rule"), items, where)


def with_limits(rule: Rule, items: Mapping[str, object], where: str) -> Rule:
    """Return the rule, limited to the databases and to the creators that the items name."""
    databases, creators = (names_of(items[key], f"{where}.{key}") if key in items else None for key in LIMITS)
    return limited(rule, databases, creators)


def _object_class(value: object, where: str) -> str:
    name = CLASS_WORDS.get(fold(" ".join(value.split()))) if isinstance(value, str) else None
    if name is None:
        raise InputError(f"{where}: must be one of {', '.join(DEFAULT_CLASSES)}, not {shown(value)}")
    return name
