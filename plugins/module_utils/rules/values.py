# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the values that the dicts of all rules have; names in them are literal."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ..acl import ALL, PUBLIC, canonical_privilege
from ..errors import InputError
from ..quoting import ident, is_public
from .model import State

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATES: dict[object, State] = {"present": "present", "absent": "absent"}
_ON_KEYS = frozenset({"true", "True"})


def known_items(
    value: Mapping[object, object], where: str, keys: tuple[str, ...], required: tuple[str, ...]
) -> dict[str, object]:
    """Return the items by known key; YAML 1.1 reads a bare ``on`` as true, which is taken for ``on``."""
    items: dict[str, object] = {}
    for key, item in value.items():
        name = "on" if key is True or key in _ON_KEYS else str(key)
        if name not in keys:
            raise InputError(f"{where}: unknown key {name!r}{_nearest(name, keys)}")
        if name in items:
            raise InputError(f"{where}: key {name!r} stands there twice")
        items[name] = item
    found = {name: item for name, item in items.items() if item is not None}
    missing = [name for name in required if name not in found]
    if missing:
        raise InputError(f"{where}: missing {', '.join(missing)}")
    return found


def _nearest(key: str, keys: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, keys, 1, 0.5)
    return f", did you mean {close[0]!r}?" if close else f": the keys are {', '.join(keys)}"


def state_and_option(items: Mapping[str, object], where: str) -> tuple[State, bool | None]:
    """Return the state and the grant option, which says nothing with state absent."""
    state, option = _state(items, where), _option(items, where)
    if state == "absent" and option:
        raise InputError(
            f"{where}.grant_option: state absent takes the option away together with the privilege; leave"
            " grant_option out, or take only the option away with state present and grant_option false"
        )
    return state, option if state == "present" else None


def _state(items: Mapping[str, object], where: str) -> State:
    value = items.get("state", "present")
    if isinstance(value, str) and value in _STATES:
        return _STATES[value]
    raise InputError(f"{where}.state: must be present or absent, not {shown(value)}")


def _option(items: Mapping[str, object], where: str) -> bool | None:
    value = items.get("grant_option")
    if value is None or isinstance(value, bool):
        return value
    raise InputError(f"{where}.grant_option: must be true or false, not {shown(value)}")


def privileges_of(value: object, where: str) -> tuple[str, ...]:
    """Return the privileges by their one names, each once, from a list or from a text with commas."""
    words = texts_of(value.split(",") if isinstance(value, str) else value, where)
    try:
        names = tuple(dict.fromkeys(canonical_privilege(word) for word in words))
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    if ALL in names and len(names) > 1:
        raise InputError(f"{where}: ALL stands alone, without other privileges")
    return names


def grantees_of(value: object, where: str, option: bool | None) -> tuple[str, ...]:
    """Return roles and PUBLIC, which can be written in any case, each once."""
    names = tuple(PUBLIC if is_public(name) else name for name in names_of(value, where))
    if "none" in names:
        raise InputError(f"{where}: 'none' is no role: PostgreSQL reserves the name")
    if option and PUBLIC in names:
        raise InputError(f"{where}: PUBLIC can't have the grant option: only roles can")
    return tuple(dict.fromkeys(names))


def names_of(value: object, where: str) -> tuple[str, ...]:
    """Return names, each once, from a list or from a text that is one name."""
    names = texts_of([value] if isinstance(value, str) else value, where)
    try:
        for name in names:
            ident(name)
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    return tuple(dict.fromkeys(names))


def texts_of(value: object, where: str) -> tuple[str, ...]:
    """Return the texts of a list that has some."""
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{where}: must be a text or a list of texts, not {shown(value)}")
    wrong = [item for item in value if not isinstance(item, str)]
    if wrong:
        raise InputError(f"{where}: must contain texts only, not {shown(wrong[0])}")
    if not value:
        raise InputError(f"{where}: is an empty list: name at least one, or leave the key out if it can be")
    return tuple(value)


def shown(value: object) -> str:
    """Return a value as an error message shows it."""
    return f"{value!r} ({type(value).__name__})"
