# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the lookup into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..assume import Assume
from ..change import Change
from ..default_privs.checks import origin, unusable
from ..plan import Part, Plan
from ..task import AnyPart, Task
from .checks import cluster_lines, diff_cluster, resolve_cluster, resolve_nothing, undo_cluster
from .inspect import predict_lookup, read_lookup, read_state
from .model import ClusterState, Inside, Lookup, LookupState, parse_lookup
from .plan import diff_lookup, lookup_lines, resolve_lookup, undo_lookup


def lookup_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of a pool with auth_query: the function's owner, then the function in each pooled database.

    A part that has nothing to do comes last, so that the cluster's comes first whoever logs in.
    """
    lookup = parse_lookup(params, assume)
    read = partial(read_state, lookup=lookup)
    part = Part(None, read, partial(resolve_cluster, lookup), diff_cluster, undo_cluster, cluster_lines)
    last = Part(None, read, resolve_nothing, nothing, nothing, no_lines)
    return Task(part, partial(inside_parts, lookup), last=last)


def nothing(_before: ClusterState, _after: ClusterState) -> tuple[Change, ...]:
    """Say that nothing is to be done after the databases."""
    return ()


def no_lines(_state: ClusterState, _other: ClusterState) -> tuple[str, ...]:
    """Say that there is nothing to be shown after the databases."""
    return ()


def inside_parts(lookup: Lookup, plan: Plan[ClusterState]) -> tuple[AnyPart, ...]:
    """Give a part for each pooled database, and for those that once may have been; nobody else's are entered."""
    cluster = plan.after.cluster
    wanted = [Inside(name, lookup.schema, lookup.owner, users) for name, users in lookup.users.items()]
    once = [
        name for name in lookup.without if name in cluster.databases and name not in {*cluster.unborn, *cluster.closed}
    ]
    left = [name for name in once if not list(unusable(cluster.databases[name]))]
    former = [Inside(name, lookup.schema, lookup.owner, ()) for name in left if lookup.owner in plan.before.roles]
    return tuple(inside_part(inside, plan) for inside in [*wanted, *former] if inside.database in cluster.databases)


def inside_part(inside: Inside, plan: Plan[ClusterState]) -> Part[LookupState]:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    cluster = plan.after.cluster
    unborn = inside.database in cluster.unborn
    return Part(
        inside.database,
        partial(read_lookup, inside=inside),
        partial(resolve_lookup, inside),
        partial(diff_lookup, inside),
        partial(undo_lookup, inside),
        partial(lookup_lines, inside),
        partial(predict_lookup, inside=inside, server=cluster.server) if unborn else None,
        origin(cluster, inside.database) if unborn else None,
    )
