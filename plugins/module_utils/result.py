# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outcome as a module's result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .change import Change, commented, script
from .task import Outcome, Step


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Give changes, SQL, undo, drift and diff as plain data."""
    changes = outcome.changes()
    return {
        "changed": bool(changes),
        "changes": [change.as_result() for change in changes],
        "destructive": any(change.destructive for change in changes),
        "sql": script(changes),
        "undo_sql": script(outcome.undo()),
        "drift": [change.as_result() for change in outcome.drift],
        "drift_sql": script(outcome.drift),
        "diff": diff_of(outcome),
    }


def diff_of(outcome: Outcome) -> list[dict[str, str]]:
    """Give before and after of what changes, and then the SQL."""
    changes = outcome.changes()
    if not changes and not outcome.drift:
        return []
    shown = [_shown(step) for step in outcome.steps if step.before or step.after]
    prepared = [headline(changes), *script(changes)] if changes else []
    left = ["-- drift: not declared, and left as it is in mode report", *map(commented, script(outcome.drift))]
    return [*shown, {"prepared": "\n".join([*prepared, *(left if outcome.drift else []), ""])}]


def headline(changes: Sequence[Change]) -> str:
    """Mark a plan that takes something away."""
    count = sum(change.destructive for change in changes)
    return f"-- SQL (destructive: {count} of {len(changes)} statements take something away)" if count else "-- SQL"


def _shown(step: Step) -> dict[str, str]:
    return {
        "before": step.before,
        "after": step.after,
        "before_header": step.header,
        "after_header": step.header,
    }
