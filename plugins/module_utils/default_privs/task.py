# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of default privileges into the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Optional

from ..assume import Assume
from ..change import Change
from ..plan import Part, Plan
from ..task import AnyPart, Task
from .checks import creators_in, no_changes, no_lines, origin, resolve_cluster, worked_on
from .creators import Everyone
from .inspect import Looking, predict_defaults, read_cluster, read_defaults
from .model import Cluster, DefaultPrivs, Defaults, parse_default_privs
from .plan import defaults_lines, diff_defaults, undo_defaults
from .resolve import Inside, exact_defaults, resolve_defaults
from .wanted import Wants, wants_by_database


def default_privs_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of pg_default_privs: the cluster is only looked at, the changes are inside of databases."""
    declared = parse_default_privs(params, assume)
    cluster = Part(
        None,
        partial(read_cluster, assume=assume),
        partial(resolve_cluster, declared),
        no_changes,
        no_changes,
        no_lines,
    )
    return Task(cluster, partial(inside_parts, declared), facts={"scope": scope_of(declared, params)})


def scope_of(declared: DefaultPrivs, params: Mapping[str, Any]) -> dict[str, Any]:
    """Say what mode exact could reach: the entries of these creators in these databases, for all grantees."""
    databases = "all" if declared.databases is None else list(declared.databases)
    return {"mode": params["mode"], "databases": databases, "creators": params["creators"], "grantees": "all"}


def inside_parts(declared: DefaultPrivs, plan: Plan[Cluster]) -> tuple[AnyPart, ...]:
    """Give a part for each database that has a creator."""
    names = worked_on(declared, plan.after)
    wants, _problems = wants_by_database(declared.rules, names, plan.after.server.version)
    parts = (inside_part(declared, plan.after, name, wants[name]) for name in names)
    return tuple(part for part in parts if part is not None)


def inside_part(declared: DefaultPrivs, cluster: Cluster, name: str, wants: Wants) -> Optional[AnyPart]:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    looking = looking_for(declared, cluster, name)
    if not looking.creators and looking.everyone is None:
        return None
    schemas = declared.schemas_in(name)
    inside = Inside(name, schemas, wants, declared.exact, cluster.server, acts_for(cluster), declared.assume)
    unborn = name in cluster.unborn
    return Part(
        name,
        partial(read_defaults, looking=looking),
        partial(resolve_defaults, inside),
        partial(acted, cluster, diff_defaults),
        partial(acted, cluster, undo_defaults),
        defaults_lines,
        partial(predict_defaults, looking=looking, version=cluster.server.version) if unborn else None,
        origin(cluster, name) if unborn else None,
        partial(exact_defaults, inside) if declared.report else None,
    )


def acts_for(cluster: Cluster) -> Optional[frozenset[str]]:
    """Give the creators whose default privileges the login may change; None is everybody's."""
    return cluster.acting.reached() if cluster.acting else None


def acted(
    cluster: Cluster, changes: Callable[[Defaults, Defaults], tuple[Change, ...]], before: Defaults, after: Defaults
) -> tuple[Change, ...]:
    """Give the changes between two states, each as whoever it takes."""
    found = changes(before, after)
    return tuple(map(cluster.acting.acted, found)) if cluster.acting else found


def looking_for(declared: DefaultPrivs, cluster: Cluster, name: str) -> Looking:
    """Say what to look for in one database."""
    assumed = frozenset(schema for one in declared.assume.databases if one.name == name for schema in one.schemas)
    creators, schemas = creators_in(declared, cluster, name), declared.schemas_in(name)
    grantees = declared.grantees_in(name)
    if not declared.creators.everyone:
        return Looking(creators, schemas, assumed, grantees=grantees)
    there = "" if name in cluster.unborn else name
    everyone = Everyone(there, cluster.databases[name].owner, cluster.roles, cluster.superusers, cluster.born)
    return Looking(tuple(sorted(declared.creators_named_in(name))), schemas, assumed, everyone, grantees)
