# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule says, apart from how it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..acl import DEFAULT_CLASSES, grantee_sql
from ..quoting import ident

if TYPE_CHECKING:
    from collections.abc import Iterable

State = Literal["present", "absent"]
CLASS_WORDS = {"routines": "FUNCTIONS", **{name.lower(): name for name in DEFAULT_CLASSES}}
"""The words for a class in lower case, with the class's one name."""
GLOBAL_ONLY = frozenset({"SCHEMAS", "LARGE OBJECTS"})
"""Classes whose default privileges can't be limited to schemas."""


@dataclass(frozen=True)
class Rule:
    """Say which privileges on a class of future objects which grantees have, or don't have.

    privileges are canonical names or ``("ALL",)``; a grantee is a role or acl.PUBLIC; no schemas mean the whole
    database. grant_option None says nothing about it; option_only is REVOKE GRANT OPTION FOR. source is for
    error messages and doesn't count in comparisons.
    """

    state: State
    privileges: tuple[str, ...]
    object_class: str
    grantees: tuple[str, ...]
    schemas: tuple[str, ...] = ()
    grant_option: bool | None = None
    option_only: bool = False
    source: str = field(default="", compare=False)


def render(rule: Rule) -> str:
    """Return the rule as text that parse_rule reads; a declared grant_option false has no text form."""
    schemas = f"IN SCHEMA {_listed(ident(name) for name in rule.schemas)} " if rule.schemas else ""
    target = f"{_listed(rule.privileges)} ON {rule.object_class}"
    grantees = _listed(grantee_sql(name) for name in rule.grantees)
    if rule.state == "present":
        return f"{schemas}GRANT {target} TO {grantees}" + (" WITH GRANT OPTION" if rule.grant_option else "")
    return f"{schemas}REVOKE {'GRANT OPTION FOR ' if rule.option_only else ''}{target} FROM {grantees}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
