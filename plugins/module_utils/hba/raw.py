# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the raw lines of an item: PostgreSQL's own format, with the placeholders of users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..errors import InputError, raise_problems
from ..items import attempted
from .addresses import KEYWORDS, mistaken
from .aliases import members, replaced
from .grammar import RefusedError, line_of
from .hidden import hidden_text, is_secret
from .methods import pool_problems
from .model import Line, Names, Token
from .tokens import INCLUDES, logical_lines
from .words import Field, Scanner


def raw_lines(value: Any, names: Names, where: str, version: int) -> tuple[Line, ...]:
    """Give the lines of a list of texts; comments and empty ones are left out."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where} has to be a list of lines of pg_hba.conf")
    lines = [line for text in texts for _number, line in logical_lines(text)]
    found = [
        attempted(line, f"{where} {at}", lambda text, place: _raw(text, names, place, version))
        for at, line in enumerate(lines, 1)
    ]
    secret = next((at for at, line in enumerate(lines) if hidden_text(line) != line), len(lines))
    errors = ((at, one.message) for at, one in enumerate(found) if isinstance(one, InputError))
    raise_problems(_without_rest(text) if at > secret else text for at, text in errors)
    return tuple(line for line in found if isinstance(line, Line) and line.users)


def _without_rest(problem: str) -> str:
    """Say what is wrong with a line below a secret: what isn't a type can be the rest of it."""
    before, found, _word = problem.partition("unknown type ")
    return f"{before}unknown type: is it the rest of the secret above?" if found else problem


def _raw(text: str, names: Names, where: str, version: int) -> Line | None:
    scanner = Scanner(text)
    fields = [tuple(_meant(token, names, where) for token in field) for field in scanner.fields()]
    if not fields:
        return None
    if scanner.unclosed:
        raise InputError(f"{where}: a quote isn't closed: double those that are part of a name")
    if fields[0][0].text in INCLUDES:
        raise InputError(f"{where}: other files can't be included: write their lines here")
    line = expanded(_line(fields, where, version), names)
    raise_problems(f"{where}: {problem}" for problem in problems(line, names))
    return line


def _line(fields: Sequence[Field], where: str, version: int) -> Line:
    try:
        return line_of(fields, version)
    except RefusedError as error:
        raise InputError(f"{where}: {error}") from None


def _meant(token: Token, names: Names, where: str) -> Token:
    name, equals, _value = token.text.partition("=")
    literal = token.quoted or (equals and is_secret(name))
    text = token.text if literal else replaced(token.text, names, where)
    special = text != token.text and token.text[:1] != "+"
    return Token(text, quoted=token.quoted or special)


def expanded(line: Line, names: Names) -> Line:
    """Give a line with its groups as their members, where the names say who they are."""
    users = (member for token in line.users for member in members(token, names))
    return replace(line, users=tuple(dict.fromkeys(users)))


def problems(line: Line, names: Names) -> Iterator[str]:
    """Say what is surely not meant in a line, and what PgBouncer doesn't know."""
    if line.address and line.address not in KEYWORDS and mistaken(line.address):
        yield mistaken(line.address)
    if names.pool:
        yield from pool_problems(line)
