# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan roles: attributes, comment, expiry; creation and removal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Optional

from ..change import ALTER_ROLE, CREATE_ROLE, DROP_ROLE, Change
from ..quoting import ident, literal
from .expiry import expiry_of
from .model import FLAGS, RoleSpec, RoleState

Roles = Mapping[str, RoleState]


def resolve_role(
    spec: RoleSpec, current: Optional[RoleState], today: date, renew_days: Optional[int], exact: bool = False
) -> RoleState:
    """Give the role as declared; what isn't declared stays, or is PostgreSQL's default for a new one.

    With ``exact``, an item that says so gives its role the defaults where it declares nothing; comments stay.
    """
    flags: Mapping[str, Any] = spec.flags
    plain = RoleState(spec.name, comment=current.comment if current else None)
    state = replace(plain if current is None or (exact and spec.exact_attributes) else current, **flags)
    if spec.connlimit is not None:
        state = replace(state, connlimit=spec.connlimit)
    if spec.comment is not None:
        state = replace(state, comment=spec.comment or None)
    if spec.expiry is not None:
        until = expiry_of(spec.expiry, current.valid_until if current else None, today, renew_days)
        state = replace(state, valid_until=until)
    return state


def diff_roles(before: Roles, after: Roles, unlisted: frozenset[str] = frozenset()) -> list[Change]:
    """Create, alter and drop roles; of those that no item declares, say so."""
    changes: list[Change] = []
    for name in sorted(after):
        old, new = before.get(name), after[name]
        if old == new:
            continue
        changes += [create(new)] if old is None else alter(old, new)
        changes += comment(old, new)
    gone = (drop(name) for name in sorted(before) if name not in after)
    return [undeclared(change) if change.role in unlisted else change for change in [*changes, *gone]]


def undeclared(change: Change) -> Change:
    """Say of a change that no item declares its role."""
    return replace(change, summary=f"{change.summary}, which no item declares")


def create(role: RoleState) -> Change:
    """Give CREATE ROLE with what deviates from PostgreSQL's defaults, and whether it may log in."""
    words = " ".join(["LOGIN" if role.login else "NOLOGIN", *attributes(RoleState(role.name, login=role.login), role)])
    sql = f"CREATE ROLE {ident(role.name)} {words}"
    return Change(CREATE_ROLE, "ROLE", role.name, f"create role {role.name} ({words})", sql, role=role.name)


def alter(old: RoleState, new: RoleState) -> list[Change]:
    """Give ALTER ROLE with what differs."""
    words = " ".join(attributes(old, new))
    if not words:
        return []
    sql, summary = f"ALTER ROLE {ident(new.name)} {words}", f"alter role {new.name}: {words}"
    return [Change(ALTER_ROLE, "ROLE", new.name, summary, sql, role=new.name, destructive=loses(old, new))]


def loses(old: RoleState, new: RoleState) -> bool:
    """Tell whether a role loses an attribute."""
    return any(getattr(old, flag) and not getattr(new, flag) for flag in FLAGS)


def attributes(old: RoleState, new: RoleState) -> list[str]:
    """Give the words of CREATE and ALTER ROLE that lead from one state to the other."""
    changed = [flag for flag in FLAGS if getattr(old, flag) != getattr(new, flag)]
    words = [f"{'' if getattr(new, flag) else 'NO'}{flag.upper()}" for flag in changed]
    words += [f"CONNECTION LIMIT {new.connlimit}"] if old.connlimit != new.connlimit else []
    return words + ([f"VALID UNTIL {literal(new.valid_until)}"] if old.valid_until != new.valid_until else [])


def comment(old: Optional[RoleState], new: RoleState) -> list[Change]:
    """Give COMMENT ON ROLE where the text differs."""
    if (old.comment if old else None) == new.comment:
        return []
    text = "NULL" if new.comment is None else literal(new.comment).strip()
    sql = f"COMMENT ON ROLE {ident(new.name)} IS {text}"
    return [Change(ALTER_ROLE, "ROLE", new.name, f"comment on role {new.name}", sql, role=new.name)]


def drop(name: str) -> Change:
    """Give DROP ROLE."""
    return Change(DROP_ROLE, "ROLE", name, f"drop role {name}", f"DROP ROLE {ident(name)}", role=name, destructive=True)


def role_lines(roles: Iterable[RoleState]) -> list[str]:
    """Give each attribute of each role as a line of text."""
    return [line for role in sorted(roles, key=lambda role: role.name) for line in lines_of(role)]


def lines_of(role: RoleState) -> list[str]:
    """Give one role's attributes as lines of text."""
    flags = [f"role {role.name}: {flag} {'true' if getattr(role, flag) else 'false'}" for flag in FLAGS]
    more = [f"role {role.name}: connlimit {role.connlimit}", f"role {role.name}: valid until {role.valid_until}"]
    return [*flags, *more, *([f"role {role.name}: comment {role.comment}"] if role.comment is not None else [])]
