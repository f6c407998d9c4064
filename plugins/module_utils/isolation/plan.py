# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the cluster's part of databases: creation, owners, limits, settings, ACLs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Optional

from ..change import DROP_DATABASE, Change, note
from ..databases.model import DatabaseState
from ..databases.parse import KEPT
from ..databases.plan import change, create, database_lines, diff_databases, newborn, resolve_database
from ..databases.removal import drop
from ..errors import raise_all, raise_problems
from ..plan import Resolved
from ..privileges.acting import actor_of
from ..privileges.model import Privilege, Privileges, by_object
from ..privileges.plan import diff_privileges, privilege_line
from ..settings.plan import Settings, diff_settings, resolve_settings, settings_lines
from .acl import Place, baseline, resolve_acl
from .checks import judge, not_allowed, to_be_entered, warnings_of
from .lockout import abandoned
from .missing import missing_names
from .model import Isolation, IsolationState
from .rights import kept_out, rights


def resolve_isolation(declared: Isolation, state: IsolationState) -> Resolved[IsolationState]:
    """Give the state that the declaration leads to; one error names everything that stands against it."""
    problems, warnings = missing_names(declared, state)
    raise_problems(problems)
    declared = with_encodings(declared, state)
    after = planned(declared, state)
    barred = (*not_allowed(state, after), *rights(declared, state, after), *kept_out(declared, state, after))
    raise_all(judge(declared, state, after), barred)
    left = abandoned(to_be_entered(declared, state, after), state, after)
    return Resolved(after, (*warnings, *warnings_of(declared, state, after)), barred, left)


def exact_isolation(declared: Isolation, state: IsolationState) -> Resolved[IsolationState]:
    """Give the state without what is drift, whether or not the login may do that."""
    strict = replace(declared, mode="exact") if declared.mode == "report" else declared
    after = planned(with_encodings(strict, state), state)
    if declared.unlisted:
        listed = {name: database for name, database in after.databases.items() if is_listed(declared, state, name)}
        after = replace(after, databases=MappingProxyType(listed))
    return Resolved(after)


def is_listed(declared: Isolation, state: IsolationState, name: str) -> bool:
    """Tell whether a database has an item, or needs none."""
    return name in {*declared.specs, *declared.absent, *KEPT, state.server.database}


def planned(declared: Isolation, state: IsolationState) -> IsolationState:
    """Give the state that the declaration leads to."""
    databases = replace(state, databases=planned_databases(declared, state))
    return replace(
        databases,
        privileges=planned_privileges(declared, state, databases),
        settings=planned_settings(declared, state.settings),
    )


def with_encodings(declared: Isolation, state: IsolationState) -> Isolation:
    """Call encodings what the server calls them."""
    specs = {
        name: replace(spec, encoding=state.encodings.get(spec.encoding or "", spec.encoding))
        for name, spec in declared.specs.items()
    }
    return replace(declared, specs=specs)


def planned_databases(declared: Isolation, state: IsolationState) -> MappingProxyType[str, DatabaseState]:
    """Give all databases as they are to be."""
    there, me, version = state.databases, state.server.current_user, state.server.version
    kept = {name: database for name, database in there.items() if name not in declared.absent}
    new = {
        spec.name: resolve_database(spec, there.get(spec.name) or newborn(spec, there.get(spec.template), me, version))
        for spec in declared.ordered()
    }
    return MappingProxyType({**kept, **new})


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
            current = resolve_settings(current, "", spec.name, spec.parameters, declared.mode == "exact")
    return current


def diff_isolation(declared: Isolation, before: IsolationState, after: IsolationState) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other; a created database is first made, then altered."""
    specs, version = declared.specs, before.server.version
    born = [name for name in sorted(after.databases) if name not in before.databases]
    gone = [name for name in sorted(before.databases) if name not in after.databases]
    closed = {name: newly_made(after.databases[name]) for name in born}
    actor = actor_of(before.server, before.roles, before.memberships)

    def acting(entry: Privilege) -> Optional[str]:
        return actor.run_as(entry, after.databases[entry.object].owner)

    return (
        *(create(specs[name], after.databases[name], version) for name in born),
        *diff_databases({**before.databases, **closed}, after.databases),
        *diff_settings(before.settings, after.settings),
        *map(actor.lent, diff_privileges(baseline(before, after), after.privileges, acting, version)),
        *(one for name in gone for one in removed(declared, before, name)),
    )


def removed(declared: Isolation, before: IsolationState, name: str) -> Iterator[Change]:
    """Give the statements that drop a database; one without an item is only named."""
    if name in declared.absent:
        yield from drop(declared.absent[name], before.databases[name], before.obstacles.get(name, ()))
    else:
        words = f"database {name} is declared by no item"
        yield note(
            replace(change(DROP_DATABASE, name, words, ""), destructive=True), f"{words}: declare it, or drop it"
        )


def newly_made(database: DatabaseState) -> DatabaseState:
    """Give a database right after CREATE DATABASE: open to nobody, without a comment."""
    return replace(database, allowconn=True, connlimit=0, is_template=False, comment=None)


def undo_isolation(declared: Isolation, before: IsolationState, after: IsolationState) -> tuple[Change, ...]:
    """Give the changes that lead back; created and dropped databases are named, and neither dropped nor made."""
    born = sorted(frozenset(after.databases) - frozenset(before.databases))
    gone = sorted(frozenset(before.databases) - frozenset(after.databases))
    rest = replace(
        after,
        databases={name: database for name, database in after.databases.items() if name not in born},
        privileges=frozenset(entry for entry in after.privileges if entry.object not in born),
        settings=frozenset(setting for setting in after.settings if setting.database not in born),
    )
    goal = replace(before, databases={name: one for name, one in before.databases.items() if name not in gone})
    notes = [
        *(
            note(change(DROP_DATABASE, name, "", ""), f"database {name} was created; it is not dropped")
            for name in born
        ),
        *(
            note(change(DROP_DATABASE, name, "", ""), f"database {name} was dropped; it can't be undone")
            for name in gone
        ),
    ]
    return (*diff_isolation(declared, rest, goal), *notes)


def isolation_lines(state: IsolationState, other: IsolationState) -> tuple[str, ...]:
    """Give what differs from the other state as lines of text."""
    names = [name for name in sorted(state.databases) if other.databases.get(name) != state.databases[name]]
    lines = [
        *database_lines(state.databases[name] for name in names),
        *(privilege_line(entry) for entry in sorted(state.privileges - other.privileges)),
        *settings_lines(state.settings - other.settings),
    ]
    return tuple(sorted(lines))
