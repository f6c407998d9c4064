# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a plan for databases before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from ..databases.model import FORMER_KEYS, DatabaseSpec
from ..databases.plan import deviations, unfit
from ..privileges.acting import actor_of
from ..privileges.plan import orphans, privilege_line
from .acl import baseline
from .entry import denied_and_yet_in, members_who_come_in
from .model import Isolation, IsolationState


def missing_names(declared: Isolation, state: IsolationState) -> tuple[list[str], list[str]]:
    """Judge the roles, templates and databases that are named and aren't there: problems, and warnings."""
    assumed = {database.name for database in declared.assume.databases}
    there = frozenset(state.databases) | frozenset(declared.specs) | assumed
    roles = declared.assume.missing("role", declared.roles() - frozenset(state.roles))
    databases = declared.assume.missing("database", frozenset(declared.public_schema_in) - there)
    more = [text for spec in declared.ordered() for text in missing_for(spec, state)]
    unknown = [f"parameters: the server knows no {name}; correct the name" for name in sorted(state.unknown_parameters)]
    return [*roles[0], *databases[0], *more, *unknown], [*roles[1], *databases[1]]


def missing_for(spec: DatabaseSpec, state: IsolationState) -> Iterator[str]:
    """Name what one item needs and the server hasn't."""
    if spec.name not in state.databases:
        if spec.template not in state.databases:
            yield f"database {spec.name}: there is no template {spec.template}; correct the name"
        if spec.tablespace and spec.tablespace not in state.tablespaces:
            yield f"database {spec.name}: there is no tablespace {spec.tablespace}; create it first"
    for extension in spec.extensions:
        offer = state.offers.get(extension.name)
        if offer is None:
            yield (
                f"database {spec.name}: the server doesn't offer the extension {extension.name}; install its package, "
                f"or correct the name"
            )
        elif extension.version and extension.version not in offer.schemas:
            known = ", ".join(sorted(offer.schemas))
            yield f"database {spec.name}: extension {extension.name} has no version {extension.version}; there is {known}"


def judge(declared: Isolation, before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say everything that stands against a plan."""
    for spec in declared.ordered():
        current = before.databases.get(spec.name)
        if current is not None:
            yield from deviations(spec, current)
        elif spec.template in before.databases:
            yield from unfit(spec, before.databases[spec.template])
            yield from not_creatable(spec, before)
        yield from denied_and_yet_in(spec, after)
    yield from not_allowed(before, after)
    yield from left_hanging(before, after)


def left_hanging(before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Name entries whose grantor would lose the right to have granted them."""
    old, new = (
        frozenset(orphans(entries, lambda entry: after.databases[entry.object].owner))
        for entries in (baseline(before, after), after.privileges)
    )
    for entry in sorted(new - old):
        yield (
            f"{privilege_line(entry)}, would lose its ground, for {entry.grantor} loses the grant option: declare "
            f"the grantee, or leave {entry.grantor} the option"
        )


def not_creatable(spec: DatabaseSpec, state: IsolationState) -> Iterator[str]:
    """Say what this login lacks for creating a database."""
    me = state.server.current_user
    if not state.server.superuser and me in state.roles and not state.roles[me].createdb:
        yield f"database {spec.name} can't be created by {me}, who has no CREATEDB: run ALTER ROLE {me} CREATEDB"
    if not state.server.superuser and spec.allowconn is False and spec.has_inside():
        yield (
            f"database {spec.name}: with allowconn: false only a superuser can fill it at creation: leave allowconn out "
            f"of the first run"
        )


def not_allowed(before: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say which entries this login can neither make nor take away."""
    actor = actor_of(before.server, before.roles, before.memberships)
    owners = {name: database.owner for name, database in after.databases.items()}
    yield from actor.refusals(baseline(before, after) ^ after.privileges, owners, before.privileges)


def warnings_of(declared: Isolation, state: IsolationState, after: IsolationState) -> Iterator[str]:
    """Say what the author should know: keys that nothing acts on, and members that come in all the same."""
    ignored = [f"{spec.name}.{key}" for spec in declared.ordered() for key in spec.ignored if key not in FORMER_KEYS]
    ignored += [f"{s.name}.{key}" for s in declared.ordered() for key in s.provider_keys if s.name in state.databases]
    if ignored:
        yield f"keys of databases that nothing acts on yet: {', '.join(ignored)}"
    for spec in declared.ordered():
        yield from (f"database {spec.name}: {k} is now {FORMER_KEYS[k]}" for k in spec.ignored if k in FORMER_KEYS)
        current = state.databases.get(spec.name)
        if current is not None and not current.allowconn and spec.has_inside():
            yield f"database {spec.name} allows no connections: nothing inside of it is read or written"
        yield from members_who_come_in(spec, after)
