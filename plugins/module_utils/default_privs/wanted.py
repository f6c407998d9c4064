# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules come to, privilege by privilege: granted, revoked, or without the grant option."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Optional

from ..acl import ALL, expand
from ..errors import InputError
from ..rules.model import Rule
from .model import Place

ByPlace = dict[Place, list[Rule]]


@dataclass(frozen=True)
class Wanted:
    """What is to be for a creator.

    ``grants`` holds the declared grant option, None where nothing is said about it; ``revokes`` what goes, and
    ``options`` what stays without its grant option: both with the text of the rule.
    """

    grants: Mapping[Place, Optional[bool]]
    revokes: Mapping[Place, str]
    options: Mapping[Place, str]


@dataclass(frozen=True)
class Wants:
    """What is to be in one database: for every creator, and in its place for those that rules name."""

    general: Wanted
    named: Mapping[str, Wanted]

    def of(self, creator: str) -> Wanted:
        """Give what is to be for one creator."""
        return self.named.get(creator, self.general)


def wants_by_database(
    rules: Iterable[Rule], databases: Iterable[str], version: int
) -> tuple[dict[str, Wants], list[str]]:
    """Give what the rules come to in each database, and what is wrong with those that go together anywhere."""
    listed = tuple(rules)
    found = {name: tuple(rule for rule in listed if rule.counts_in(name)) for name in databases}
    kinds = {here: wants_of(here, version) for here in dict.fromkeys(found.values())}
    problems = dict.fromkeys(text for _wants, texts in kinds.values() for text in texts)
    return {name: kinds[here][0] for name, here in found.items()}, list(problems)


def wants_of(rules: tuple[Rule, ...], version: int) -> tuple[Wants, list[str]]:
    """Give what rules come to in a database where all of them count, and what is wrong with them."""
    general, problems = wanted_of((rule for rule in rules if rule.creators is None), version)
    named: dict[str, Wanted] = {}
    for creator in sorted({name for rule in rules for name in rule.creators or ()}):
        named[creator], more = wanted_of((rule for rule in rules if rule.counts_for(creator)), version)
        problems += more
    return Wants(general, named), problems


def wanted_of(rules: Iterable[Rule], version: int) -> tuple[Wanted, list[str]]:
    """Give what the rules come to on a server of this version, and what is wrong with them."""
    granted: ByPlace = {}
    revoked: ByPlace = {}
    narrowed: ByPlace = {}
    problems: list[str] = []
    for rule in rules:
        goal = granted if rule.state == "present" else narrowed if rule.option_only else revoked
        try:
            for place in places(rule, version):
                goal.setdefault(place, []).append(rule)
        except InputError as error:
            problems.append(f"{rule.source}: {error}")
    problems += dict.fromkeys(contradictions(granted, revoked, narrowed))
    return settled(granted, revoked, narrowed), problems


def places(rule: Rule, version: int) -> Iterator[Place]:
    """Give each entry that a rule is about; ALL stands for what the class has on this version."""
    for privilege in expand(rule.privileges, rule.object_class, version):
        for schema in rule.schemas or ("",):
            for grantee in rule.grantees:
                yield (schema, rule.object_class, grantee, privilege)


def contradictions(granted: ByPlace, revoked: ByPlace, narrowed: ByPlace) -> Iterator[str]:
    """Print both of two rules that can't both be followed; ALL gives way to what another rule grants."""
    for place, rules in granted.items():
        with_option = [rule for rule in rules if rule.grant_option]
        without = [rule for rule in rules if rule.grant_option is False]
        yield from both(rules, named(revoked, place))
        yield from both(with_option, [*without, *named(narrowed, place)])


def named(rules: ByPlace, place: Place) -> list[Rule]:
    """Give the rules that name a privilege, not just ALL."""
    return [rule for rule in rules.get(place, ()) if rule.privileges != (ALL,)]


def both(ones: list[Rule], others: list[Rule]) -> Iterator[str]:
    """Say that two rules contradict each other."""
    if ones and others:
        yield f"'{ones[0].source}' and '{others[0].source}' contradict each other: keep one of them"


def settled(granted: ByPlace, revoked: ByPlace, narrowed: ByPlace) -> Wanted:
    """Let REVOKE ALL spare what is granted, and the loss of an option what is granted with it."""
    options = {place: rules[0].source for place, rules in narrowed.items() if not option_of(granted.get(place, []))}
    grants = {place: False if place in options else option_of(rules) for place, rules in granted.items()}
    revokes = {place: rules[0].source for place, rules in revoked.items() if place not in granted}
    return Wanted(grants, revokes, options)


def option_of(rules: Iterable[Rule]) -> Optional[bool]:
    """Give the grant option that rules declare for one privilege, None if they say nothing."""
    said = {rule.grant_option for rule in rules} - {None}
    return (True in said) if said else None
