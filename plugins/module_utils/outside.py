# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create and drop databases, which PostgreSQL doesn't do in a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial

from .change import CREATE_DATABASE, Change
from .connection import CLUSTER_LOCK, Connection, Login, connect
from .execute import execute
from .plan import make_plan
from .retry import retried
from .task import AnyPlan, Run, Step, Task


def create(task: Task, run: Run, plan: AnyPlan, done: list[Step]) -> list[str]:
    """Create databases outside of a transaction, while another connection holds the lock in one."""
    created: list[Change] = []
    warnings: list[str] = []
    templates = task.templates(plan)

    def once(template: str) -> None:
        database = lobby(run.login.database, template)
        with closing(connect(run.login, database)) as worker, locked(run.login, database) as holder:
            for change in creations(make_plan(task.cluster, task.cluster.read(holder))):
                if templates.get(change.object) == template:
                    warnings.extend(execute(worker, [change]))
                    created.append(change)

    try:
        for template in sorted(set(templates.values())):
            retried(partial(once, template))
    finally:
        if created:
            done.append(Step(tuple(sorted(created, key=lambda change: change.object))))
    return warnings


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
    removed: list[Change] = []
    warnings: list[str] = []

    def once() -> None:
        with closing(connect(run.login)) as worker, locked(run.login, run.login.database) as holder:
            for change in removals(make_plan(task.cluster, task.cluster.read(holder))):
                warnings.extend(execute(worker, [change]))
                removed.append(change)

    try:
        retried(once)
    finally:
        if removed:
            done.append(Step(tuple(removed)))
    return warnings


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
