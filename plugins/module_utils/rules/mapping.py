# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a rule of default privileges from a dict; names in it are literal."""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING

from ..acl import ALL, DEFAULT_CLASSES, PUBLIC, canonical_privilege
from ..errors import InputError
from ..quoting import fold, ident
from .model import CLASS_WORDS, GLOBAL_ONLY, Rule, State, render

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("privs", "on", "to", "schemas", "grant_option", "state")
_REQUIRED = ("privs", "on", "to")
_STATES: dict[object, State] = {"present": "present", "absent": "absent"}
_ON_KEYS = frozenset({"true", "True"})


def parse_mapping(value: Mapping[object, object], where: str) -> Rule:
    """Return the rule that a dict declares; a key that is null counts as absent."""
    items = _items(value, where)
    state, option = _state(items, where), _option(items, where)
    if state == "absent" and option:
        raise InputError(
            f"{where}.grant_option: state absent takes the option away together with the privilege; leave"
            " grant_option out, or take only the option away with state present and grant_option false"
        )
    schemas = _names(items["schemas"], f"{where}.schemas") if "schemas" in items else ()
    object_class = _object_class(items["on"], f"{where}.on")
    if schemas and object_class in GLOBAL_ONLY:
        raise InputError(f"{where}.schemas: can't be given with {object_class}: leave them out")
    grantees = _grantees(items["to"], f"{where}.to")
    if option and PUBLIC in grantees:
        raise InputError(f"{where}.to: PUBLIC can't have the grant option: only roles can")
    privileges = _privileges(items["privs"], f"{where}.privs")
    rule = Rule(state, privileges, object_class, grantees, schemas, option if state == "present" else None)
    return dataclasses.replace(rule, source=render(rule))


def _items(value: Mapping[object, object], where: str) -> dict[str, object]:
    """Return the items by known key; YAML 1.1 reads a bare ``on`` as true, which is taken for ``on``."""
    items: dict[str, object] = {}
    for key, item in value.items():
        name = "on" if key is True or key in _ON_KEYS else str(key)
        if name not in KEYS:
            raise InputError(f"{where}: unknown key {name!r}{_nearest(name)}")
        if name in items:
            raise InputError(f"{where}: key {name!r} stands there twice")
        items[name] = item
    found = {name: item for name, item in items.items() if item is not None}
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        raise InputError(f"{where}: missing {', '.join(missing)}")
    return found


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, 1, 0.5)
    return f", did you mean {close[0]!r}?" if close else f": the keys are {', '.join(KEYS)}"


def _state(items: Mapping[str, object], where: str) -> State:
    value = items.get("state", "present")
    if isinstance(value, str) and value in _STATES:
        return _STATES[value]
    raise InputError(f"{where}.state: must be present or absent, not {_shown(value)}")


def _option(items: Mapping[str, object], where: str) -> bool | None:
    value = items.get("grant_option")
    if value is None or isinstance(value, bool):
        return value
    raise InputError(f"{where}.grant_option: must be true or false, not {_shown(value)}")


def _object_class(value: object, where: str) -> str:
    name = CLASS_WORDS.get(fold(" ".join(value.split()))) if isinstance(value, str) else None
    if name is None:
        raise InputError(f"{where}: must be one of {', '.join(DEFAULT_CLASSES)}, not {_shown(value)}")
    return name


def _privileges(value: object, where: str) -> tuple[str, ...]:
    words = _texts(value.split(",") if isinstance(value, str) else value, where)
    try:
        names = tuple(dict.fromkeys(canonical_privilege(word) for word in words))
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    if ALL in names and len(names) > 1:
        raise InputError(f"{where}: ALL stands alone, without other privileges")
    return names


def _grantees(value: object, where: str) -> tuple[str, ...]:
    names = tuple(PUBLIC if name.lower() == "public" else name for name in _names(value, where))
    if "none" in names:
        raise InputError(f"{where}: 'none' is no role: PostgreSQL reserves the name")
    return tuple(dict.fromkeys(names))


def _names(value: object, where: str) -> tuple[str, ...]:
    names = _texts([value] if isinstance(value, str) else value, where)
    try:
        for name in names:
            ident(name)
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    return tuple(dict.fromkeys(names))


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{where}: must be a text or a list of texts, not {_shown(value)}")
    wrong = [item for item in value if not isinstance(item, str)]
    if wrong:
        raise InputError(f"{where}: must contain texts only, not {_shown(wrong[0])}")
    if not value:
        raise InputError(f"{where}: is an empty list: name at least one, or leave the key out if it can be")
    return tuple(value)


def _shown(value: object) -> str:
    return f"{value!r} ({type(value).__name__})"
