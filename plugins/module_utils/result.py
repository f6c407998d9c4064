# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outcome as a module's result."""

from __future__ import annotations

from typing import Any

from .change import script
from .task import Outcome, Step


def result_of(outcome: Outcome) -> dict[str, Any]:
    """Give changes, SQL, undo and diff as plain data."""
    changes = outcome.changes()
    return {
        "changed": bool(changes),
        "changes": [change.as_result() for change in changes],
        "sql": script(changes),
        "undo_sql": script(outcome.undo()),
        "diff": diff_of(outcome),
    }


def diff_of(outcome: Outcome) -> list[dict[str, str]]:
    """Give before and after of what changes, and then the SQL."""
    if not outcome.changes():
        return []
    shown = [_shown(step) for step in outcome.steps if step.before or step.after]
    return [*shown, {"prepared": "\n".join(["-- SQL", *script(outcome.changes()), ""])}]


def _shown(step: Step) -> dict[str, str]:
    return {
        "before": step.before,
        "after": step.after,
        "before_header": step.header,
        "after_header": step.header,
    }
