# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check declared items: every message names the item, the key and the remedy, and never a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Optional, TypeVar, Union

from .errors import InputError, raise_problems
from .quoting import ident, literal

T = TypeVar("T")

TRUE = frozenset({"true", "yes", "on", "1", "y", "t", "1.0"})
FALSE = frozenset({"false", "no", "off", "0", "n", "f", "0.0"})


def checked_name(name: Any, where: str) -> str:
    """Give the name if it can be one on a server."""
    if not isinstance(name, str):
        raise InputError(f"{where}: a name has to be text, not {type(name).__name__}")
    try:
        ident(name)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return name


def checked_text(text: Optional[str], where: str) -> Optional[str]:
    """Give a text if the server can store it."""
    if text is None:
        return None
    try:
        literal(text)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return text


def check_texts(item: Mapping[str, Any], where: str) -> None:
    """Refuse a text that the server can't store, whichever key it is given for."""
    for key, value in item.items():
        if isinstance(value, str):
            checked_text(value, f"{where}: {key}")


def known_keys(item: Mapping[str, Any], spec: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, Any]:
    """Give the item's values in their types; an unknown key is an error with the nearest known one."""
    for key in item:
        if key not in spec:
            near = get_close_matches(str(key), list(spec), 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(spec))}"
            raise InputError(f"{where}: unknown key {key}; {hint}")
    missing = [key for key, kind in spec.items() if kind.get("required") and item.get(key) is None]
    if missing:
        raise InputError(f"{where}: {missing[0]} is missing")
    return {key: typed(value, spec[key], f"{where}: {key}") for key, value in item.items() if value is not None}


def without_choices(spec: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give an argument spec that lets null through for every key, which Ansible refuses where it knows the choices."""
    return {key: {word: value for word, value in kind.items() if word != "choices"} for key, kind in spec.items()}


def check_choices(item: Mapping[str, Any], spec: Mapping[str, Mapping[str, Any]], where: str) -> None:
    """Refuse a value that isn't among its key's choices."""
    for key, kind in spec.items():
        if "choices" in kind and item.get(key) is not None:
            typed(item[key], kind, f"{where}: {key}")


def typed(value: Any, kind: Mapping[str, Any], where: str) -> Any:
    """Give a value as what its key takes."""
    if kind["type"] == "bool":
        return boolean(value, where)
    if kind["type"] == "str" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if kind["type"] == "str" and not isinstance(value, str):
        raise InputError(f"{where} has to be text")
    if kind["type"] == "str":
        checked_text(value, where)
    if "choices" in kind and value not in kind["choices"]:
        raise InputError(f"{where} has to be one of {', '.join(kind['choices'])}")
    return value


def boolean(value: Any, where: str) -> bool:
    """Give what Ansible takes for true or false."""
    text = str(value).lower()
    if text not in TRUE | FALSE:
        raise InputError(f"{where} has to be true or false")
    return text in TRUE


def merged(items: Iterable[Mapping[str, Any]], where: str) -> list[dict[str, Any]]:
    """Merge items of one name; two different values for one key are an error."""
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        known = found.setdefault(item["name"], {})
        for key, value in item.items():
            if known.get(key) is not None and value is not None and known[key] != value:
                raise InputError(f"{where}: {item['name']} stands twice, with different values for {key}: keep one")
            if value is not None or key not in known:
                known[key] = value
    return list(found.values())


def read_each(values: Iterable[Any], where: str, read: Callable[[Any, str], T]) -> list[T]:
    """Read every value of a list, counted from 1; one error shows each that can't be read."""
    found = [attempted(value, f"{where} {number}", read) for number, value in enumerate(values, 1)]
    raise_problems(error.message for error in found if isinstance(error, InputError))
    return [one for one in found if not isinstance(one, InputError)]


def attempted(value: Any, where: str, read: Callable[[Any, str], T]) -> Union[T, InputError]:
    """Read one value, and give the error as a value, so that the others are looked at, too."""
    try:
        return read(value, where)
    except InputError as error:
        return error
