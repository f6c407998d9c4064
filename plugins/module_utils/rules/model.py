# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule says, apart from how it was written."""

from __future__ import annotations

import dataclasses
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
    database. grant_option None says nothing about it; option_only is REVOKE GRANT OPTION FOR. databases and creators
    limit the rule to those that are named; None limits nothing. source is for error messages and doesn't count in
    comparisons.
    """

    state: State
    privileges: tuple[str, ...]
    object_class: str
    grantees: tuple[str, ...]
    schemas: tuple[str, ...] = ()
    grant_option: bool | None = None
    option_only: bool = False
    databases: tuple[str, ...] | None = None
    creators: tuple[str, ...] | None = None
    source: str = field(default="", compare=False)

    def is_limited(self) -> bool:
        """Tell whether the rule counts for some databases or some creators only."""
        return self.databases is not None or self.creators is not None

    def counts_in(self, database: str) -> bool:
        """Tell whether the rule counts in a database."""
        return self.databases is None or database in self.databases

    def counts_for(self, creator: str) -> bool:
        """Tell whether the rule counts for a creator."""
        return self.creators is None or creator in self.creators


def render(rule: Rule) -> str:
    """Return the rule as text that parse_rule reads; grant_option false and limits have no text form."""
    schemas = f"IN SCHEMA {_listed(ident(name) for name in rule.schemas)} " if rule.schemas else ""
    target = f"{_listed(rule.privileges)} ON {rule.object_class}"
    grantees = _listed(grantee_sql(name) for name in rule.grantees)
    if rule.state == "present":
        return f"{schemas}GRANT {target} TO {grantees}" + (" WITH GRANT OPTION" if rule.grant_option else "")
    return f"{schemas}REVOKE {'GRANT OPTION FOR ' if rule.option_only else ''}{target} FROM {grantees}"


def limited(rule: Rule, databases: tuple[str, ...] | None, creators: tuple[str, ...] | None) -> Rule:
    """Return the rule with its limits, which its source shows, too."""
    pairs = (("databases", databases), ("creators", creators))
    said = [f"{what} {_listed(ident(name) for name in names)}" for what, names in pairs if names is not None]
    source = f"{rule.source} ({'; '.join(said)})" if said else rule.source
    return dataclasses.replace(rule, databases=databases, creators=creators, source=source)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
