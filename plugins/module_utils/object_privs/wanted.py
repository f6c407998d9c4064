# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules want of the objects that they reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

from ..acl import ALL, expand
from ..errors import InputError
from ..object_rules.model import BY_NAME, ObjectRule
from .model import COLUMN, Shape

What = tuple[str, str, str]
"""Column ('' is the object itself), grantee, privilege."""


@dataclass(frozen=True)
class Entry:
    """One privilege of one grantee, as a rule wants it; ``soft`` is a REVOKE ALL, which spares what is granted."""

    rule: int
    level: int
    column: str
    grantee: str
    privilege: str
    present: bool
    soft: bool = False
    narrowed: bool = False
    option: Optional[bool] = None

    def what(self) -> What:
        """Tell who is to have what on which part of the object."""
        return (self.column, self.grantee, self.privilege)


@dataclass(frozen=True)
class Wanted:
    """What is to be on one shape.

    ``given`` has the declared grant option, None where nothing is said; ``taken`` goes; of ``narrowed`` the grant
    option goes; ``tolerated`` may be there or not.
    """

    given: Mapping[What, Optional[bool]]
    taken: frozenset[What]
    narrowed: frozenset[What]
    tolerated: frozenset[What]
    problems: tuple[str, ...] = field(default=())


def entries_of(rules: Iterable[ObjectRule], version: int) -> tuple[tuple[Entry, ...], list[str]]:
    """Give what the rules want on a server of this version, and what is wrong with them."""
    found = [attempted(number, rule, version) for number, rule in enumerate(rules)]
    problems = [one for one in found if isinstance(one, str)]
    return tuple(entry for one in found if not isinstance(one, str) for entry in one), problems


def attempted(number: int, rule: ObjectRule, version: int) -> Union[list[Entry], str]:
    """Give what one rule wants, or what is wrong with it."""
    try:
        return of_rule(number, rule, version)
    except InputError as error:
        return f"{rule.source}: {error}"


def of_rule(number: int, rule: ObjectRule, version: int) -> list[Entry]:
    """Give what one rule wants; ALL stands for what the class has on this version."""
    present, named_all = rule.state == "present", rule.privileges == (ALL,)
    return [
        Entry(number, rule.level(), column, grantee, privilege, present, not present and named_all, rule.option_only, o)
        for o in [rule.grant_option if present else None]
        for privilege in expand(rule.privileges, COLUMN if rule.columns else rule.object_class, version)
        for column in rule.columns or ("",)
        for grantee in rule.grantees
    ]


def wanted_on(shape: Shape, by_rule: Mapping[int, list[Entry]], rules: tuple[ObjectRule, ...]) -> Wanted:
    """Decide what is to be on a shape: the narrowest rule that says something about a privilege counts."""
    reached = [entry for number in shape.rules for entry in by_rule.get(number, ())]
    strict = [entry for entry in reached if not (shape.aside and entry.level < BY_NAME)]
    presence = narrowest(entry for entry in strict if not entry.narrowed)
    options = narrowest(entry for entry in strict if entry.narrowed or entry.option is not None)
    given = {what: option_of(options.get(what, [])) for what, said in presence.items() if any(e.present for e in said)}
    return Wanted(
        given,
        frozenset(presence) - frozenset(given),
        frozenset(what for what in options if what not in presence),
        frozenset(entry.what() for entry in reached if entry.present) - frozenset(presence),
        tuple(dict.fromkeys(contradictions(presence, options, rules))),
    )


def narrowest(entries: Iterable[Entry]) -> dict[What, list[Entry]]:
    """Group by privilege what the rules of the narrowest level say."""
    found: dict[What, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: -entry.level):
        said = found.setdefault(entry.what(), [])
        if not said or said[0].level == entry.level:
            said.append(entry)
    return found


def option_of(said: list[Entry]) -> Optional[bool]:
    """Give the declared grant option, None if nothing is said about it."""
    return any(entry.option for entry in said) if said else None


def contradictions(
    presence: Mapping[What, list[Entry]], options: Mapping[What, list[Entry]], rules: tuple[ObjectRule, ...]
) -> Iterator[str]:
    """Print both of two rules that can't both be followed."""
    for said in presence.values():
        yield from both([e for e in said if e.present], [e for e in said if not e.present and not e.soft], rules)
    for said in options.values():
        yield from both([e for e in said if e.option], [e for e in said if not e.option], rules)


def both(ones: list[Entry], others: list[Entry], rules: tuple[ObjectRule, ...]) -> Iterator[str]:
    """Say that two rules contradict each other."""
    if ones and others:
        one, other = rules[ones[0].rule].source, rules[others[0].rule].source
        yield f"'{one}' and '{other}' contradict each other: keep one of them, or let one name the object"
