# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module asks of the pipeline, and what the pipeline gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .change import Change
from .connection import Connection, Login
from .plan import Part, Plan

AnyPart = Part[Any]
AnyPlan = Plan[Any]


def no_insides(_plan: AnyPlan) -> tuple[AnyPart, ...]:
    """Say that a task has nothing to do inside of databases."""
    return ()


def no_templates(_plan: AnyPlan) -> Mapping[str, str]:
    """Say that a task creates no database."""
    return {}


def no_finish(_connection: Connection, _plan: AnyPlan) -> tuple[str, ...]:
    """Say that a task has nothing to do after the commit."""
    return ()


@dataclass(frozen=True)
class Task:
    """What a module wants: its part of the cluster, and parts inside of databases that follow from its plan.

    ``templates`` gives for each database that is created what it is cloned from; ``finish`` runs after everything is
    committed and gives warnings; ``facts`` are further return values of the module.
    With ``last``, the cluster's part comes first, then ``between`` is run, then the databases' parts one after the
    other, then ``last``: a second part of the cluster, foreseen from the state that the first one leads to.
    """

    cluster: AnyPart
    insides: Callable[[AnyPlan], tuple[AnyPart, ...]] = no_insides
    templates: Callable[[AnyPlan], Mapping[str, str]] = no_templates
    finish: Callable[[Connection, AnyPlan], tuple[str, ...]] = no_finish
    facts: Mapping[str, Any] = field(default_factory=dict)
    last: Optional[AnyPart] = None
    between: Callable[[Connection, AnyPlan], tuple[str, ...]] = no_finish


@dataclass(frozen=True)
class Run:
    """How a task is run: by which login, how many databases side by side, for real or not, proved or not.

    An ``audit`` plans what the login may not do as well.
    """

    login: Login
    check: bool = False
    verify: bool = True
    jobs: int = 1
    audit: bool = False


@dataclass(frozen=True)
class Plans:
    """A task's plans; ``superuser`` tells which of cluster and databases goes first, if no ``last`` one follows."""

    cluster: AnyPlan
    insides: tuple[AnyPlan, ...]
    superuser: bool
    last: Optional[AnyPlan] = None

    def every(self) -> tuple[AnyPlan, ...]:
        """Give all plans."""
        return (self.cluster, *self.insides, *([self.last] if self.last else []))

    def cluster_first(self) -> bool:
        """Tell whether the cluster's part is done before the databases'."""
        return self.last is not None or not self.superuser

    def anything(self) -> bool:
        """Tell whether there is something to do."""
        return any(plan.changes for plan in self.every())

    def warnings(self) -> tuple[str, ...]:
        """Give the planners' warnings, each once."""
        return tuple(dict.fromkeys(text for plan in self.every() for text in plan.warnings))

    def given_up(self) -> tuple[str, ...]:
        """Give what the login needs to come in again and gives up by these plans."""
        return tuple(text for plan in self.every() for text in plan.given_up)

    def drift(self) -> tuple[Change, ...]:
        """Give what isn't declared and is left alone, in mode ``report``."""
        return tuple(change for plan in self.every() for change in plan.drift)


def label_of(database: Optional[str]) -> str:
    """Name the cluster's part, or a database's."""
    return "cluster" if database is None else f"database {database}"


@dataclass(frozen=True)
class Step:
    """One part's share of the result; without a ``header`` it is what was done outside of transactions."""

    changes: tuple[Change, ...]
    undo: tuple[Change, ...] = ()
    before: str = ""
    after: str = ""
    header: str = ""

    @classmethod
    def of(cls, plan: AnyPlan, changes: Sequence[Change]) -> Step:
        """Take from a plan what its result shows."""
        before, after = plan.shown()
        undo = plan.undo() if plan.part.predict is None else ()
        return cls(tuple(changes), undo, before, after, label_of(plan.part.database))


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be done, in the order of doing; ``drift`` is what mode ``report`` leaves alone."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    drift: tuple[Change, ...] = ()

    def changes(self) -> tuple[Change, ...]:
        """Give all changes in the order of doing."""
        return tuple(change for step in self.steps for change in step.changes)

    def undo(self) -> tuple[Change, ...]:
        """Give the changes that lead back, the last step first."""
        return tuple(change for step in reversed(self.steps) for change in step.undo)


class Unfinished(Exception):
    """Carry what had been committed when something failed, whatever it was, and that in words: ``far``.

    ``warnings`` are what was to be known until then.
    """

    def __init__(self, error: BaseException, steps: Sequence[Step], far: str, warnings: Sequence[str] = ()) -> None:
        super().__init__(str(error))
        self.warnings = tuple(dict.fromkeys(warnings))
        self.error = error
        self.outcome = Outcome(tuple(steps))
        self.far = far
