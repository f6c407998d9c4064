# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the cluster's part of databases: creation, owners, limits, settings, ACLs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Optional

from ..change import DROP_DATABASE, Change, note
from ..databases.model import DatabaseState
from ..databases.plan import change, create, database_lines, diff_databases, newborn, resolve_database
from ..errors import raise_problems
from ..plan import Resolved
from ..privileges.acting import actor_of
from ..privileges.model import Privilege, Privileges, by_object
from ..privileges.plan import diff_privileges, privilege_line
from ..settings.plan import Settings, diff_settings, resolve_settings, settings_lines
from .acl import Place, baseline, resolve_acl
from .checks import judge, warnings_of
from .missing import missing_names
from .model import Isolation, IsolationState


def resolve_isolation(declared: Isolation, state: IsolationState) -> Resolved[IsolationState]:
    """Give the state that the declaration leads to; one error names everything that stands against it."""
    problems, warnings = missing_names(declared, state)
    raise_problems(problems)
    declared = with_encodings(declared, state)
    databases = replace(state, databases=planned_databases(declared, state))
    after = replace(
        databases,
        privileges=planned_privileges(declared, state, databases),
        settings=planned_settings(declared, state.settings),
    )
    raise_problems(judge(declared, state, after))
    return Resolved(after, (*warnings, *warnings_of(declared, state, after)))


def with_encodings(declared: Isolation, state: IsolationState) -> Isolation:
    """Call encodings what the server calls them."""
    specs = {
        name: replace(spec, encoding=state.encodings.get(spec.encoding or "", spec.encoding))
        for name, spec in declared.specs.items()
    }
    return replace(declared, specs=specs)


def planned_databases(declared: Isolation, state: IsolationState) -> MappingProxyType[str, DatabaseState]:
    """Give all databases as they are to be."""
    there, me = state.databases, state.server.current_user
    new = {
        spec.name: resolve_database(spec, there.get(spec.name) or newborn(spec, there.get(spec.template), me))
        for spec in declared.ordered()
    }
    return MappingProxyType({**there, **new})


def planned_privileges(declared: Isolation, before: IsolationState, after: IsolationState) -> Privileges:
    """Give the ACLs of the declared databases as they are to be."""
    actor = actor_of(before.server, before.roles, before.memberships)
    current = by_object(baseline(before, after))
    found = []
    for spec in declared.ordered():
        owner = after.databases[spec.name].owner
        place = Place(owner, actor.grants_as(owner), before.server.version)
        found.append(resolve_acl(spec, declared, current.get(spec.name, frozenset()), place))
    return frozenset().union(*found)


def planned_settings(declared: Isolation, current: Settings) -> Settings:
    """Give the databases' settings as they are to be."""
    for spec in declared.ordered():
        if spec.parameters is not None:
            current = resolve_settings(current, "", spec.name, spec.parameters, declared.exact)
    return current


def diff_isolation(declared: Isolation, before: IsolationState, after: IsolationState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other; a created database is first made, then altered."""
    specs, version = declared.specs, before.server.version
    born = [name for name in sorted(after.databases) if name not in before.databases]
    closed = {name: newly_made(after.databases[name]) for name in born}
    actor = actor_of(before.server, before.roles, before.memberships)

    def acting(entry: Privilege) -> Optional[str]:
        return actor.run_as(entry, after.databases[entry.object].owner)

    return (
        *(create(specs[name], after.databases[name], version) for name in born),
        *diff_databases({**before.databases, **closed}, after.databases),
        *diff_settings(before.settings, after.settings),
        *map(actor.lent, diff_privileges(baseline(before, after), after.privileges, acting, version)),
    )


def newly_made(database: DatabaseState) -> DatabaseState:
    """Give a database right after CREATE DATABASE: open to nobody, without a comment."""
    return replace(database, allowconn=True, connlimit=0, comment=None)


def undo_isolation(declared: Isolation, before: IsolationState, after: IsolationState) -> tuple[Change, ...]:
    """Give the changes that lead back; created databases are named and not dropped."""
    born = sorted(frozenset(after.databases) - frozenset(before.databases))
    rest = replace(
        after,
        databases={name: database for name, database in after.databases.items() if name not in born},
        privileges=frozenset(entry for entry in after.privileges if entry.object not in born),
        settings=frozenset(setting for setting in after.settings if setting.database not in born),
    )
    notes = [
        note(change(DROP_DATABASE, name, "", ""), f"database {name} was created; it is not dropped") for name in born
    ]
    return (*diff_isolation(declared, rest, before), *notes)


def isolation_lines(state: IsolationState, other: IsolationState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text."""
    names = [name for name in sorted(state.databases) if other.databases.get(name) != state.databases[name]]
    lines = [
        *database_lines(state.databases[name] for name in names),
        *(privilege_line(entry) for entry in sorted(state.privileges - other.privileges)),
        *settings_lines(state.settings - other.settings),
    ]
    return tuple(sorted(lines))
