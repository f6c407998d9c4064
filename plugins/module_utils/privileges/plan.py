# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the privileges on objects: grants as the owner, revokes as whoever granted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Optional

from ..acl import grantee_sql, grantee_text, privileges_of
from ..change import GRANT, REVOKE, Change
from ..quoting import ident
from .model import Privilege, Privileges, Wanted

Excess = Callable[[Privilege], bool]


def resolve_privileges(
    current: Privileges, wanted: Wanted, excess: Excess, template: Privilege, owner: str, exact: bool
) -> Privileges:
    """Give one object's ACL as declared; ``template`` is an entry of this object as the session would grant it.

    What is wanted is satisfied by anybody's entry. What is in excess goes, whoever granted it, and what it let
    others grant is granted again where it is wanted. Exact also takes away grant options that aren't declared.
    """
    options = {what: False if exact and option is None else option for what, option in wanted.items()}
    kept = [entry for entry in current if entry.what() in wanted or not excess(entry)]
    narrowed = [narrow(entry, options, owner) for entry in kept]
    rest = without_orphans(frozenset(narrowed), frozenset(wanted), owner)
    return merged_options([*rest, *made(rest, options, template)])


def narrow(entry: Privilege, options: Wanted, owner: str) -> Privilege:
    """Take away a grant option that is declared false; an owner's own entry stays."""
    away = options.get(entry.what()) is False and entry.grantee != owner
    return replace(entry, grantable=False) if away else entry


def without_orphans(entries: Privileges, wanted: frozenset[tuple[str, str]], owner: str) -> Privileges:
    """Let go of wanted entries whose grantor lost the grant option; they are granted again by the owner."""
    givers = those_who_may_grant(entries)
    rest = frozenset(entry for entry in entries if entry.what() not in wanted or held(entry, givers, owner))
    return rest if rest == entries else without_orphans(rest, wanted, owner)


def those_who_may_grant(entries: Iterable[Privilege]) -> frozenset[tuple[str, str]]:
    """Give the grantees who may pass on which privilege of one object."""
    return frozenset(entry.what() for entry in entries if entry.grantable)


def held(entry: Privilege, givers: frozenset[tuple[str, str]], owner: str) -> bool:
    """Tell whether the grantor still may have granted an entry."""
    return entry.grantor == owner or (entry.grantor, entry.privilege) in givers


def made(kept: Privileges, options: Wanted, template: Privilege) -> Iterator[Privilege]:
    """Give the entries that are wanted and satisfied by none; a wider one replaces the session's own narrower one."""
    found: dict[tuple[str, str], list[Privilege]] = {}
    for entry in kept:
        found.setdefault(entry.what(), []).append(entry)
    for (grantee, privilege), option in options.items():
        there = found.get((grantee, privilege), [])
        if not there or (option and not any(entry.grantable for entry in there)):
            yield replace(template, grantee=grantee, privilege=privilege, grantable=bool(option))


def merged_options(entries: Iterable[Privilege]) -> Privileges:
    """Keep of two entries that differ in the grant option only the one that has it."""
    found: dict[tuple[str, ...], Privilege] = {}
    for entry in entries:
        known = found.get(entry.key())
        found[entry.key()] = entry if known is None or entry.grantable else known
    return frozenset(found.values())


def orphans(after: Privileges, owners: Callable[[Privilege], str]) -> Iterator[Privilege]:
    """Give the entries whose grantor would no longer be allowed to have granted them."""
    by_object: dict[tuple[str, str], set[Privilege]] = {}
    for entry in after:
        by_object.setdefault((entry.object_class, entry.object), set()).add(entry)
    for entries in by_object.values():
        givers = those_who_may_grant(entries)
        yield from (entry for entry in entries if not held(entry, givers, owners(entry)))


def diff_privileges(
    before: Privileges, after: Privileges, acting: Callable[[Privilege], Optional[str]], version: int
) -> list[Change]:
    """Grant what is new, revoke what is gone; ``acting`` names the role to become for an entry, if any."""
    old, new = {e.key(): e for e in before}, {e.key(): e for e in after}
    fresh = [entry for key, entry in new.items() if key not in old or (entry.grantable and not old[key].grantable)]
    narrowed = [entry for key, entry in new.items() if key in old and old[key].grantable and not entry.grantable]
    gone = [entry for key, entry in old.items() if key not in new]
    return [
        *(grant(group, acting(group[0])) for level in reversed(levels(fresh)) for group in grouped(level, version)),
        *(revoke(group, acting(group[0]), False) for level in levels(gone) for group in grouped(level, version)),
        *(revoke(group, acting(group[0]), True) for level in levels(narrowed) for group in grouped(level, version)),
    ]


def grouped(entries: Iterable[Privilege], version: int) -> list[list[Privilege]]:
    """Group entries that one statement can make: one object, grantee, grantor and grant option."""

    def group_of(entry: Privilege) -> tuple[str, str, str, str, bool]:
        return (entry.object_class, entry.object, entry.grantee, entry.grantor, entry.grantable)

    def place(entry: Privilege) -> tuple[tuple[str, str, str, str, bool], int]:
        return group_of(entry), privileges_of(entry.object_class, version).index(entry.privilege)

    return [list(group) for _key, group in groupby(sorted(entries, key=place), key=group_of)]


def levels(entries: Iterable[Privilege]) -> list[list[Privilege]]:
    """Sort entries so that what a grantee passed on stands in an earlier group than the grant option that let it."""
    pending, found = list(entries), []
    while pending:
        grantors = {(e.object_class, e.object, e.grantor, e.privilege) for e in pending if e.grantor != e.grantee}
        held_up = [e for e in pending if e.grantable and (e.object_class, e.object, e.grantee, e.privilege) in grantors]
        rest = held_up if len(held_up) < len(pending) else []
        later = frozenset(rest)
        found.append([entry for entry in pending if entry not in later])
        pending = rest
    return found


def grant(group: list[Privilege], run_as: Optional[str]) -> Change:
    """Give one GRANT for the privileges of a group."""
    entry, listed = group[0], ", ".join(e.privilege for e in group)
    option = " WITH GRANT OPTION" if entry.grantable else ""
    sql = f"GRANT {listed} ON {target(entry)} TO {grantee_sql(entry.grantee)}{option}"
    words = f"grant {listed} on {place(entry)} to {grantee_text(entry.grantee)}{option.lower()}"
    return change(GRANT, entry, listed, words, sql, run_as)


def revoke(group: list[Privilege], run_as: Optional[str], option_only: bool) -> Change:
    """Give one REVOKE for the privileges of a group, or for their grant option only."""
    entry, listed = group[0], ", ".join(e.privilege for e in group)
    option = "GRANT OPTION FOR " if option_only else ""
    sql = f"REVOKE {option}{listed} ON {target(entry)} FROM {grantee_sql(entry.grantee)}"
    by = f" granted by {entry.grantor}" if run_as else ""
    words = f"revoke {option.lower()}{listed} on {place(entry)} from {grantee_text(entry.grantee)}{by}"
    return replace(change(REVOKE, entry, listed, words, sql, run_as), destructive=True)


def change(action: str, entry: Privilege, listed: str, summary: str, sql: str, run_as: Optional[str]) -> Change:
    """Say which privileges on what change for whom."""
    return Change(
        action,
        entry.object_class,
        entry.object,
        summary,
        sql,
        role=grantee_text(entry.grantee),
        privilege=listed,
        grantor=entry.grantor,
        run_as=run_as,
    )


def target(entry: Privilege) -> str:
    """Give the object as it stands in GRANT and REVOKE."""
    return f"{entry.object_class} {ident(entry.object)}"


def place(entry: Privilege) -> str:
    """Give the object in words."""
    return f"{entry.object_class.lower()} {entry.object}"


def privilege_line(entry: Privilege) -> str:
    """Give an entry as a line of text."""
    option = " with grant option" if entry.grantable else ""
    return f"{place(entry)}: {entry.privilege} to {grantee_text(entry.grantee)}{option}, granted by {entry.grantor}"
