# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about objects that exist: which privileges on which objects which grantees have, or don't have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Optional

State = Literal["present", "absent"]

# How narrowly a rule says which objects it is about; where two rules differ, the narrower one counts.
WHOLE_CLASS, IN_SCHEMAS, BY_PATTERN, BY_NAME = 0, 1, 2, 3

IN_SCHEMA = frozenset({"TABLE", "SEQUENCE", "FUNCTION", "TYPE"})
"""Classes whose objects are in schemas."""
SHARED = frozenset({"DATABASE", "TABLESPACE", "PARAMETER"})
"""Classes whose objects belong to the cluster, not to a database."""


@dataclass(frozen=True, order=True)
class ObjectName:
    """Name an object, or with ``*`` and ``?`` several in patterns and exceptions.

    The schema is '' for classes that aren't in schemas, and in a pattern for any schema; it can be a pattern of its
    own there, as in ``app_*.log_*``. A pattern without ``*`` and ``?`` fits one name. ``arguments`` are the types
    of a routine's arguments as they are written; None names it without them, which has to be unambiguous.
    """

    name: str
    schema: str = ""
    arguments: Optional[tuple[str, ...]] = None


@dataclass(frozen=True)
class ObjectRule:
    """Say which privileges on which objects which grantees have, or don't have.

    object_class is singular (TABLE, FUNCTION, …, see acl.OBJECT_CLASSES); privileges are canonical names or
    ``("ALL",)``; a grantee is a role or acl.PUBLIC. At most one of objects, patterns and schemas narrows it, but
    patterns may be limited to schemas; exceptions are patterns, too, and never apply to named objects. columns go
    with named tables only. kinds limits routines to pg_proc.prokind letters. databases None means all that the call
    works on. source is for error messages and doesn't count in comparisons.
    """

    state: State
    privileges: tuple[str, ...]
    object_class: str
    grantees: tuple[str, ...]
    objects: tuple[ObjectName, ...] = ()
    schemas: tuple[str, ...] = ()
    patterns: tuple[ObjectName, ...] = ()
    exceptions: tuple[ObjectName, ...] = ()
    columns: tuple[str, ...] = ()
    kinds: str = ""
    grant_option: Optional[bool] = None
    option_only: bool = False
    databases: Optional[tuple[str, ...]] = None
    source: str = field(default="", compare=False)

    def level(self) -> int:
        """Tell how narrowly the rule says which objects it is about."""
        if self.objects:
            return BY_NAME
        if self.patterns:
            return BY_PATTERN
        return IN_SCHEMAS if self.schemas else WHOLE_CLASS
