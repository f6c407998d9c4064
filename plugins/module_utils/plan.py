# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one transaction reads, wants and does: a part; and its plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Optional, TypeVar

from .change import Change, inside, ordered
from .connection import Connection
from .errors import InputError, raise_problems

S = TypeVar("S")


@dataclass(frozen=True)
class Resolved(Generic[S]):
    """The state that a declaration leads to, what its author should know, and what the login may not do of it.

    ``given_up`` is what the login needs to come in again and gives up all the same, because it is allowed to.
    """

    after: S
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part(Generic[S]):
    """One transaction on one database (``database`` None: the cluster).

    ``diff(before, after)`` gives the changes from one state to another, so that ``undo(before, after)`` is the
    same planner the other way round; ``lines(state, other)`` is a state as sorted text, at least where it differs
    from the other one, for what ``--diff`` shows.
    A part that doesn't exist yet is predicted from its template (None: a built-in one). ``stricter`` resolves as in
    mode ``exact``: what it would take away besides is drift, which is told and not touched.
    """

    database: Optional[str]
    read: Callable[[Connection], S]
    resolve: Callable[[S], Resolved[S]]
    diff: Callable[[S, S], tuple[Change, ...]]
    undo: Callable[[S, S], tuple[Change, ...]]
    lines: Callable[[S, S], tuple[str, ...]]
    predict: Optional[Callable[[Optional[Connection]], S]] = None
    template: Optional[str] = None
    stricter: Optional[Callable[[S], Resolved[S]]] = None


@dataclass(frozen=True)
class Plan(Generic[S]):
    """What is to be done in one part: the changes from ``before`` to ``after``."""

    part: Part[S]
    before: S
    after: S
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    drift: tuple[Change, ...] = ()
    given_up: tuple[str, ...] = ()

    def undo(self) -> tuple[Change, ...]:
        """Give the changes that lead back, as far as that can be done."""
        return inside(self.part.database, ordered(self.part.undo(self.before, self.after)))

    def shown(self) -> tuple[str, str]:
        """Give what changes as text: the lines that go and the lines that come."""
        before, after = self.part.lines(self.before, self.after), self.part.lines(self.after, self.before)
        return _only(before, after), _only(after, before)


def make_plan(part: Part[S], before: S, audit: bool = False) -> Plan[S]:
    """Resolve what is declared against what is there, and list the changes.

    What the login may not do is an error, but for an audit, which does nothing of it: there it is a warning.
    """
    resolved = part.resolve(before)
    if not audit:
        raise_problems(resolved.refusals)
    changes = inside(part.database, ordered(part.diff(before, resolved.after)))
    drift, unjudged = drift_of(part, resolved.after)
    barred = tuple(f"this login could not repair everything: {text}" for text in resolved.refusals)
    warnings = (*resolved.warnings, *unjudged, *barred)
    return Plan(part, before, resolved.after, changes, warnings, drift, resolved.given_up)


def drift_of(part: Part[S], after: S) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Give what mode ``exact`` would change beyond a plan; what it couldn't even plan is a warning."""
    if part.stricter is None:
        return (), ()
    try:
        exact = part.stricter(after)
    except InputError as error:
        return (), (f"what isn't declared can't all be judged: {error}",)
    return inside(part.database, ordered(part.diff(after, exact.after))), ()


def _only(lines: tuple[str, ...], others: tuple[str, ...]) -> str:
    known = frozenset(others)
    return "".join(f"{line}\n" for line in lines if line not in known)
