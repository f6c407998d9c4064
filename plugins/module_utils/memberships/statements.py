# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements that make, change and remove memberships."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from ..change import GRANT_MEMBERSHIP, REVOKE_MEMBERSHIP, Change
from ..quoting import ident
from .granting import Granting
from .model import OPTIONS, Membership


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
    """Give the statements that change a row's options; marked where one is taken away."""
    lost = any(getattr(old, name) and not getattr(new, name) for name in OPTIONS)
    changes = altered(old, new, granting)
    return [replace(one, destructive=True) for one in changes] if lost else changes


def altered(old: Membership, new: Membership, granting: Granting) -> list[Change]:
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
    if row.grantor in granting.settable | granting.lendable:
        made = replace(made, run_as=row.grantor)
    return replace(made, borrower=granting.grantor) if row.grantor in granting.lendable else made
