# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges by object class and server version, and what a NULL ACL means."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InputError, raise_problems
from .quoting import ident

if TYPE_CHECKING:
    from collections.abc import Iterable

PUBLIC = ""
"""The grantee PUBLIC in facts: the empty text can't be a role's name, and ``PUBLIC`` in quotes can."""

ALL = "ALL"

LETTERS = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
}
LETTER_OF = {name: letter for letter, name in LETTERS.items()}
PRIVILEGES = frozenset(LETTER_OF)
_PRIVILEGE_SINCE = {"MAINTAIN": 17}
_PRIVILEGE_SYNONYMS = {"TEMP": "TEMPORARY", "ALL PRIVILEGES": ALL}


@dataclass(frozen=True)
class ObjectClass:
    """Describe a class of objects; letters are in the order in which privileges are shown."""

    name: str
    letters: str
    acldefault: str
    public: str = ""
    since: int = 0


@dataclass(frozen=True)
class DefaultClass:
    """Name a class of default privileges in pg_default_acl.defaclobjtype and for acldefault()."""

    name: str
    objtype: str
    acldefault: str


_SINGULAR = (
    ObjectClass("TABLE", "rawdDxtm", "r"),
    ObjectClass("COLUMN", "rawx", "c"),
    ObjectClass("SEQUENCE", "rwU", "s"),
    ObjectClass("FUNCTION", "X", "f", public="X"),
    ObjectClass("TYPE", "U", "T", public="U"),
    ObjectClass("SCHEMA", "UC", "n"),
    ObjectClass("LARGE OBJECT", "rw", "L"),
    ObjectClass("DATABASE", "CTc", "d", public="Tc"),
    ObjectClass("LANGUAGE", "U", "l", public="U"),
    ObjectClass("FOREIGN DATA WRAPPER", "U", "F"),
    ObjectClass("FOREIGN SERVER", "U", "S"),
    ObjectClass("TABLESPACE", "C", "t"),
    ObjectClass("PARAMETER", "sA", "p", since=15),
)
_PLURAL = (
    ObjectClass("TABLES", "rawdDxtm", "r"),
    ObjectClass("SEQUENCES", "rwU", "s"),
    ObjectClass("FUNCTIONS", "X", "f", public="X"),
    ObjectClass("TYPES", "U", "T", public="U"),
    ObjectClass("SCHEMAS", "UC", "n"),
    ObjectClass("LARGE OBJECTS", "rw", "L", since=18),
)
OBJECT_CLASSES = {item.name: item for item in _SINGULAR + _PLURAL}
_CLASS_SYNONYMS = {
    "ROUTINES": "FUNCTIONS",
    "ROUTINE": "FUNCTION",
    "PROCEDURE": "FUNCTION",
    "DOMAIN": "TYPE",
}

_OBJTYPE = {"SEQUENCES": "S"}
DEFAULT_CLASSES = {
    item.name: DefaultClass(item.name, _OBJTYPE.get(item.name, item.acldefault), item.acldefault) for item in _PLURAL
}
DEFAULT_CLASS_BY_OBJTYPE = {item.objtype: item for item in DEFAULT_CLASSES.values()}


def grantee_sql(name: str) -> str:
    """Return a grantee as it stands in SQL: PUBLIC, or the quoted role."""
    return "PUBLIC" if name == PUBLIC else ident(name)


def grantee_text(name: str) -> str:
    """Return a grantee as people read it."""
    return "PUBLIC" if name == PUBLIC else name


def canonical_privilege(word: str) -> str:
    """Return the privilege's one name (TEMPORARY for TEMP, ALL); InputError for a word that is none."""
    name = _upper(word)
    name = _PRIVILEGE_SYNONYMS.get(name, name)
    if name != ALL and name not in PRIVILEGES:
        raise InputError(f"{word.strip()!r} isn't a privilege" + _nearest(name, [*PRIVILEGES, ALL]))
    return name


def canonical_class(word: str) -> str:
    """Return the class's one name (FUNCTIONS for ROUTINES); InputError for a word that is none."""
    name = _upper(word)
    name = _CLASS_SYNONYMS.get(name, name)
    if name not in OBJECT_CLASSES:
        raise InputError(f"{word.strip()!r} isn't a class of objects" + _nearest(name, OBJECT_CLASSES))
    return name


def privileges_of(object_class: str, version: int) -> tuple[str, ...]:
    """Return all privileges of the class on a server of this version (150004 is 15.4), in their fixed order.

    Raises InputError where the server doesn't have the class.
    """
    found = OBJECT_CLASSES[canonical_class(object_class)]
    if _major(version) < found.since:
        kind = "default privileges on" if found.name in DEFAULT_CLASSES else "privileges on"
        raise InputError(f"{kind} {found.name} exist from PostgreSQL {found.since}, this server is {_major(version)}")
    names = (LETTERS[letter] for letter in found.letters)
    return tuple(name for name in names if _major(version) >= _PRIVILEGE_SINCE.get(name, 0))


def expand(privs: Iterable[str], object_class: str, version: int) -> tuple[str, ...]:
    """Return the named privileges once each, in the class's order, ALL as the list that it means here.

    Raises one InputError that names each privilege which the class or the server doesn't have.
    """
    known = privileges_of(object_class, version)
    wanted = {canonical_privilege(priv) for priv in privs}
    missing = sorted(wanted - {*known, ALL})
    raise_problems(_absence(name, canonical_class(object_class), version) for name in missing)
    return known if ALL in wanted else tuple(name for name in known if name in wanted)


def default_acl(object_class: str, owner: str, version: int) -> frozenset[tuple[str, str, bool]]:
    """Return what acldefault() gives, as (grantee, privilege, grantable): what a NULL ACL means."""
    public = OBJECT_CLASSES[canonical_class(object_class)].public
    owners = {(owner, name, False) for name in privileges_of(object_class, version)}
    return frozenset(owners | {(PUBLIC, LETTERS[letter], False) for letter in public})


def _absence(name: str, object_class: str, version: int) -> str:
    here = f"PostgreSQL {_major(version)}"
    if LETTER_OF[name] in OBJECT_CLASSES[object_class].letters:
        return (
            f"privilege {name} on {object_class} exists from PostgreSQL {_PRIVILEGE_SINCE[name]}, this server is {here}"
        )
    known = ", ".join(privileges_of(object_class, version))
    return f"privilege {name} doesn't exist for {object_class} on {here}: there are {known}"


def _major(version: int) -> int:
    return version // 10000


def _upper(word: str) -> str:
    """Return the words in upper case with one space between; letters beyond ASCII never become ASCII ones."""
    return " ".join(word.split()).upper() if word.isascii() else word


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(words), 1)
    return f": did you mean {close[0]}?" if close else ""
