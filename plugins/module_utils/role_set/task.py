# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of roles into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ..assume import Assume
from ..plan import Part
from ..task import Task
from .inspect import read_role_set
from .leaving import dropping, end_sessions, handed_parts
from .model import RoleSet, RoleSetState, parse_role_set, reported
from .plan import diff_role_set, resolve_dropping, resolve_role_set, role_set_lines, undo_role_set


def role_set_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of pg_role_set: the cluster; for roles that go in steps also databases, and the cluster again."""
    declared = parse_role_set(params, assume)
    part, facts = cluster_part(declared, params), {"deferred": declared.deferred, "scope": scope_of(declared, params)}
    if not declared.leaving():
        return Task(part, facts=facts)
    last = replace(
        part,
        read=partial(read_role_set, declared=dropping(declared)),
        resolve=partial(resolve_dropping, declared),
        stricter=None,
    )
    return Task(part, partial(handed_parts, declared), facts=facts, last=last, between=partial(end_sessions, declared))


def cluster_part(declared: RoleSet, params: Mapping[str, Any]) -> Part[RoleSetState]:
    """Give the part of the cluster; with what is only told where the mode is ``report``."""
    told = reported(declared, params)
    return Part(
        None,
        partial(read_role_set, declared=declared),
        partial(resolve_role_set, declared),
        diff_role_set,
        undo_role_set,
        role_set_lines,
        stricter=partial(resolve_role_set, told) if told else None,
    )


def scope_of(declared: RoleSet, params: Mapping[str, Any]) -> dict[str, Any]:
    """Say what mode exact could reach: of these roles what is declared, and the roles that nobody declares."""
    present = declared.present()
    parameters = [s.name for s in present if s.parameters is not None or s.database_parameters is not None]
    return {
        "mode": params["mode"],
        "memberships": params["memberships"] or params["mode"],
        "memberships_of": [spec.name for spec in present if spec.memberships is not None],
        "parameters_mode": params["parameters_mode"] or params["mode"],
        "parameters_of": parameters,
        "attributes_of": [spec.name for spec in present if spec.exact_attributes],
        "unlisted_roles": params["unlisted_roles"],
        "unlisted_except": params["unlisted_except"] or [],
    }
