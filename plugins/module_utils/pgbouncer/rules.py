# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's own HBA file.

PgBouncer drops a line that it can't read and goes on with the next, so nothing may stand there that it doesn't know.
It knows no groups: they become the names of their members that come in through the pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from ..errors import raise_problems
from ..hba.model import Rule
from ..hba.parse import parse_rules
from ..hba.render import render
from ..hba.spec import instance_of, names_of
from .names import Version

HEADER = "written by leastpriv.pgsql: what is changed here by hand is lost"
VARIABLE = "hba_rules"
NEWER: Version = (1, 23)


def rules_text(
    params: Mapping[str, Any], in_recovery: bool, members: Mapping[str, tuple[str, ...]], version: Optional[Version]
) -> str:
    """Give the whole file; one InputError names everything that is wrong."""
    rules = parse_rules(params["hba_rules"], names_of(params, pool=True, members=members), VARIABLE)
    raise_problems(problem for rule in rules for problem in too_new(rule, version))
    return render(rules, instance_of(params, in_recovery), HEADER)


def too_new(rule: Rule, version: Optional[Version]) -> Iterator[str]:
    """Say what a PgBouncer of this version, or of one that isn't known, would drop."""
    if version is not None and version >= NEWER:
        return
    where = f"{rule.variable} {rule.index}" + (f" ({rule.title})" if rule.title else "")
    if any(line.type != "local" and line.address == "all" for line in rule.lines):
        yield f"{where}: the address all needs PgBouncer 1.23: write world"
    if any(line.options for line in rule.lines):
        yield f"{where}: options need PgBouncer 1.23: take them away"


def role_warning(params: Mapping[str, Any], in_recovery: bool) -> Sequence[str]:
    """Say where the inventory and the server differ about what it is."""
    expected, found = params["instance_role"], instance_of(params, in_recovery).role
    if params["hba_rules"] is None or expected in (None, found):
        return ()
    return (f"instance_role is {expected}, but the server is a {found} now: the rules for that one count",)
