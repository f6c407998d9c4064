# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps of ``pg_ident.conf``: who in the operating system, or in a certificate, may log in as whom.

Source: https://www.postgresql.org/docs/current/auth-username-maps.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import InputError, raise_problems
from ..items import attempted, checked_text, known_keys
from .expressions import broken
from .model import Token
from .words import quoted, unquoted, word_text

KEYS = {name: {"type": "str", "required": True} for name in ("map", "system_user", "database_user")}
GROUPS_SINCE = 160000


@dataclass(frozen=True)
class Mapped:
    """One line; users may be expressions (``/…``); from 16 on, ``all`` and ``+group`` have a meaning of their own."""

    map: str
    system_user: str
    database_user: Token


def parse_ident(items: Sequence[Mapping[str, Any]], version: int = 0) -> tuple[Mapped, ...]:
    """Read items in their order; one InputError names all that is wrong."""
    found = [attempted(item, f"ident {index}", reader(version)) for index, item in enumerate(items, 1)]
    raise_problems(error.message for error in found if isinstance(error, InputError))
    return tuple(dict.fromkeys(one for one in found if isinstance(one, Mapped)))


def reader(version: int) -> Any:
    """Give the function that reads one item for a server of a version."""
    return lambda item, where: mapped(item, where, version)


def mapped(item: Mapping[str, Any], where: str, version: int) -> Mapped:
    """Read one item."""
    values = known_keys(item, KEYS, where)
    raise_problems(f"{where}: {problem}" for key in KEYS for problem in problems(key, values[key]))
    token = database_user(values["database_user"])
    special = not token.quoted and (token.text[:1] in ("+", "/") or token.text == "all")
    if special and 0 < version < GROUPS_SINCE:
        raise InputError(
            f"{where}: database_user {token.text} has a meaning of its own only from PostgreSQL 16 on: name the roles"
        )
    return Mapped(values["map"], values["system_user"], token)


def problems(key: str, text: str) -> Iterator[str]:
    """Say what can't be in a file about a value."""
    checked_text(text, key)
    if not text or text == '""':
        yield f"{key} is empty"
    if "\n" in text or "\r" in text:
        yield f"{key} has a line break, which can't be written to the file"
    if text.startswith("/") and broken(text[1:]):
        yield f"{key}: in the regular expression {text} {broken(text[1:])}"


def database_user(text: str) -> Token:
    """Give the role; in quotes it is meant letter for letter."""
    literal = text.startswith('"') and text.endswith('"') and len(text) > 1
    return Token(unquoted(text) if literal else text, literal)


def render_ident(lines: Sequence[Mapped], header: str) -> str:
    """Give the whole file."""
    return "".join([*(f"# {line}\n" for line in header.split("\n")), *(ident_text(line) + "\n" for line in lines)])


def ident_text(line: Mapped) -> str:
    """Give one line without a line break."""
    return " ".join((word_text(line.map), word_text(line.system_user), role_text(line.database_user)))


def role_text(token: Token) -> str:
    """Write the role: quotes take off the meaning of ``all`` and ``+``."""
    if token.quoted:
        return quoted(token.text)
    return "+" + word_text(token.text[1:]) if token.text[:1] == "+" else word_text(token.text)


def map_expressions(lines: Optional[Sequence[Mapped]], version: int) -> Iterator[tuple[str, str]]:
    """Give each regular expression with where it stands."""
    for line in lines or ():
        texts = (line.system_user, line.database_user.text if version >= GROUPS_SINCE else "")
        yield from ((f"ident map {line.map}", text[1:]) for text in texts if text.startswith("/"))
