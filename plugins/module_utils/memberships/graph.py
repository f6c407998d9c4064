# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk the graph of memberships: who is in what, by which path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Optional

from .model import Membership

Graph = Mapping[str, tuple[str, ...]]


def parents_of(memberships: Iterable[Membership]) -> Graph:
    """Give each member's parents, sorted."""
    found: dict[str, set[str]] = {}
    for row in memberships:
        found.setdefault(row.member, set()).add(row.role)
    return {member: tuple(sorted(roles)) for member, roles in found.items()}


def path(graph: Graph, start: str, goals: frozenset[str]) -> Optional[tuple[str, ...]]:
    """Give the shortest way from a role up to one of the goals, both included; None if there is none."""
    came: dict[str, Optional[str]] = {start: None}
    waiting = deque([start])
    while waiting:
        role = waiting.popleft()
        if role in goals:
            return way_back(came, role)
        for parent in graph.get(role, ()):
            if parent not in came:
                came[parent] = role
                waiting.append(parent)
    return None


def way_back(came: Mapping[str, Optional[str]], end: str) -> tuple[str, ...]:
    """Follow the way back to the start, and give it forwards."""
    steps = [end]
    before = came[end]
    while before is not None:
        steps.append(before)
        before = came[before]
    return tuple(reversed(steps))


def closure(graph: Graph, start: str) -> frozenset[str]:
    """Give everything that a role is a member of, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        for parent in graph.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return frozenset(found)


def lendable(memberships: Iterable[Membership], name: str, superusers: frozenset[str]) -> frozenset[str]:
    """Give the roles that a role can lend itself and give back: it has ADMIN on them, and no grant by itself yet.

    Membership in a superuser is granted by superusers only
    (https://www.postgresql.org/docs/current/sql-grant.html).
    """
    mine = [row for row in memberships if row.member == name]
    granted = {row.role for row in mine if row.grantor == name}
    return frozenset(row.role for row in mine if row.admin) - granted - superusers


def cycle(graph: Graph, starts: Iterable[str]) -> Optional[tuple[str, ...]]:
    """Give a cycle that passes through one of the starts: its first role stands at both ends."""
    for start in sorted(starts):
        for parent in graph.get(start, ()):
            back = path(graph, parent, frozenset({start}))
            if back:
                return (start, *back)
    return None
