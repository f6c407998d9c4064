# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of declared items mean: placeholders, names, addresses, ways to log in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..errors import InputError, raise_problems
from ..items import attempted, checked_name
from .addresses import HOST, mistaken, numeric, whole
from .expressions import SINCE as EXPRESSIONS_SINCE
from .expressions import broken, exactly
from .hidden import hidden
from .methods import METHODS
from .model import Names, Token
from .words import DATABASE_KEYWORDS, USER_KEYWORDS, database_token, unquoted, user_token

PLACEHOLDER = re.compile(r"\$\{(\w*)\}")
WORLD = ("0.0.0.0/0", "::/0")
LOOPBACK = ("127.0.0.1/32", "::1/128")
SAME = {"intranet": "intra", "all": "world"}
LISTED = ("admin", "infra", "cluster", "intra")
PLACES = ("local", "localhost", *LISTED, "intranet", "world", "all", "samehost", "samenet")
ALIASES = ("pwd", "ssl", "ssl-sha", "ssl-md5", "sha", "os", "deny")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
PART = re.compile(r'((?:"[^"]*"|[^",])*)(,|$)')


@dataclass(frozen=True)
class Place:
    """Where a line is for: the socket (an empty address), or an address; ``plain`` ones are never made hostssl."""

    address: str
    plain: bool = False


@dataclass(frozen=True)
class Method:
    """How to log in, and whether over TLS only."""

    name: str
    ssl: bool = False


def words_of(value: Any, where: str) -> list[str]:
    """Give the words of a key: the elements of a list as they are, or a text's parts between commas."""
    if isinstance(value, str):
        if value.count('"') % 2:
            raise InputError(f"{where}: a quote isn't closed: double those that are part of a name")
        found = [part.strip() for part, _comma in PART.findall(value)]
        value = [part for part in found if part]
    if not isinstance(value, Sequence) or not value or not all(isinstance(word, str) for word in value):
        raise InputError(f"{where} has to be text or a list of texts, with something in it")
    return list(value)


def users_of(value: Any, names: Names, where: str, version: int) -> tuple[Token, ...]:
    """Give the words of the user column; a group stands for its members in PgBouncer's file."""
    tokens = _each(words_of(value, where), lambda word, _: _user(word, names, where, version))
    return tuple(dict.fromkeys(member for token in tokens for member in members(token, names)))


def databases_of(value: Any, names: Names, where: str, version: int) -> tuple[Token, ...]:
    """Give the words of the database column."""
    tokens = _each(words_of(value, where), lambda word, _: _database(word, names, where, version))
    return tuple(dict.fromkeys(tokens))


def members(token: Token, names: Names) -> tuple[Token, ...]:
    """Give the users that a group stands for, where the names say so; any other word stands for itself."""
    group = token.text[1:] if token.text[:1] == "+" and not token.quoted else ""
    if not names.pool or group not in names.members:
        return (token,)
    return tuple(_name(name, names, user_token) for name in names.members[group])


def _name(name: str, names: Names, canonical: Callable[[Token], Token]) -> Token:
    # PgBouncer takes a slash as it is; the quotes tell it from an expression.
    token = Token(name, quoted=True)
    return token if names.pool and name.startswith("/") else canonical(token)


def _user(word: str, names: Names, where: str, version: int) -> Token:
    if word.startswith("+"):
        return Token("+" + checked_name(_literal(word[1:], names, where), where))
    if word in USER_KEYWORDS or _is_special(word):
        return _special(word, where, version)
    return _named(word, names, where, version, user_token)


def _database(word: str, names: Names, where: str, version: int) -> Token:
    if word in DATABASE_KEYWORDS or _is_special(word):
        return _special(word, where, version)
    return _named(word, names, where, version, database_token)


def _is_special(word: str) -> bool:
    return word.startswith("/") or (word.startswith("@") and len(word) > 1)


def _special(word: str, where: str, version: int) -> Token:
    if "\n" in word or "\0" in word:
        raise InputError(f"{where}: a line break can't be written to the file: have a dot there")
    if word.startswith("/") and 0 < version < EXPRESSIONS_SINCE:
        advice = f"""name the roles or databases, or write '"{word}"' for one of that name"""
        raise InputError(f"{where}: {word} is a regular expression, which needs PostgreSQL 16: {advice}")
    if word.startswith("/") and broken(word[1:]):
        raise InputError(f"{where}: in the regular expression {word} {broken(word[1:])}")
    return Token(word)


def _literal(word: str, names: Names, where: str) -> str:
    return unquoted(word) if QUOTED.fullmatch(word) else replaced(word, names, where)


def _named(word: str, names: Names, where: str, version: int, canonical: Callable[[Token], Token]) -> Token:
    name = _literal(word, names, where)
    if "\n" in name:
        raise InputError(f"{where}: {name!r} has a line break, which can't be written to the file: rename it")
    checked_name(name, where)
    is_expression = name.startswith("/") and not names.pool and not 0 < version < EXPRESSIONS_SINCE
    return Token("/" + exactly(name)) if is_expression else _name(name, names, canonical)


def replaced(text: str, names: Names, where: str) -> str:
    """Give a text with its placeholders replaced."""

    def meaning(hit: re.Match[str]) -> str:
        if hit[1] not in names.users:
            known = ", ".join(f"${{{name}}}" for name in sorted(names.users)) or "none"
            raise InputError(f"{where}: {hit[0]} is unknown: known are {known}")
        return names.users[hit[1]]

    return PLACEHOLDER.sub(meaning, text)


def places_of(value: Any, names: Names, where: str) -> tuple[Place, ...]:
    """Give every place that a key's aliases and addresses stand for; the list of an alias may be empty."""
    groups = _each(words_of(value, where), lambda word, _: _places(word, names, where))
    return tuple(dict.fromkeys(place for group in groups for place in group))


def _places(word: str, names: Names, where: str) -> tuple[Place, ...]:
    alias = SAME.get(word, word)
    if alias == "local":
        return (Place(""),)
    if alias == "localhost":
        return (Place(""), *(Place(address, plain=True) for address in LOOPBACK))
    if alias == "world":
        return tuple(Place(address) for address in WORLD)
    if alias in LISTED:
        listed = names.addresses.get(alias, ())
        return tuple(Place(_address(address, f"{where}: {alias}")) for address in listed)
    return (Place(alias if alias in ("samehost", "samenet") else _address(alias, where)),)


def _address(text: str, where: str) -> str:
    net = whole(text)
    if net is not None:
        return net
    if numeric(text.partition("/")[0]) is not None or "/" in text or ":" in text or mistaken(text):
        raise InputError(f"{where}: {text} is no address: write it as 10.1.2.0/24 or 2001:db8::/32")
    near = get_close_matches(text, PLACES, 1) if "." not in text else []
    if near or not HOST.fullmatch(text):
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(PLACES)}, addresses and host names"
        raise InputError(f"{where}: {text!r} is no place: {hint}")
    return text


def method_of(value: Any, names: Names, where: str) -> Method:
    """Give the method that an alias stands for."""
    password = names.password_method
    found = {
        "pwd": Method(password),
        "ssl": Method(password, ssl=True),
        "ssl-sha": Method("scram-sha-256", ssl=True),
        "ssl-md5": Method("md5", ssl=True),
        "sha": Method("scram-sha-256"),
        **dict.fromkeys(("os", "ident"), Method("peer" if names.pool else "ident")),
        "cert": Method("cert", ssl=True),
        "deny": Method("reject"),
        **{name: Method(name) for name in METHODS if name not in ("ident", "cert")},
    }
    if not isinstance(value, str) or value not in found:
        near = get_close_matches(str(value), found, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join((*ALIASES, *METHODS))}"
        raise InputError(f"{where}: {hidden(value)!r} is unknown: {hint}")
    return found[value]


def _each(words: Iterable[str], read: Any) -> list[Any]:
    found = [attempted(word, "", read) for word in words]
    raise_problems(error.message for error in found if isinstance(error, InputError))
    return found
