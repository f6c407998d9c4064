# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of databases into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Optional

from ..assume import Assume
from ..connection import Connection
from ..databases.model import DatabaseState
from ..insides.inspect import built_in, read_inside
from ..insides.model import Inside, InsideState
from ..insides.plan import diff_inside, inside_lines, resolve_inside, undo_inside
from ..plan import Part, Plan
from ..privileges.acting import actor_of
from ..task import AnyPart, Task
from .entry import deprived
from .inspect import read_isolation
from .model import Isolation, IsolationState, parse_isolation
from .plan import diff_isolation, isolation_lines, resolve_isolation, undo_isolation

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
    )
    return Task(part, partial(insides, declared), partial(templates, declared), partial(end_sessions, declared))


def templates(declared: Isolation, plan: ClusterPlan) -> frozenset[str]:
    """Name the databases that will be cloned."""
    return frozenset(spec.template for spec in declared.ordered() if spec.name not in plan.before.databases)


def insides(declared: Isolation, plan: ClusterPlan) -> tuple[AnyPart, ...]:
    """Give a part for each database that can be entered and where something is declared."""
    wanted = sorted({s.name for s in declared.ordered() if s.has_inside()} | set(declared.public_schema_in))
    there = plan.before.databases
    open_ones = [name for name in wanted if name in plan.after.databases and (name not in there or there[name].allowconn)]
    return tuple(inside_part(declared, inside_of(declared, name, plan), plan) for name in open_ones)


def inside_of(declared: Isolation, name: str, plan: ClusterPlan) -> Inside:
    """Give what is declared for one database's inside."""
    spec = declared.specs.get(name)
    owner = plan.after.databases[name].owner
    close_public = name in declared.public_schema_in or (spec is not None and spec.revoke_create)
    return Inside(
        name,
        owner,
        spec.schemas if spec else (),
        spec.extensions if spec else (),
        declared.schema_rules,
        close_public,
        declared.system.admin_role,
        declared.exact,
        plan.after.offers,
    )


def inside_part(declared: Isolation, inside: Inside, plan: ClusterPlan) -> Part[InsideState]:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    actor = actor_of(plan.after.server, plan.after.roles, plan.after.memberships, inside.owner)
    predict = None if inside.database in plan.before.databases else partial(predicted, inside, plan)
    return Part(
        inside.database,
        partial(read_inside, inside=inside),
        partial(resolve_inside, inside, actor),
        partial(diff_inside, inside, actor),
        partial(undo_inside, inside, actor),
        inside_lines,
        predict,
        template_of(declared, inside.database, plan.before.databases) if predict else None,
    )


def template_of(declared: Isolation, name: str, databases: Mapping[str, DatabaseState]) -> Optional[str]:
    """Name the template to look at; None for template0, which nobody can enter, and others that can't be entered."""
    template = databases.get(declared.specs[name].template)
    return template.name if template and template.allowconn and template.name != "template0" else None


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
