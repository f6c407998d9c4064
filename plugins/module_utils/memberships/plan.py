# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan memberships: every grantor's row counts, and is changed as its grantor's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..change import Change
from .granting import Granting
from .model import OPTIONS, Membership, MembershipSpec
from .statements import in_words, make, revoke

Memberships = frozenset[Membership]


def fitting(spec: MembershipSpec, granting: Granting) -> MembershipSpec:
    """Leave out the options that the server has no place for; whether they contradict it is judged elsewhere."""
    return spec if granting.per_grantor() else replace(spec, inherit=None, set=None)


def complete(spec: MembershipSpec, inherit: bool, keeps_admin: bool) -> MembershipSpec:
    """Declare every option: those that aren't declared are as a plain GRANT makes them."""
    admin = spec.admin if keeps_admin or spec.admin is not None else False
    inherits = inherit if spec.inherit is None else spec.inherit
    return replace(spec, admin=admin, inherit=inherits, set=True if spec.set is None else spec.set)


def resolve_membership(rows: Memberships, spec: MembershipSpec, default: Membership) -> Memberships:
    """Give a member's rows for one role as declared; ``default`` is the row that a plain new grant would make.

    An option declared true is satisfied by anybody's row; one declared false counts for everybody's.
    """
    if not spec.present:
        return frozenset()
    options = spec.options()
    refused = {name: False for name, value in options.items() if not value}
    kept = frozenset(altered(row, refused) for row in rows)
    if not kept:
        return frozenset({altered(default, options)})
    lacking = {name: True for name, value in options.items() if value and not any(getattr(r, name) for r in kept)}
    return with_options(kept, default, lacking) if lacking else kept


def with_options(rows: Memberships, default: Membership, lacking: dict[str, bool]) -> Memberships:
    """Add options to one's own row, or make one that otherwise gives what the other rows give.

    Only ADMIN isn't repeated: it can't be granted back to whom one has it from, and the other row keeps it.
    """
    own = next((row for row in rows if row.grantor == default.grantor), None)
    if own is not None:
        return (rows - {own}) | {altered(own, lacking)}
    there = {name: any(getattr(row, name) for row in rows) for name in OPTIONS}
    return rows | {altered(default, {**there, "admin": False, **lacking})}


def altered(row: Membership, options: Mapping[str, bool]) -> Membership:
    """Give a row with other options."""
    admin, inherit, set_option = (options.get(name, getattr(row, name)) for name in OPTIONS)
    return replace(row, admin=admin, inherit=inherit, set=set_option)


def merge_rows(rows: Memberships, granting: Granting) -> Memberships:
    """To 15, keep the one row that there can be: the last grantor who changed it."""
    if granting.per_grantor() or len(rows) < 2:
        return rows
    return frozenset(row for row in rows if row.grantor == granting.grantor)


def diff_memberships(before: Memberships, after: Memberships, granting: Granting) -> list[Change]:
    """Revoke rows that are gone, grant rows that are new, change options of the others."""
    old, new = by_key(before - after, granting), by_key(after - before, granting)
    gone = levels(row for key, row in old.items() if key not in new)
    made = levels(new.values())[::-1]
    return [
        *(revoke(row, granting) for level in gone for row in level),
        *(one for level in made for row in level for one in make(old.get(key_of(row, granting)), row, granting)),
    ]


def by_key(rows: Iterable[Membership], granting: Granting) -> dict[tuple[str, ...], Membership]:
    """Index rows by what makes them one: role, member, and from 16 the grantor."""
    return {key_of(row, granting): row for row in rows}


def key_of(row: Membership, granting: Granting) -> tuple[str, ...]:
    """Give what makes a row one."""
    return (row.role, row.member, *([row.grantor] if granting.per_grantor() else []))


def levels(rows: Iterable[Membership]) -> list[list[Membership]]:
    """Sort rows so that what a member granted on stands in an earlier group than the membership that let it."""
    pending, done = set(rows), []
    while pending:
        lenders = {(row.role, row.grantor) for row in pending if row.grantor != row.member}
        own = {(row.role, row.grantor) for row in pending if row.grantor == row.member}
        free = {row for row in pending if is_free(row, lenders, own)} or set(pending)
        done.append(sorted(free))
        pending -= free
    return done


def is_free(row: Membership, lenders: set[tuple[str, str]], own: set[tuple[str, str]]) -> bool:
    """Tell whether no other row was granted by this row's admin option; one can grant a role to oneself, too."""
    member = (row.role, row.member)
    return not row.admin or (member not in lenders and (member not in own or row.grantor == row.member))


def membership_line(row: Membership) -> str:
    """Give a membership as a line of text."""
    return f"role {row.member}: member of {row.role}{in_words(row)}, granted by {row.grantor or 'nobody there'}"
