# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of pg_object_privs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Optional

from ..acl import grantee_text
from ..assume import Assume
from ..change import Change
from ..connection import Connection
from ..default_privs.checks import origin, worked_on
from ..plan import Part, Plan
from ..privileges.acting import actor_of
from ..task import AnyPart, Task
from .cluster import looking_at_cluster, reached, read_state, resolve_cluster
from .inspect import read_objects
from .looking import Looking
from .model import SCHEMA, ClusterState, ObjectPrivs, Objects, parse_object_privs
from .plan import diff_objects, objects_lines, resolve_objects, undo_objects
from .template0 import from_template0
from .wanted import entries_of

REPORT = "report"


def object_privs_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of pg_object_privs: the cluster's own objects, and the inside of each database."""
    declared = parse_object_privs(params, assume)
    report = params["mode"] == REPORT
    strict = replace(declared, exact=True)
    part = Part(
        None,
        partial(read_state, declared=strict if report else declared),
        partial(resolve_cluster, declared),
        partial(diff_cluster, declared),
        partial(undo_cluster, declared),
        cluster_lines,
        stricter=partial(resolve_cluster, strict) if report else None,
    )
    return Task(part, partial(inside_parts, declared, report), facts={"scope": scope_of(declared, params["mode"])})


def scope_of(declared: ObjectPrivs, mode: str) -> dict[str, Any]:
    """Say what exact can reach."""
    scope = declared.scope
    grantees = "all" if scope.grantees is None else sorted(map(grantee_text, scope.grantees))
    return {
        "mode": mode,
        "databases": "all" if declared.databases is None else list(declared.databases),
        "owners": "all" if scope.owners is None else list(scope.owners),
        "schemas": "all" if scope.schemas is None else list(scope.schemas),
        "except_schemas": list(scope.excepted),
        "grantees": grantees,
    }


def diff_cluster(declared: ObjectPrivs, before: ClusterState, after: ClusterState) -> tuple[Change, ...]:
    """Give the changes of the cluster's own objects."""
    return diff_objects(looking_at_cluster(declared, before), before.shared, after.shared)


def undo_cluster(declared: ObjectPrivs, before: ClusterState, after: ClusterState) -> tuple[Change, ...]:
    """Give the changes that lead back."""
    return undo_objects(looking_at_cluster(declared, before), before.shared, after.shared)


def cluster_lines(state: ClusterState, other: ClusterState) -> tuple[str, ...]:
    """Give who has what on the cluster's own objects, where it differs."""
    return objects_lines(state.shared, other.shared)


def inside_parts(declared: ObjectPrivs, report: bool, plan: Plan[ClusterState]) -> tuple[AnyPart, ...]:
    """Give a part for each database where something is declared or undeclared things are looked for."""
    state = plan.after
    found = (looking_into(declared, report, state, name) for name in worked_on(reached(declared), state.cluster))
    return tuple(inside_part(looking, report, state) for looking in found if looking.any())


def looking_into(declared: ObjectPrivs, report: bool, state: ClusterState, name: str) -> Looking:
    """Say what to look for in one database."""
    rules, owner = declared.inside(name), state.cluster.databases[name].owner
    entries, _problems = entries_of(rules, state.cluster.server.version)
    actor = actor_of(state.cluster.server, state.roles, state.memberships, owner)
    said = [one for one in declared.assume.databases if one.name == name]
    assumed = frozenset((SCHEMA, schema) for one in said for schema in one.schemas)
    return Looking(
        name,
        rules,
        entries,
        declared.scope,
        actor,
        owner,
        declared.exact,
        declared.exact or report,
        assumed,
        tuple(privilege for one in said for privilege in one.schema_privileges),
    )


def inside_part(looking: Looking, report: bool, state: ClusterState) -> AnyPart:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    name = looking.database or ""
    unborn = name in state.cluster.unborn
    return Part(
        name,
        partial(read_objects, looking=looking),
        partial(resolve_objects, looking),
        partial(diff_objects, looking),
        partial(undo_objects, looking),
        objects_lines,
        partial(predicted, looking, state) if unborn else None,
        origin(state.cluster, name) if unborn else None,
        partial(resolve_objects, replace(looking, exact=True)) if report else None,
    )


def predicted(looking: Looking, state: ClusterState, connection: Optional[Connection]) -> Objects:
    """Give what a new database will have that deviates: what its template has."""
    return read_objects(connection, looking) if connection else from_template0(looking, state.cluster.server)
