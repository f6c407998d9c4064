# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create and drop databases, which PostgreSQL doesn't do in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Optional

from .blockers import naming_guests
from .change import CREATE_DATABASE, Change
from .connection import CLUSTER_LOCK, Connection, Login, connect
from .errors import UnansweredError
from .execute import execute
from .plan import make_plan
from .retry import retried
from .server import refuse_demoted, refuse_standby
from .settle import refuse_running, settle
from .task import AnyPlan, Run, Step, Task

Wanted = Callable[[AnyPlan], Iterable[Change]]

# Inside of databases 42809 can be an object that somebody has made anew as something else; here it is only a locale.
WRONG_LOCALE = frozenset({"42809"})


@dataclass
class Aside:
    """Work outside of transactions: what it has done, what the server said, and what it has sent without an answer.

    ``templates`` gives what databases are cloned from.
    """

    task: Task
    run: Run
    templates: Mapping[str, str] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sent: Optional[tuple[Change, int]] = None

    def work(self, database: str, wanted: Wanted) -> None:
        """Do what a fresh plan wants; where no answer came, find out, and go on only if it was done."""
        try:
            retried(partial(self.once, database, wanted), WRONG_LOCALE)
        except UnansweredError as error:
            if self.sent is None:
                raise error.cause from None
            change, _process = self.sent
            settle(error, change.summary, lambda: self.undone(database, wanted))
            self.done.append(change)
            self.work(database, wanted)

    def once(self, database: str, wanted: Wanted) -> None:
        """Work while another session holds the lock in a transaction."""
        self.sent = None
        with closing(connect(self.run.login, database)) as worker, locked(self.run.login, database) as holder:
            for change in self.planned(holder, wanted):
                refuse_standby(worker)
                self.sent = change, worker.process
                crowded = self.templates.get(change.object, change.object)
                with naming_guests(holder, crowded), worker.committing():
                    self.warnings.extend(execute(worker, [change]))
                self.done.append(change)
                self.sent = None

    def planned(self, holder: Connection, wanted: Wanted) -> list[Change]:
        """Plan under the lock."""
        return list(wanted(make_plan(self.task.cluster, self.task.cluster.read(holder))))

    def undone(self, database: str, wanted: Wanted) -> bool:
        """Tell whether what was sent is still to be done, when the server works on it no more."""
        with locked(self.run.login, database) as holder:
            refuse_demoted(holder)
            change, process = self.sent or (None, 0)
            refuse_running(holder, process)
            return change is not None and change.sql in {one.sql for one in self.planned(holder, wanted)}


def create(task: Task, run: Run, plan: AnyPlan, done: list[Step]) -> list[str]:
    """Create databases outside of a transaction, while another connection holds the lock in one."""
    templates = task.templates(plan)
    aside = Aside(task, run, templates)

    def cloned_from(template: str, plan: AnyPlan) -> list[Change]:
        return [change for change in creations(plan) if templates.get(change.object) == template]

    try:
        for template in sorted(set(templates.values())):
            aside.work(lobby(run.login.database, template), partial(cloned_from, template))
    finally:
        if aside.done:
            done.append(Step(tuple(sorted(aside.done, key=lambda change: change.object))))
    return aside.warnings


@contextmanager
def locked(login: Login, database: str) -> Iterator[Connection]:
    """Open a session that holds the cluster's lock."""
    with closing(connect(login, database)) as connection, connection.transaction(CLUSTER_LOCK):
        yield connection


def lobby(maintenance: str, template: str) -> str:
    """Choose a database to wait in: nobody may be connected to a template while it is cloned."""
    return next((name for name in (maintenance, "template1", "postgres") if name != template), maintenance)


def remove(task: Task, run: Run, done: list[Step]) -> list[str]:
    """Drop databases outside of a transaction, while another connection holds the lock."""
    aside = Aside(task, run)
    try:
        aside.work(run.login.database, removals)
    finally:
        if aside.done:
            done.append(Step(tuple(aside.done)))
    return aside.warnings


def creations(plan: AnyPlan) -> tuple[Change, ...]:
    """Give the databases to be created, which can't be done in a transaction."""
    return tuple(change for change in plan.changes if change.action == CREATE_DATABASE)


def removals(plan: AnyPlan) -> tuple[Change, ...]:
    """Give what drops databases, which can't be done in a transaction either."""
    return tuple(change for change in plan.changes if not change.transactional and change.action != CREATE_DATABASE)


def within(plan: AnyPlan) -> tuple[Change, ...]:
    """Give the changes that are made in a transaction."""
    return tuple(change for change in plan.changes if change.transactional)


def created_in(done: Iterable[Step]) -> frozenset[str]:
    """Name the databases that the steps have created."""
    return frozenset(change.object for step in done for change in step.changes if change.action == CREATE_DATABASE)
