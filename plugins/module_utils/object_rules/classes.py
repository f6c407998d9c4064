# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of objects in rules: the words for them, their privileges, and names that are no plain names."""

from __future__ import annotations

import re

from ..acl import ALL, DEFAULT_CLASSES, LETTERS, OBJECT_CLASSES
from ..errors import InputError
from ..quoting import fold, ident

# A class and the letters of pg_proc.prokind that a word for it means.
Meant = tuple[str, str]

NAMED: dict[str, Meant] = {
    "table": ("TABLE", ""),
    "sequence": ("SEQUENCE", ""),
    "function": ("FUNCTION", "faw"),
    "procedure": ("FUNCTION", "p"),
    "routine": ("FUNCTION", ""),
    "type": ("TYPE", ""),
    "domain": ("TYPE", ""),
    "schema": ("SCHEMA", ""),
    "large object": ("LARGE OBJECT", ""),
    "database": ("DATABASE", ""),
    "language": ("LANGUAGE", ""),
    "foreign data wrapper": ("FOREIGN DATA WRAPPER", ""),
    "foreign server": ("FOREIGN SERVER", ""),
    "tablespace": ("TABLESPACE", ""),
    "parameter": ("PARAMETER", ""),
}
"""The words after ON before names."""

ALL_IN_SCHEMA: dict[str, Meant] = {
    f"{word}s": NAMED[word] for word in ("table", "sequence", "function", "procedure", "routine")
}
"""The words after ON ALL before IN SCHEMA."""

WHOLE_CLASS = {name[:-1]: name for name in DEFAULT_CLASSES}
"""The classes that a rule can be about as a whole, with the words for it, those of default privileges."""

_GENERAL = {word: (name, "p" if word == "procedure" else "") for word, (name, _kinds) in NAMED.items()}
IN_DICT: dict[str, Meant] = {**_GENERAL, **{f"{word}s": meant for word, meant in _GENERAL.items()}}
"""The words of a dict: in singular and in plural, FUNCTION is every routine."""

_MAX_OID = 2**32 - 1
_DIGITS = re.compile(r"0*([0-9]{1,10})")
_WILD = re.compile(r"[*?]")
_PARAMETER = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")


def check_privilege(name: str, object_class: str) -> None:
    """Raise InputError for a privilege that the class has on no version of PostgreSQL."""
    known = [LETTERS[letter] for letter in OBJECT_CLASSES[object_class].letters]
    if name != ALL and name not in known:
        raise InputError(f"{object_class} has no privilege {name}, only {', '.join(known)}")


def large_object(text: str) -> str:
    """Return a large object's number without zeros in front; InputError if it can't be one."""
    found = _DIGITS.fullmatch(text)
    if found is None or not 0 < int(found[1]) <= _MAX_OID:
        raise InputError(f"a large object's name is its number, from 1 to {_MAX_OID}")
    return str(int(found[1]))


def parameter(text: str, pattern: bool = False) -> str:
    """Return the name of a parameter, or a pattern for some, in lower case; InputError if it can't be one."""
    for part in text.split("."):
        ident(part)
        if not _PARAMETER.fullmatch(_WILD.sub("_", part) if pattern else part):
            raise InputError(f"{text!r} can't be a parameter's name: it has letters, digits, _ and $ between dots")
    return fold(text)
