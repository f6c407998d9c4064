# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that no item declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from ..connection import Server
from ..roles.model import RoleSpec, RoleState

IGNORE, REPORT, NOLOGIN, DROP = "ignore", "report", "nologin", "drop"
ACTIONS = (IGNORE, REPORT, NOLOGIN, DROP)
Roles = Mapping[str, RoleState]


@dataclass(frozen=True)
class Unlisted:
    """What this call does with roles that no item names, and in ``report`` what it only tells; empty is nothing."""

    action: str = ""
    report: str = ""
    listed: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()

    def looks(self) -> bool:
        """Tell whether these roles matter to this call."""
        return bool(self.action or self.report)

    def drops(self) -> bool:
        """Tell whether this call drops them."""
        return self.action == DROP


NONE = Unlisted()


def parse_unlisted(params: Mapping[str, Any], specs: Iterable[RoleSpec]) -> Unlisted:
    """Read the options; what is told and NOLOGIN belong to the first of two calls, dropping to the last.

    What earlier tasks make is listed outside of check mode, too: else it would foresee something else.
    """
    option, only, defer = params["unlisted_roles"], params["only"] or (), params["defer"] or ()
    told = option == REPORT or (params["mode"] == REPORT and option != IGNORE)
    last = "absent" in only or not (only or "absent" in defer)
    acts = last if option == DROP and not told else not only
    if option == IGNORE or not acts:
        return NONE
    told_as = DROP if option == REPORT else option
    assumed = {role["name"] for role in (params["assume"] or {}).get("roles") or ()}
    listed = frozenset(name for spec in specs for name in names_in(spec)) | assumed
    patterns = tuple(params["unlisted_except"] or ())
    return Unlisted("" if told else option, told_as if told else "", listed, patterns)


def names_in(spec: RoleSpec) -> Iterator[str]:
    """Give the roles that an item names and wants: itself, its parents, and who takes over from it."""
    yield spec.name
    yield from (row.role for row in spec.memberships or () if row.present)
    if spec.successor and spec.successor.name:
        yield spec.successor.name


def find_unlisted(unlisted: Unlisted, roles: Iterable[str], server: Server) -> frozenset[str]:
    """Give the roles that nobody declares; PostgreSQL's own, the bootstrap superuser and the login are none."""
    if not unlisted.looks():
        return frozenset()
    safe = {server.bootstrap, server.session_user, server.current_user}
    found = frozenset(name for name in roles if not name.startswith("pg_")) - unlisted.listed - safe
    return frozenset(name for name in found if not any(fnmatchcase(name, one) for one in unlisted.patterns))


def without_unlisted(unlisted: Unlisted, names: frozenset[str], roles: Roles) -> dict[str, RoleState]:
    """Give the roles as they are to be: without those that nobody declares, or with these unable to log in."""
    if unlisted.action == DROP:
        return {name: role for name, role in roles.items() if name not in names}
    if unlisted.action == NOLOGIN:
        return {name: replace(role, login=False) if name in names else role for name, role in roles.items()}
    return dict(roles)
