# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge files by how the server would read them now."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import AccessError
from .facts import Found, Read
from .hidden import hidden_error
from .plan import Plan
from .tokens import read_lines

SILENT = "it doesn't say why; a name that can't be resolved is a reason"


class RefusedError(AccessError):
    """Report that the server refuses a file."""


def refuse_rejected(path: str, rules: Sequence[Read], items: Sequence[str]) -> None:
    """Raise AccessError for lines that the server would refuse, with the items that they come from."""
    named = [*items, *[""] * len(rules)]
    wrong = [
        f"{rule.file or path} line {rule.number}{f' ({item})' if item else ''}: {hidden_error(rule.error or SILENT)}"
        for rule, item in zip(rules, named)
        if rule.rejected()
    ]
    if wrong:
        raise RefusedError(f"the server refuses {'; '.join(wrong)}")


def refuse_other(found: Found, plan: Plan, rules: Sequence[Read]) -> None:
    """Raise AccessError if the server reads another file than the one that lies here."""
    text = next((draft.text for draft in plan.drafts if found.hba and draft.old.path == found.hba.path), None)
    if text is None or not found.hba:
        return
    expected = [located.number for located in read_lines(text, found.server.version)]
    if [rule.number for rule in rules] != expected:
        raise AccessError(
            f"the server doesn't read {found.hba.path} as it was just written here: run this on the server's own host"
        )
