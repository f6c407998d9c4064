# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan a declaration of roles: from state to state, so that an undo is the same plan the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ..change import Change, note
from ..errors import raise_all, raise_problems
from ..memberships.plan import diff_memberships, membership_line
from ..passwords.model import weakness
from ..passwords.plan import diff_passwords, password_lines, resolve_passwords
from ..plan import Resolved
from ..roles.model import RoleState
from ..roles.plan import Roles, diff_roles, drop, resolve_role, role_lines
from ..settings.model import Parameters
from ..settings.plan import Settings, diff_settings, resolve_settings, settings_lines
from .checks import judge, missing_names, not_yet_droppable, refusals
from .grants import granting_in, made_by_server, resolve_memberships, surviving, without_grantors
from .leaving import as_handed, busy, dropping
from .lockout import abandoned
from .model import RoleSet, RoleSetState
from .unlisted import without_unlisted

UNREADABLE = "the login can't read stored passwords, so those of existing roles are left as they are: {names}"


def resolve_role_set(declared: RoleSet, state: RoleSetState) -> Resolved[RoleSetState]:
    """Give the state that the declaration leads to; one error names everything that stands against it."""
    problems, warnings = missing_names(declared, state)
    raise_problems(problems)
    roles = planned_roles(declared, state)
    after = replace(
        state,
        roles=MappingProxyType(roles),
        memberships=resolve_memberships(declared, state, roles),
        settings=planned_settings(declared, state.settings, frozenset(state.roles) - frozenset(roles)),
    )
    after, unreadable = with_passwords(declared, state, after)
    barred = refusals(declared, state, after)
    raise_all(judge(declared, state, after), barred)
    waiting = not_yet_droppable(declared, state, after)
    said = (*warnings, *unreadable, *weak_passwords(declared), *waiting, *busy(declared, state))
    return Resolved(after, said, barred, abandoned(declared, state, after))


def resolve_dropping(declared: RoleSet, state: RoleSetState) -> Resolved[RoleSetState]:
    """Give the state without the roles that go, when what they had is handed on."""
    return resolve_role_set(dropping(declared), as_handed(declared, state))


def planned_roles(declared: RoleSet, state: RoleSetState) -> dict[str, RoleState]:
    """Give all roles as they are to be; those that go in steps are only shut for now."""
    gone = frozenset(declared.absent()) - state.leaving
    kept = {name: role for name, role in state.roles.items() if name not in gone}
    kept = without_unlisted(declared.unlisted, state.unlisted, kept)
    shut = {name: replace(kept[name], login=False) for name in state.leaving}
    specs = [spec for spec in declared.present() if not declared.only or spec.name in kept]
    days, exact = declared.renew_days, declared.exact_attributes
    new = [resolve_role(spec, kept.get(spec.name), state.today, days, exact) for spec in specs]
    return {**kept, **shut, **{role.name: role for role in new}}


def planned_settings(declared: RoleSet, current: Settings, gone: frozenset[str]) -> Settings:
    """Give the settings of the declared roles as they are to be; those of dropped roles go with them."""
    mine: dict[str, Settings] = {}
    for setting in current:
        mine[setting.role] = mine.get(setting.role, frozenset()) | {setting}
    for spec in declared.present():
        rows = mine.get(spec.name, frozenset())
        if spec.parameters is not None:
            rows = resolve_settings(rows, spec.name, "", spec.parameters, declared.exact_parameters)
        if spec.database_parameters is not None:
            rows = in_databases(rows, spec.name, spec.database_parameters, declared.exact_parameters)
        mine[spec.name] = rows
    return frozenset(setting for role, rows in mine.items() if role not in gone for setting in rows)


def in_databases(rows: Settings, role: str, declared: Mapping[str, Parameters], exact: bool) -> Settings:
    """Give a role's settings in databases as they are to be; exact counts for databases that aren't named too."""
    others = {row.database for row in rows if row.database} - set(declared) if exact else set()
    for database in [*declared, *others]:
        rows = resolve_settings(rows, role, database, declared.get(database, {}), exact)
    return rows


def with_passwords(declared: RoleSet, state: RoleSetState, after: RoleSetState) -> tuple[RoleSetState, tuple[str, ...]]:
    """Add what is to be stored; where nothing can be read, only new roles get their passwords."""
    wanted = declared.passwords()
    old = [name for name in wanted if name in state.roles]
    kept = old if state.passwords is None or declared.only_new_passwords else []
    sent = {name: password for name, password in wanted.items() if name not in kept}
    stored = resolve_passwords(state.passwords or {}, sent, state.iterations)
    fresh = frozenset(name for name in stored if stored[name] != (state.passwords or {}).get(name))
    unreadable = sorted(kept) if state.passwords is None and not declared.only_new_passwords else []
    warnings = (UNREADABLE.format(names=", ".join(unreadable)),) if unreadable else ()
    if state.passwords is None and not sent:
        return after, warnings
    return replace(after, passwords=stored, fresh=fresh), warnings


def weak_passwords(declared: RoleSet) -> list[str]:
    """Give a warning for each password that is too short or a role's name."""
    names = frozenset(declared.specs)
    found = (weakness(name, password, names) for name, password in declared.passwords().items())
    return [text for text in found if text]


def diff_role_set(before: RoleSetState, after: RoleSetState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other; what goes with a dropped role isn't said again."""
    gone = frozenset(before.roles) - frozenset(after.roles)
    old_rows = surviving(before.memberships, gone, before.server)
    new_rows = after.memberships - made_by_server(before, after)
    old_settings = frozenset(setting for setting in before.settings if setting.role not in gone)
    passwords = {name: text for name, text in (after.passwords or {}).items() if name in after.roles}
    return (
        *diff_roles(before.roles, after.roles, before.unlisted),
        *diff_memberships(old_rows, new_rows, granting_in(before)),
        *diff_settings(old_settings, after.settings),
        *diff_passwords(before.passwords or {}, passwords),
    )


def undo_role_set(before: RoleSetState, after: RoleSetState) -> tuple[Change, ...]:
    """Give the changes that lead back; what concerns roles that are dropped is named, and not done."""
    dropped = frozenset(before.roles) - frozenset(after.roles)
    gone = dropped | before.leaving
    notes = [note(drop(name), f"role {name} was dropped; it is not made again") for name in sorted(dropped)]
    leaving = before.leaving - dropped
    shut = [one for one in diff_role_set(before, after) if {one.role, one.object, one.grantor} & leaving]
    notes += [note(one, f"not undone, for the role is removed: {one.summary}") for one in shut]
    return (*diff_role_set(without(after, gone), without(before, gone)), *notes)


def without(state: RoleSetState, gone: frozenset[str]) -> RoleSetState:
    """Give a state without some roles, and without what is theirs."""
    there = without_grantors(state.memberships, gone, state.server)
    return replace(
        state,
        roles={name: role for name, role in state.roles.items() if name not in gone},
        memberships=frozenset(row for row in there if not {row.role, row.member, row.grantor} & gone),
        settings=frozenset(setting for setting in state.settings if setting.role not in gone),
    )


def role_set_lines(state: RoleSetState, other: RoleSetState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text, sorted by role."""
    lines = [
        *role_lines(changed_roles(state.roles, other.roles)),
        *(membership_line(row) for row in sorted(state.memberships - other.memberships)),
        *settings_lines(state.settings - other.settings),
        *password_lines(state.passwords or {}, other.passwords or {}, state.fresh),
    ]
    return tuple(sorted(lines))


def changed_roles(roles: Roles, others: Roles) -> Iterable[RoleState]:
    """Give the roles that aren't the same on the other side."""
    return [role for name, role in roles.items() if others.get(name) != role]
