# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of default privileges into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..assume import Assume
from ..plan import Part, Plan
from ..task import AnyPart, Task
from .checks import creators_in, no_changes, no_lines, origin, resolve_cluster, worked_on
from .inspect import Looking, predict_defaults, read_cluster, read_defaults
from .model import Cluster, DefaultPrivs, parse_default_privs
from .plan import defaults_lines, diff_defaults, undo_defaults
from .resolve import Inside, resolve_defaults
from .wanted import wanted_of


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
    return Task(cluster, partial(inside_parts, declared))


def inside_parts(declared: DefaultPrivs, plan: Plan[Cluster]) -> tuple[AnyPart, ...]:
    """Give a part for each database that has a creator."""
    cluster = plan.after
    wanted, _problems = wanted_of(declared.rules, cluster.server.version)
    parts = []
    for name in worked_on(declared, cluster):
        creators = creators_in(declared, cluster, name)
        inside = Inside(
            name,
            creators,
            declared.schemas(),
            wanted,
            declared.exact,
            cluster.server,
            cluster.acts_for,
            declared.assume,
        )
        if creators:
            parts.append(inside_part(inside, cluster))
    return tuple(parts)


def inside_part(inside: Inside, cluster: Cluster) -> AnyPart:
    """Give the part of one database; one that isn't there yet is predicted from its template."""
    assumed = frozenset(
        schema for one in inside.assume.databases if one.name == inside.database for schema in one.schemas
    )
    looking = Looking(inside.creators, inside.schemas, assumed)
    unborn = inside.database in cluster.unborn
    return Part(
        inside.database,
        partial(read_defaults, looking=looking),
        partial(resolve_defaults, inside),
        diff_defaults,
        undo_defaults,
        defaults_lines,
        partial(predict_defaults, looking=looking, version=cluster.server.version) if unborn else None,
        origin(cluster, inside.database) if unborn else None,
    )
