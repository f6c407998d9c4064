# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a plan for databases before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..databases.fit import deviations, unfit
from ..databases.model import CLOSED, DatabaseSpec, DatabaseState, Removal
from ..databases.parse import FORMER_KEYS
from ..databases.removal import in_the_way
from ..privileges.acting import Actor, actor_of
from ..privileges.plan import orphans, privilege_line
from ..quoting import ident
from .acl import baseline, contradictions
from .entry import denied_and_yet_in, members_who_come_in
from .lockout import locked_out
from .model import Isolation, IsolationState


def judge(declared: Isolation, before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say everything that stands against a plan."""
    for spec in declared.ordered():
        current = before.databases.get(spec.name)
        if current is not None:
            yield from deviations(spec, current, before.locales)
            yield from not_enterable(spec, current)
        else:
            yield from unfit(spec, before.databases, before.locales)
            yield from not_creatable(spec, before)
        yield from denied_and_yet_in(spec, after)
        owner = after.databases[spec.name].owner
        yield from contradictions(spec, declared.system, owner, before.server.version)
    for name in sorted(declared.absent.keys() & before.databases.keys()):
        yield from not_droppable(declared.absent[name], before)
    yield from left_hanging(before, after)
    yield from locked_out(declared, to_be_entered(declared, before, after), before, after)


def left_hanging(before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Name entries that are there and whose grantor would lose the right to have granted them."""
    there = baseline(before, after)
    old, new = (
        frozenset(orphans(entries, lambda entry: after.databases[entry.object].owner))
        for entries in (there, after.privileges)
    )
    for entry in sorted((new - old) & there):
        yield (
            f"{privilege_line(entry)}, would lose its ground, for {entry.grantor} loses the grant option: declare "
            f"the grantee, or leave {entry.grantor} the option"
        )


def not_droppable(removal: Removal, state: IsolationState) -> Iterator[str]:
    """Say what keeps this login from dropping a database."""
    there = state.databases[removal.name]
    actor = actor_of(state.server, state.roles, state.memberships)
    if removal.name == state.server.database:
        yield f"database {removal.name} can't be dropped from within: give another one as login_db"
    if not actor.owns(there.owner):
        yield (
            f"database {removal.name}: {actor.name} can't drop it: log in as its owner {there.owner}, or "
            f"{actor.joining(there.owner)}"
        )
    yield from in_the_way(removal, state.obstacles.get(removal.name, ()))


def not_creatable(spec: DatabaseSpec, state: IsolationState) -> Iterator[str]:
    """Refuse to create a database that this login could not fill."""
    if not state.server.superuser and spec.has_inside() and (spec.allowconn is False or spec.connlimit == CLOSED):
        yield (
            f"database {spec.name}: with allowconn: false or connlimit: 0 only a superuser can fill it at creation: "
            f"leave them out of the first run"
        )


def not_enterable(spec: DatabaseSpec, current: DatabaseState) -> Iterator[str]:
    """Refuse to open a database and to change its inside at once, for what is inside can't be planned."""
    if spec.allowconn and not current.allowconn and spec.has_inside():
        yield (
            f"database {spec.name} allows no connections, so what is inside of it can't be planned: run ALTER DATABASE "
            f"{ident(spec.name)} ALLOW_CONNECTIONS true first"
        )


def not_allowed(before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say which entries and which databases this login can't change."""
    actor = actor_of(before.server, before.roles, before.memberships)
    owners = {name: database.owner for name, database in after.databases.items()}
    yield from actor.refusals(baseline(before, after) ^ after.privileges, owners, before.privileges)
    settings = {setting.database for setting in before.settings ^ after.settings}
    for name, new in sorted(after.databases.items()):
        old = before.databases.get(name)
        if old != new or name in settings:
            yield from not_altered(actor, old, new)


def not_altered(actor: Actor, old: Optional[DatabaseState], new: DatabaseState) -> Iterator[str]:
    """Say what a login lacks that has to create or alter a database, or to give it to another owner."""
    owner = new.owner if old is None else old.owner
    ungiven = (old is None or owner != new.owner) and not actor.gives(new.owner)
    if ungiven:
        yield (f"database {new.name}: {actor.name} can't give it to {new.owner}: {actor.joining(new.owner)}")
    if not actor.owns(owner) and not (old is None and ungiven):
        yield (
            f"database {new.name}: {actor.name} can't alter it: log in as its owner {owner}, or {actor.joining(owner)}"
        )


def warnings_of(declared: Isolation, state: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say what the author should know: keys that nothing acts on, and members that come in all the same."""
    ignored = [f"{spec.name}.{key}" for spec in declared.ordered() for key in spec.ignored if key not in FORMER_KEYS]
    if ignored:
        yield f"keys of databases that nothing acts on yet: {', '.join(ignored)}"
    for spec in declared.ordered():
        yield from (f"database {spec.name}: {k} is now {FORMER_KEYS[k]}" for k in spec.ignored if k in FORMER_KEYS)
        yield from members_who_come_in(spec, after)
    for name in inside_names(declared):
        if name in state.databases and not is_enterable(declared, state, after, name):
            yield f"database {name} allows no connections: nothing inside of it is read or written"


def inside_names(declared: Isolation) -> list[str]:
    """Name the databases where something inside is declared."""
    return sorted({spec.name for spec in declared.ordered() if spec.has_inside()} | set(declared.public_schema_in))


def to_be_entered(declared: Isolation, before: IsolationState, after: IsolationState) -> frozenset[str]:
    """Name the databases whose inside is worked on, and the login's own where sessions are ended after the commit."""
    there = (name for name in inside_names(declared) if name in after.databases)
    found = frozenset(name for name in there if is_enterable(declared, before, after, name))
    return found | ({before.server.database} if any(spec.terminate for spec in declared.ordered()) else frozenset())


def is_enterable(declared: Isolation, before: IsolationState, after: IsolationState, name: str) -> bool:
    """Tell whether a database's inside is to be worked on: it is new, or unfinished, or open and stays so."""
    there = before.databases.get(name)
    if there is None:
        return True
    return there.allowconn and (after.databases[name].allowconn or is_unfinished(declared, before, name))


def is_unfinished(declared: Isolation, state: IsolationState, name: str) -> bool:
    """Tell whether a run that was killed had created a database."""
    spec, there = declared.specs.get(name), state.databases.get(name)
    return spec is not None and spec.connlimit is None and there is not None and there.connlimit == CLOSED
