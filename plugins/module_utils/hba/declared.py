# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a module's options as what is to be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional, TypeVar, Union

from ..connection import Server
from ..errors import InputError, raise_problems
from .expressions import SINCE
from .ident import Mapped, map_expressions, parse_ident
from .model import Instance, Line, Rule
from .parse import parse_rules
from .render import active_lines
from .spec import instance_of, names_of

T = TypeVar("T")


@dataclass(frozen=True)
class Declared:
    """What is to be there; ``ident`` is None where the maps aren't managed."""

    rules: tuple[Rule, ...]
    ident: Optional[tuple[Mapped, ...]]
    instance: Instance
    replication_user: Optional[str]
    allowed: tuple[str, ...]
    backup: bool

    def active(self) -> list[Rule]:
        """Give the rules that count on this instance."""
        return [rule for rule in self.rules if self.instance.takes(rule.role)]

    def lines(self) -> tuple[Line, ...]:
        """Give the lines that count on this instance."""
        return active_lines(self.rules, self.instance)

    def items(self) -> list[str]:
        """Name the item of each line that counts, in the lines' order."""
        return [rule.label() for rule in self.active() for _line in rule.lines]

    def expressions(self, version: int) -> Iterator[tuple[str, str]]:
        """Give each regular expression that the server will compile, with where it stands."""
        yield from map_expressions(self.ident, version)
        for rule in self.active() if version >= SINCE else ():
            tokens = (token for line in rule.lines for token in (*line.databases, *line.users))
            yield from ((rule.label(), token.text[1:]) for token in tokens if token.text.startswith("/"))

    def warnings(self) -> Iterator[str]:
        """Warn of rules whose map isn't declared, where maps are."""
        known = None if self.ident is None else {line.map for line in self.ident}
        for rule in self.active():
            maps = [text for line in rule.lines for name, text in line.options if name == "map"]
            for name in dict.fromkeys(maps):
                if known is not None and name not in known:
                    yield f"{rule.label()} uses the map {name}, of which ident has no line: nobody comes in by it"


def parse_declared(params: Mapping[str, Any], server: Server) -> Declared:
    """Read rules and maps for a server; one InputError names all that is wrong."""
    rules = tried(lambda: parse_rules(params["rules"], names_of(params), "rules", server.version))
    given = params["ident"]
    ident = None if given is None else tried(lambda: parse_ident(given, server.version))
    raise_problems(one.message for one in (rules, ident) if isinstance(one, InputError))
    return Declared(
        () if isinstance(rules, InputError) else rules,
        None if isinstance(ident, InputError) else ident,
        instance_of(params, server.in_recovery),
        params["replication_user"],
        tuple(params["allow_lockout"] or ()),
        params["backup"],
    )


def tried(read: Any) -> Union[Any, InputError]:
    """Read something, and give the error as a value, so that the other is looked at, too."""
    try:
        return read()
    except InputError as error:
        return error
