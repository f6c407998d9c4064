# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan memberships: every grantor's row counts, and is changed as its grantor's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Optional

from ..change import GRANT_MEMBERSHIP, REVOKE_MEMBERSHIP, Change
from ..quoting import ident
from .model import OPTIONS, Membership, MembershipSpec

Memberships = frozenset[Membership]
ROWS_PER_GRANTOR = 160000


@dataclass(frozen=True)
class Granting:
    """Who grants in this session: on a server of this version, a role of this name.

    From 16, a login without superuser can act for other grantors: those that it inherits from, with ``GRANTED BY``;
    those that it can become, with SET ROLE; and those that it can lend itself for a moment, having ADMIN on them.
    """

    version: int
    grantor: str
    superuser: bool = True
    inherited: frozenset[str] = frozenset()
    settable: frozenset[str] = frozenset()
    lendable: frozenset[str] = frozenset()

    def per_grantor(self) -> bool:
        """Tell whether each grantor has a row of its own, with options."""
        return self.version >= ROWS_PER_GRANTOR

    def can_be(self, grantor: str) -> bool:
        """Tell whether a grantor's rows can be made and removed."""
        others = self.inherited | self.settable | self.lendable
        return self.superuser or not self.per_grantor() or grantor == self.grantor or grantor in others


def fitting(spec: MembershipSpec, granting: Granting) -> MembershipSpec:
    """Leave out the options that the server has no place for; whether they contradict it is judged elsewhere."""
    return spec if granting.per_grantor() else replace(spec, inherit=None, set=None)


def resolve_membership(rows: Memberships, spec: MembershipSpec, default: Membership) -> Memberships:
    """Give a member's rows for one role as declared; ``default`` is the row that a plain new grant would make.

    An option declared true is satisfied by anybody's row; one declared false counts for everybody's.
    """
    if not spec.present:
        return frozenset()
    options = spec.options()
    refused = {name: False for name, value in options.items() if not value}
    kept = frozenset(replace(row, **refused) for row in rows)
    if not kept:
        return frozenset({replace(default, **options)})
    lacking = {name: True for name, value in options.items() if value and not any(getattr(r, name) for r in kept)}
    return with_options(kept, default, lacking) if lacking else kept


def with_options(rows: Memberships, default: Membership, lacking: dict[str, bool]) -> Memberships:
    """Add options to one's own row, or make one that otherwise gives what the other rows give."""
    own = next((row for row in rows if row.grantor == default.grantor), None)
    if own is not None:
        return (rows - {own}) | {replace(own, **lacking)}
    there = {name: any(getattr(row, name) for row in rows) for name in OPTIONS}
    return rows | {replace(default, **{**there, **lacking})}


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
    """Tell whether no other row was granted by this row's member; one can grant a role to oneself, too."""
    member = (row.role, row.member)
    return member not in lenders and (member not in own or row.grantor == row.member)


def make(old: Optional[Membership], new: Membership, granting: Granting) -> list[Change]:
    """Give the statements that make a row, or change the options of the one that is there."""
    return [grant(new, granting)] if old is None else alter(old, new, granting)


def grant(row: Membership, granting: Granting) -> Change:
    """Give the statement that makes a row; options that equal PostgreSQL's are said all the same."""
    clause = " WITH ADMIN OPTION" if row.admin else ""
    if granting.per_grantor():
        clause = with_clause({name: getattr(row, name) for name in OPTIONS})
    sql = f"GRANT {ident(row.role)} TO {ident(row.member)}{clause}{granted_by(row, granting)}"
    return change(GRANT_MEMBERSHIP, row, f"grant {row.role} to {row.member}{in_words(row)}", sql, granting)


def revoke(row: Membership, granting: Granting) -> Change:
    """Give the statement that removes a row."""
    by = granted_by(row, granting) if granting.per_grantor() else ""
    sql = f"REVOKE {ident(row.role)} FROM {ident(row.member)}{by}"
    who = f" granted by {row.grantor}" if by else ""
    made = change(REVOKE_MEMBERSHIP, row, f"revoke {row.role} from {row.member}{who}", sql, granting)
    return replace(made, destructive=True)


def alter(old: Membership, new: Membership, granting: Granting) -> list[Change]:
    """Give the statements that change a row's options."""
    words = f"change {new.role} of {new.member}:{in_words(new) or ' no admin option'}"
    head = f"{ident(new.role)} TO {ident(new.member)}"
    if granting.per_grantor():
        options = {name: getattr(new, name) for name in OPTIONS if getattr(new, name) != getattr(old, name)}
        sql = f"GRANT {head}{with_clause(options)}{granted_by(new, granting)}"
        return [change(GRANT_MEMBERSHIP, new, words, sql, granting)]
    if old.admin and not new.admin and old.grantor == new.grantor:
        sql = f"REVOKE ADMIN OPTION FOR {ident(new.role)} FROM {ident(new.member)}"
        return [change(REVOKE_MEMBERSHIP, new, words, sql, granting)]
    again = [] if new.admin and not old.admin else [revoke(old, granting)]
    return [*again, replace(grant(new, granting), summary=words)]


def with_clause(options: dict[str, bool]) -> str:
    """Give the WITH clause of 16 and newer."""
    return " WITH " + ", ".join(f"{name.upper()} {'TRUE' if value else 'FALSE'}" for name, value in options.items())


def granted_by(row: Membership, granting: Granting) -> str:
    """Name the grantor where it isn't the one that the server takes by itself; to 15 only a superuser may."""
    allowed = granting.superuser or granting.per_grantor()
    return f" GRANTED BY {ident(row.grantor)}" if allowed and row.grantor not in ("", granting.grantor) else ""


def in_words(row: Membership) -> str:
    """Say which options deviate from a plain membership."""
    words = [*(["with admin option"] if row.admin else []), *([] if row.inherit else ["without inherit"])]
    words += [] if row.set else ["without set"]
    return f" {', '.join(words)}" if words else ""


def change(action: str, row: Membership, summary: str, sql: str, granting: Granting) -> Change:
    """Say which membership changes, and act for its grantor."""
    made = Change(action, "MEMBERSHIP", row.role, summary, sql, role=row.member, grantor=row.grantor)
    if row.grantor in granting.settable:
        return replace(made, run_as=row.grantor)
    return replace(made, sql=lent(sql, row.grantor, granting.grantor)) if row.grantor in granting.lendable else made


def lent(sql: str, role: str, borrower: str) -> str:
    """Give a statement in between of two that lend a role to the login and take it back."""
    lend = f"GRANT {ident(role)} TO {ident(borrower)} WITH INHERIT TRUE, SET FALSE"
    return f"{lend};\n{sql};\nREVOKE {ident(role)} FROM {ident(borrower)}"


def membership_line(row: Membership) -> str:
    """Give a membership as a line of text."""
    return f"role {row.member}: member of {row.role}{in_words(row)}, granted by {row.grantor or 'nobody there'}"
