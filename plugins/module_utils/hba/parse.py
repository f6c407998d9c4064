# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read declared items as rules.

An item has ``rules`` (raw lines of ``pg_hba.conf``, which win), or ``addr``, ``user``, ``db`` and ``auth`` with their
aliases. In a text, commas part words and ``"all"`` in quotes is a role of that name; an element of a list is one word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Optional, TypeVar

from ..errors import InputError, raise_problems
from ..items import attempted, checked_text
from .aliases import Method, Place, databases_of, method_of, places_of, users_of
from .grammar import refusal
from .model import RULE_ROLES, Line, Names, Rule, Token
from .raw import problems, raw_lines
from .words import Field

KEYS = ("title", "role", "order", "rules", "addr", "user", "db", "auth", "options")
Options = tuple[tuple[str, str], ...]
T = TypeVar("T")


def parse_rules(
    items: Sequence[Mapping[str, Any]], names: Names, variable: str = "rules", version: int = 0
) -> tuple[Rule, ...]:
    """Read items as rules, sorted: those with ``order`` first; one InputError names all that is wrong.

    ``version`` is the server's (``server_version_num``); 0 where it isn't known: then nothing is refused for its age.
    """
    readers = [_Reader(item, names, variable, index, version) for index, item in enumerate(items, 1)]
    rules = [reader.rule() for reader in readers]
    raise_problems(problem for reader in readers for problem in reader.problems)
    return tuple(sorted(rules, key=lambda rule: (rule.order is None, rule.order or 0)))


class _Reader:
    """Read one item; ``problems`` has what is wrong with it."""

    def __init__(self, item: Any, names: Names, variable: str, index: int, version: int) -> None:
        self.item: dict[str, Any] = {}
        self.names, self.version = names, version
        self.variable, self.index = variable, index
        self.problems: list[str] = []
        self.where = f"{variable} {index}"
        if isinstance(item, Mapping):
            self.item = {key: value for key, value in item.items() if value is not None}
            self.where += f" ({item['title']})" if isinstance(item.get("title"), str) and item["title"] else ""
        else:
            self.problems.append(f"{self.where} has to be a dictionary: write its keys, or a line under rules")

    def rule(self) -> Rule:
        """Give the rule; it is of no use if there are problems."""
        self.problems += [] if self.problems else _unknown_keys(self.item, self.where)
        title = self.read("title", _title) or ""
        role = self.read("role", _role) or "default"
        order = self.read("order", _order)
        lines = () if self.problems and not self.item else self.lines()
        return Rule(title, role, lines, self.index, order, self.variable)

    def read(self, key: str, read: Callable[[Any, str], T]) -> Optional[T]:
        """Read one key, and keep what is wrong with it."""
        if key not in self.item:
            return None
        found = attempted(self.item[key], f"{self.where}: {key}", read)
        if isinstance(found, InputError):
            self.problems.append(found.message)
            return None
        return found

    def lines(self) -> tuple[Line, ...]:
        """Give the lines of the item."""
        names, version = self.names, self.version
        if self.item.get("rules"):
            return self.read("rules", lambda value, where: raw_lines(value, names, where, version)) or ()
        if "addr" not in self.item:
            self.problems.append(f"{self.where}: addr is missing: name a place, or write lines under rules")
        places = self.read("addr", lambda value, where: places_of(value, names, where)) or ()
        method = self.read("auth", lambda value, where: method_of(value, names, where)) or method_of("pwd", names, "")
        users = self.read("user", lambda value, where: users_of(value, names, where, version))
        databases = self.read("db", lambda value, where: databases_of(value, names, where, version))
        options = self.read("options", _options) or ()
        everything = (Token("all"),)
        wanted = (everything if databases is None else databases, everything if users is None else users)
        made = [_line(place, method, wanted, options) for place in places] if wanted[1] else []
        return self.checked(tuple(dict.fromkeys(made)))

    def checked(self, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        """Give the lines, and keep what PostgreSQL or PgBouncer would refuse about them."""
        found = [each for line in lines for each in (refusal(line, self.version), *problems(line, self.names))]
        self.problems += [f"{self.where}: {problem}" for problem in dict.fromkeys(found) if problem]
        return lines


def _line(place: Place, method: Method, wanted: tuple[Field, Field], options: Options) -> Line:
    kind = "local" if not place.address else "hostssl" if method.ssl and not place.plain else "host"
    return Line(kind, *wanted, place.address, method.name, "", options)


def _unknown_keys(item: Mapping[str, Any], where: str) -> list[str]:
    unknown = [str(key) for key in item if key not in KEYS]
    return [f"{where}: unknown key {key}; {_hint(key)}" for key in unknown]


def _hint(key: str) -> str:
    near = get_close_matches(key, KEYS, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}"


def _title(value: Any, where: str) -> str:
    if isinstance(value, (Mapping, list)):
        raise InputError(f"{where} has to be text")
    return checked_text(str(value), where) or ""


def _role(value: Any, where: str) -> str:
    if value not in RULE_ROLES:
        raise InputError(f"{where} has to be one of {', '.join(RULE_ROLES)}")
    return str(value)


def _order(value: Any, where: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InputError(f"{where} has to be a whole number") from None


def _options(value: Any, where: str) -> Options:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} has to be a dictionary, such as {{map: staff}}")
    texts = {str(name): ("1" if one else "0") if isinstance(one, bool) else str(one) for name, one in value.items()}
    if any("\n" in text or "\0" in text for text in texts.values()):
        raise InputError(f"{where}: a line break can't be written to the file: take it away")
    return tuple(sorted(texts.items()))
