# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a record of its columns, with PostgreSQL's own reasons to refuse it."""

from __future__ import annotations

from collections.abc import Sequence

from .addresses import KEYWORDS, address_problem, numeric
from .expressions import SINCE as EXPRESSIONS_SINCE
from .expressions import broken
from .hidden import hidden_text
from .methods import method_problem, option_problems, type_problem
from .model import Line, Token
from .words import Field, database_token, user_token


class RefusedError(ValueError):
    """Say why PostgreSQL would refuse a line; where a column is missing, a secret option can stand in its place."""

    def __init__(self, problem: str) -> None:
        super().__init__(hidden_text(problem))


def line_of(fields: Sequence[Field], version: int = 0) -> Line:
    """Give the line that columns make; RefusedError names all that is wrong with it."""
    line = _assembled(fields)
    refused = refusal(line, version)
    if refused:
        raise RefusedError(refused)
    return line


def refusal(line: Line, version: int = 0) -> str:
    """Say why PostgreSQL would refuse a line, all of it; empty if it would not."""
    problems = [method_problem(line, version), *option_problems(line, version), *name_problems(line, version)]
    if line.type != "local" and line.address not in KEYWORDS:
        problems.append(address_problem(line.address, line.mask))
    return ", ".join(filter(None, problems))


def name_problems(line: Line, version: int) -> list[str]:
    """Say which regular expressions PostgreSQL surely refuses; before 16 there are none, only names with a slash."""
    if 0 < version < EXPRESSIONS_SINCE:
        return []
    words = [token.text for token in (*line.databases, *line.users) if token.text.startswith("/")]
    return [f"in the regular expression {word} {broken(word[1:])}" for word in words if broken(word[1:])]


def _assembled(fields: Sequence[Field]) -> Line:
    kind = single(fields, 0, "type")
    problem = type_problem(kind)
    if problem:
        raise RefusedError(problem)
    databases = tuple(database_token(token) for token in column(fields, 1, "databases"))
    users = tuple(user_token(token) for token in column(fields, 2, "users"))
    address, mask, at = ("", "", 3) if kind == "local" else _place(fields)
    method = single(fields, at, "method")
    return Line(kind, databases, users, address, method, mask, _options(fields[at + 1 :]))


def _place(fields: Sequence[Field]) -> tuple[str, str, int]:
    token = _single(fields, 3, "address")
    if token.text in KEYWORDS or "/" in token.text or numeric(token.text) is None:
        return (f'"{token.text}"' if _is_odd_host(token) else token.text), "", 4
    mask = single(fields, 4, "mask")
    if numeric(mask) is None:
        raise RefusedError(address_problem(token.text, ""))
    return token.text, mask, 5


def _is_odd_host(token: Token) -> bool:
    # In quotes these are names of hosts; Line.address keeps the quotes to tell them from the keywords.
    return token.quoted and (token.text in KEYWORDS or not token.text)


def _options(fields: Sequence[Field]) -> tuple[tuple[str, str], ...]:
    words = [token.text for field in fields for token in field]
    odd = sum("=" not in word for word in words)
    if odd:
        raise RefusedError(f"{odd} of the words after the method aren't options: write name=value, without blanks")
    return tuple((name, value) for name, _equals, value in (word.partition("=") for word in words))


def column(fields: Sequence[Field], at: int, what: str) -> Field:
    """Give a column; it may hold several words."""
    if at >= len(fields):
        raise RefusedError(f"the line ends before its {what}: type, databases, users, address (not for local), method")
    return fields[at]


def single(fields: Sequence[Field], at: int, what: str) -> str:
    """Give the only word of a column."""
    return _single(fields, at, what).text


def _single(fields: Sequence[Field], at: int, what: str) -> Token:
    words = column(fields, at, what)
    if len(words) > 1:
        raise RefusedError(f"several words for its {what}: write a line for each")
    return words[0]
