# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply a task's plans: each part in a transaction of its own, under a lock, planned again there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Optional, TypeVar, Union

from .connection import CLUSTER_LOCK, DATABASE_LOCK, Connection, Login, connect
from .errors import AccessError, ServerError, UnansweredError
from .execute import execute
from .outside import create, created_in, creations, removals, remove, within
from .plan import make_plan
from .retry import retried
from .server import refuse_demoted, refuse_standby
from .settle import settle
from .task import AnyPart, AnyPlan, Plans, Run, Step, Task, label_of, no_finish

A = TypeVar("A")
B = TypeVar("B")

Applied = tuple[AnyPlan, list[str]]
Attempt = Union[Applied, AccessError]


def apply(task: Task, run: Run, first: Plans, done: list[Step]) -> list[str]:
    """Create databases, then fill them and set the cluster's part; give the warnings, and in ``done`` the steps.

    A superuser enters a closed database and opens it last; any other login opens it first and then enters. Databases
    are dropped in the end. With a last part, databases come one by one, for each then touches what is the cluster's.
    """
    warnings: list[str] = []
    cluster = first.cluster
    if creations(cluster):
        warnings += create(task, run, cluster, done)
        cluster = replace(retried(lambda: planned(task, run)), before=cluster.before)
    parts = wanted(task.insides(cluster), first.insides)
    if first.cluster_first():
        warnings += [*apply_cluster(task, run, cluster, done), *besides(task.between, run, cluster)]
    warnings += apply_insides(replace(run, jobs=1) if task.last else run, parts, first.insides, done)
    if not first.cluster_first():
        warnings += apply_cluster(task, run, cluster, done)
    warnings += apply_last(run, first.last, done)
    if removals(cluster):
        warnings += remove(task, run, done)
    return [*warnings, *besides(task.finish, run, cluster)]


def besides(work: Callable[[Connection, AnyPlan], tuple[str, ...]], run: Run, plan: AnyPlan) -> tuple[str, ...]:
    """Do what a task does outside of its parts, if anything, and give the warnings."""
    if work is no_finish:
        return ()
    with opened(run.login) as connection:
        return work(connection, plan)


def apply_last(run: Run, plan: Optional[AnyPlan], done: list[Step]) -> list[str]:
    """Apply the cluster's last part, if there is one with something to do."""
    if plan is None or not plan.changes:
        return []
    applied, warnings = apply_part(plan.part, run, CLUSTER_LOCK)
    done.append(Step.of(applied, applied.changes))
    return warnings


def planned(task: Task, run: Run) -> AnyPlan:
    """Read and plan the cluster's part once more."""
    with opened(run.login) as connection:
        return make_plan(task.cluster, task.cluster.read(connection))


def wanted(parts: Iterable[AnyPart], foretold: Sequence[AnyPlan]) -> list[AnyPart]:
    """Leave out the databases where there was nothing to do."""
    idle = {plan.part.database for plan in foretold if not plan.changes and plan.part.predict is None}
    return [part for part in parts if part.database not in idle]


def apply_cluster(task: Task, run: Run, plan: AnyPlan, done: list[Step]) -> list[str]:
    """Apply the cluster's part; its undo and its diff count from before databases were created."""
    created = created_in(done)
    if not plan.changes and not created:
        return []
    applied, warnings = apply_part(task.cluster, run, CLUSTER_LOCK)
    before = plan.before if created else applied.before
    done.append(Step.of(replace(applied, before=before), within(applied)))
    return warnings


def apply_insides(run: Run, parts: Sequence[AnyPart], foretold: Sequence[AnyPlan], done: list[Step]) -> list[str]:
    """Apply the databases' parts side by side; what succeeded counts, even if another one failed or all is stopped."""
    results: dict[Optional[str], Attempt] = {}
    try:
        side_by_side(run.jobs, parts, lambda part: results.update({part.database: attempted(part, run)}))
    finally:
        applied = [results.get(part.database) for part in parts]
        warnings = finished([result for result in applied if isinstance(result, tuple)], foretold, done)
    raise_together({name: result for name, result in results.items() if isinstance(result, AccessError)})
    return warnings


def finished(applied: Iterable[Applied], foretold: Sequence[AnyPlan], done: list[Step]) -> list[str]:
    """Count what was applied inside of databases, also where nothing was left to do, and give the warnings."""
    predicted = {plan.part.database: plan for plan in foretold if plan.part.predict is not None}
    created = created_in(done)
    warnings: list[str] = []
    for plan, said in applied:
        guess = predicted.get(plan.part.database)
        warnings += [*said, *(surprise(guess, plan) if guess and plan.part.database in created else [])]
        step = Step.of(plan, plan.changes)
        done.append(replace(step, undo=()) if guess else step)
    return warnings


def raise_together(errors: Mapping[Optional[str], AccessError]) -> None:
    """Raise one error for several databases, if there is any."""
    if errors:
        told = AccessError("; ".join(placed(name, errors[name]) for name in sorted(errors, key=str)))
        told.unknown = tuple(name for error in errors.values() for name in error.unknown)
        raise told


def placed(name: Optional[str], error: AccessError) -> str:
    """Give an error's message with its database, which a planner's own already names."""
    text, prefix = explained(error), f"database {name}: "
    return text if text.startswith(prefix) else prefix + text


def attempted(part: AnyPart, run: Run) -> Attempt:
    """Apply one part and give its error as a value, so that the others can be finished."""
    try:
        return apply_part(part, run, DATABASE_LOCK)
    except AccessError as error:
        return error


def apply_part(part: AnyPart, run: Run, lock: int) -> Applied:
    """Plan again under the lock and apply that plan, all or nothing; a commit without an answer is looked into."""
    sent: list[Applied] = []

    def undone() -> bool:
        with opened(run.login, part.database) as connection, connection.transaction(lock):
            refuse_demoted(connection)
            return bool(within(make_plan(part, part.read(connection))))

    def once() -> Applied:
        with opened(run.login, part.database) as connection, connection.transaction(lock):
            plan = make_plan(part, part.read(connection))
            if within(plan):
                refuse_standby(connection)
            sent.append((plan, execute(connection, within(plan))))
        return sent[-1]

    try:
        return retried(once)
    except UnansweredError as error:
        settle(error, label_of(part.database), undone)
        return sent[-1]


def surprise(guess: AnyPlan, plan: AnyPlan) -> list[str]:
    """Say where a created database wasn't what its template let expect; another run may have filled it meanwhile."""
    foretold, made = {change.sql for change in guess.changes}, {change.sql for change in plan.changes}
    if not made or foretold == made:
        return []
    differing = sorted(foretold ^ made)
    return [f"database {plan.part.database} needed other changes than its template let expect: {'; '.join(differing)}"]


def explained(error: AccessError) -> str:
    """Give an error's message with the server's detail and hint."""
    return error.explained() if isinstance(error, ServerError) else str(error)


def side_by_side(jobs: int, items: Sequence[A], work: Callable[[A], B]) -> tuple[B, ...]:
    """Do the work for each item, several at once, and give the results in the items' order."""
    if len(items) <= 1 or jobs <= 1:
        return tuple(work(item) for item in items)
    with ThreadPoolExecutor(max_workers=min(jobs, len(items))) as pool:
        return tuple(pool.map(work, items))


@contextmanager
def opened(login: Login, database: Optional[str] = None) -> Iterator[Connection]:
    """Open a session and close it in the end."""
    connection = connect(login, database)
    try:
        yield connection
    finally:
        connection.close()
