# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of databases into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Optional

from ..acl import PUBLIC
from ..assume import Assume
from ..connection import Connection
from ..databases.model import DatabaseSpec, DatabaseState
from ..insides.inspect import PUBLIC_SCHEMA, built_in, read_inside
from ..insides.model import Inside, InsideState
from ..insides.plan import diff_inside, exact_inside, inside_lines, resolve_inside, undo_inside
from ..plan import Part, Plan
from ..privileges.acting import actor_of
from ..task import AnyPart, Task, no_finish
from .acl import CREATE, exact_privileges
from .checks import inside_names, is_enterable, is_unfinished
from .entry import deprived
from .inspect import read_isolation
from .model import Isolation, IsolationState, parse_isolation
from .plan import diff_isolation, exact_isolation, isolation_lines, resolve_isolation, undo_isolation

END_SESSIONS = """
SELECT usename::text, pg_catalog.count(*)
FROM (SELECT usename, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
      WHERE datname = %(database)s AND usename = ANY (%(roles)s::text[]) AND pid <> pg_catalog.pg_backend_pid()) ended
GROUP BY usename ORDER BY usename
"""

ClusterPlan = Plan[IsolationState]


def isolation_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of pg_db_isolation: the cluster, and the inside of each database where something is declared."""
    declared = parse_isolation(params, assume)
    part = Part(
        None,
        partial(read_isolation, declared=declared),
        partial(resolve_isolation, declared),
        partial(diff_isolation, declared),
        partial(undo_isolation, declared),
        isolation_lines,
        stricter=partial(exact_isolation, declared) if declared.mode == "report" or declared.unlisted else None,
    )
    parts, origins = partial(insides, declared), partial(templates, declared)
    ends = any(spec.terminate for spec in declared.ordered())
    finish = partial(end_sessions, declared) if ends else no_finish
    return Task(part, parts, origins, finish, {"scope": scope_of(declared)})


def scope_of(declared: Isolation) -> dict[str, Any]:
    """Say what mode exact could reach: of each database the privileges, the settings, and the ACLs of schemas."""
    return {
        "mode": declared.mode,
        "schemas_mode": declared.schemas_mode,
        "databases": [
            scope_of_database(declared, name) for name in sorted({*declared.specs, *declared.public_schema_in})
        ],
    }


def scope_of_database(declared: Isolation, name: str) -> dict[str, Any]:
    """Say what mode exact could reach of one database."""
    spec = declared.specs.get(name, DatabaseSpec(name))
    ruled = {schema.name for schema in spec.schemas if not schema.absent and declared.schema_rules is not None}
    closed = {PUBLIC_SCHEMA} if spec.revoke_create or name in declared.public_schema_in else set()
    privileges, settings = sorted(exact_privileges(spec)), spec.parameters is not None
    return {"name": name, "privileges": privileges, "parameters": settings, "schemas": sorted(ruled | closed)}


def templates(declared: Isolation, plan: ClusterPlan) -> dict[str, str]:
    """Name the databases that will be created, each with what it is cloned from."""
    return {spec.name: spec.template for spec in declared.ordered() if spec.name not in plan.before.databases}


def insides(declared: Isolation, plan: ClusterPlan) -> tuple[AnyPart, ...]:
    """Give a part for each database that can be entered and where something is declared."""
    assumed = {database.name for database in declared.assume.databases}
    wanted = [name for name in inside_names(declared) if name in plan.after.databases or name in assumed]
    open_ones = [name for name in wanted if is_enterable(declared, plan.before, plan.after, name)]
    return tuple(inside_part(declared, inside_of(declared, name, plan), plan) for name in open_ones)


def inside_of(declared: Isolation, name: str, plan: ClusterPlan) -> Inside:
    """Give what is declared for one database's inside."""
    spec = declared.specs.get(name)
    schemas, extensions = (spec.schemas, spec.extensions) if spec else ((), ())
    close_public = name in declared.public_schema_in or (spec is not None and spec.revoke_create)
    return Inside(
        name,
        owner_of(declared, name, plan),
        [schema for schema in schemas if not schema.absent],
        [extension for extension in extensions if not extension.absent],
        declared.schema_rules,
        close_public,
        declared.system.admin_role,
        declared.schemas_mode == "exact",
        plan.after.offers,
        {schema.name: schema for schema in schemas if schema.absent},
        {extension.name: extension for extension in extensions if extension.absent},
        may_create(name, plan),
    )


def may_create(name: str, plan: ClusterPlan) -> bool:
    """Tell whether the login will have CREATE on a database; of one that isn't declared, nothing inside needs it."""
    state = plan.after
    actor = actor_of(state.server, state.roles, state.memberships)
    entries = [entry for entry in state.privileges if entry.object == name]
    creators = {entry.grantee for entry in entries if entry.privilege == CREATE}
    return actor.superuser or not entries or bool(creators & (actor.has | {PUBLIC}))


def owner_of(declared: Isolation, name: str, plan: ClusterPlan) -> str:
    """Give a database's owner as planned here or by an earlier task."""
    if name in plan.after.databases:
        return plan.after.databases[name].owner
    owners = {database.name: database.owner for database in declared.assume.databases}
    return owners.get(name) or plan.after.server.current_user


def inside_part(declared: Isolation, inside: Inside, plan: ClusterPlan) -> Part[InsideState]:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    actor = actor_of(plan.after.server, plan.after.roles, plan.after.memberships, inside.owner)
    predict = partial(predicted, inside, plan) if is_unborn(declared, inside.database, plan) else None
    return Part(
        inside.database,
        partial(read_inside, inside=inside),
        partial(resolve_inside, inside, actor),
        partial(diff_inside, inside, actor),
        partial(undo_inside, inside, actor),
        inside_lines,
        predict,
        origin(declared, inside.database, plan.before.databases) if predict else None,
        partial(exact_inside, inside, actor) if declared.schemas_mode == "report" else None,
    )


def is_unborn(declared: Isolation, name: str, plan: ClusterPlan) -> bool:
    """Tell whether a database can't be looked into: it isn't there, or unfinished, when only superusers come in."""
    state = plan.before
    return name not in state.databases or (not state.server.superuser and is_unfinished(declared, state, name))


def origin(declared: Isolation, name: str, databases: Mapping[str, DatabaseState]) -> Optional[str]:
    """Name the database to look into for what a new one will have; None for template0 and others that are closed."""
    passed = {name}
    template = declared.template_of(name)
    while template not in databases and template not in passed:
        passed.add(template)
        template = declared.template_of(template)
    there = databases.get(template)
    return template if there and there.allowconn and template != "template0" else None


def predicted(inside: Inside, plan: ClusterPlan, connection: Optional[Connection]) -> InsideState:
    """Give the inside that a new database will have."""
    return read_inside(connection, inside) if connection else built_in(plan.before.server)


def end_sessions(declared: Isolation, connection: Connection, plan: ClusterPlan) -> tuple[str, ...]:
    """End the sessions of roles that lost CONNECT, where the item says so; give a warning that counts them."""
    said: list[str] = []
    for spec in declared.ordered():
        roles = deprived(spec, plan.before, plan.after) if spec.terminate else []
        rows = connection.rows(END_SESSIONS, database=spec.name, roles=roles) if roles else []
        said += [f"database {spec.name}: ended {count} sessions of {role}, who lost CONNECT" for role, count in rows]
    return tuple(said)
