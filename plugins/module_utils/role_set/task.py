# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of roles into the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..assume import Assume
from ..plan import Part
from ..task import Task
from .inspect import read_role_set
from .model import parse_role_set
from .plan import diff_role_set, resolve_role_set, role_set_lines, undo_role_set


def role_set_task(params: Mapping[str, Any], assume: Assume) -> Task:
    """Give the task of pg_role_set: one part, the cluster."""
    declared = parse_role_set(params, assume)
    part = Part(
        None,
        partial(read_role_set, declared=declared),
        partial(resolve_role_set, declared),
        diff_role_set,
        undo_role_set,
        role_set_lines,
    )
    return Task(part, facts={"deferred": declared.deferred})
