# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolve default privileges: from what is declared and what is in one database to what is to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import grantee_text
from ..assume import Assume
from ..connection import Server
from ..errors import raise_all
from ..plan import Resolved
from ..quoting import ident
from .model import DefaultPrivilege, Defaults, Facts, Place, builtin
from .wanted import Wants

ByCreator = dict[str, dict[Place, bool]]


@dataclass(frozen=True)
class Inside:
    """What is declared for one database, and by whom it is to be done."""

    database: str
    schemas: frozenset[str]
    wants: Wants
    exact: bool
    server: Server
    acts_for: Optional[frozenset[str]]
    assume: Assume


def resolve_defaults(inside: Inside, state: Defaults) -> Resolved[Defaults]:
    """Give the default privileges as declared; one error names everything that stands against it."""
    problems, warnings = missing_schemas(inside, state)
    current = by_creator(state.creators, state.facts)
    after = resolve_creators(inside, current)
    changing = sorted(creator for creator in after if after[creator] != current[creator])
    refusals = tuple(forbidden(inside, changing))
    raise_all([*problems, *ineffective(inside, after)], refusals)
    return Resolved(replace(state, facts=facts_of(after)), warnings, refusals)


def exact_defaults(inside: Inside, state: Defaults) -> Resolved[Defaults]:
    """Give the default privileges as mode exact would leave them, whether or not the login may do that."""
    after = resolve_creators(replace(inside, exact=True), by_creator(state.creators, state.facts))
    return Resolved(replace(state, facts=facts_of(after)))


def resolve_creators(inside: Inside, current: ByCreator) -> ByCreator:
    """Give each creator's entries as declared."""
    return {creator: resolve_creator(inside, creator, found) for creator, found in current.items()}


def facts_of(found: ByCreator) -> Facts:
    """Give the entries as facts."""
    return frozenset(
        DefaultPrivilege(creator, *place, option)
        for creator, entries in found.items()
        for place, option in entries.items()
    )


def by_creator(creators: Iterable[str], facts: Facts) -> ByCreator:
    """Give each creator's entries with their grant options."""
    found: ByCreator = {creator: {} for creator in creators}
    for fact in facts:
        found[fact.creator][fact.place()] = fact.grantable
    return found


def resolve_creator(inside: Inside, creator: str, current: Mapping[Place, bool]) -> dict[Place, bool]:
    """Give one creator's entries as declared.

    What isn't declared stays; exact keeps only what is built in and what the creator gives itself.
    """
    wanted, kept = inside.wants.of(creator), dict(current)
    if inside.exact:
        standing = {fact.place() for fact in builtin({creator}, inside.server.version)}.union(wanted.grants)
        kept = {place: option for place, option in current.items() if place in standing or place[2] == creator}
    after = {
        place: option and place not in wanted.options for place, option in kept.items() if place not in wanted.revokes
    }
    for place, declared in wanted.grants.items():
        spared = after.get(place, False) and (not inside.exact or place[2] == creator)
        after[place] = spared if declared is None else declared
    return after


def missing_schemas(inside: Inside, state: Defaults) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Judge the schemas that rules name and that aren't there: problems, and warnings."""
    problems, warnings = inside.assume.missing("schema", inside.schemas - state.schemas)
    where = f"database {inside.database}: "
    return tuple(where + text for text in problems), tuple(where + text for text in warnings)


def ineffective(inside: Inside, after: ByCreator) -> Iterator[str]:
    """Name the rules that would take away in a schema what holds in the whole database: that has no effect."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for source, place, creator in hollow(inside.wants, after):
        creators = found.setdefault((source, place[3], place[1], grantee_text(place[2])), [])
        creators.append(creator)
    for (source, privilege, name, grantee), creators in sorted(found.items()):
        yield (
            f"database {inside.database}: '{source}' would have no effect, for {grantee} has {privilege} on the future "
            f"{name} of {', '.join(dict.fromkeys(creators))} in all schemas: revoke it without IN SCHEMA"
        )


def hollow(wants: Wants, after: ByCreator) -> Iterator[tuple[str, Place, str]]:
    """Give what is to go in a schema and holds in all of them; of an option, where that is held, too."""
    for creator, held in after.items():
        wanted = wants.of(creator)
        for place, source in wanted.revokes.items():
            if place[0] and ("", *place[1:]) in held:
                yield source, place, creator
        for place, source in wanted.options.items():
            if place[0] and held.get(("", *place[1:])):
                yield source, place, creator


def forbidden(inside: Inside, creators: list[str]) -> Iterator[str]:
    """Name the creators whose default privileges have to change and that the login may not act for."""
    barred = [] if inside.acts_for is None else [name for name in creators if name not in inside.acts_for]
    if barred:
        me = inside.server.current_user
        how = " WITH INHERIT TRUE" if inside.server.version >= 160000 else ""
        roles = ", ".join(ident(name) for name in barred)
        yield (
            f"database {inside.database}: {me} may not change the default privileges of {', '.join(barred)}: "
            f"run GRANT {roles} TO {ident(me)}{how}, log in as a superuser, or leave these creators out"
        )
