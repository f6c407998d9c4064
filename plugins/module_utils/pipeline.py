# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply, prove: the same way for every module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from .apply import apply, opened, side_by_side
from .change import Change
from .errors import AccessError, InputError, raise_problems
from .outside import creations, removals, within
from .plan import Plan, make_plan
from .retry import retried
from .server import refuse_standby
from .task import AnyPart, AnyPlan, Outcome, Plans, Run, Step, Task, Unfinished


def perform(task: Task, run: Run) -> Outcome:
    """Plan; in check mode that is all; otherwise apply, and prove it by a second plan that is empty."""
    plans = retried(lambda: make_plans(task, run))
    if run.check or not plans.anything():
        return foreseen(plans)
    done: list[Step] = []
    try:
        warnings = apply(task, run, plans, done)
        if run.verify:
            prove(task, run)
    except AccessError as error:
        raise Unfinished(error, done) from None
    return Outcome(tuple(done), tuple(dict.fromkeys([*plans.warnings(), *warnings])), plans.drift())


def make_plans(task: Task, run: Run) -> Plans:
    """Plan without a lock: the cluster's part, then the databases' parts side by side."""
    with opened(run.login) as connection:
        cluster = make_plan(task.cluster, task.cluster.read(connection), run.audit)
        insides = look_inside_all(task.insides(cluster), run)
        last = make_plan(task.last, cluster.after, run.audit) if task.last else None
        plans = Plans(cluster, insides, connection.server.superuser, last)
        if plans.anything():
            refuse_standby(connection)
    return plans


def look_inside_all(parts: Sequence[AnyPart], run: Run) -> tuple[AnyPlan, ...]:
    """Plan the databases' parts side by side; one error names what stands against any of them."""
    results = side_by_side(run.jobs, parts, lambda part: looked_at(part, run))
    raise_problems(str(result) for result in results if isinstance(result, InputError))
    return tuple(result for result in results if isinstance(result, Plan))


def looked_at(part: AnyPart, run: Run) -> Union[AnyPlan, InputError]:
    """Plan one database's part, and give a wrong declaration as a value, so that the others are looked at, too."""
    try:
        return look_inside(part, run)
    except InputError as error:
        return error


def look_inside(part: AnyPart, run: Run) -> AnyPlan:
    """Plan one database's part; of a database that isn't there yet, from its template."""
    if part.predict is not None and part.template is None:
        return make_plan(part, part.predict(None), run.audit)
    with opened(run.login, part.template if part.predict else part.database) as connection:
        return make_plan(part, part.predict(connection) if part.predict else part.read(connection), run.audit)


def foreseen(plans: Plans) -> Outcome:
    """Give what an apply would do, in the order in which it would."""
    born, gone = creations(plans.cluster), removals(plans.cluster)
    cluster = [Step.of(plans.cluster, within(plans.cluster))] if plans.cluster.changes else []
    insides = [Step.of(plan, plan.changes) for plan in plans.insides if plan.changes]
    steps = [*cluster, *insides] if plans.cluster_first() else [*insides, *cluster]
    steps += [Step.of(plans.last, plans.last.changes)] if plans.last and plans.last.changes else []
    first, last = ([Step(changes)] if changes else [] for changes in (born, gone))
    return Outcome((*first, *steps, *last), plans.warnings(), plans.drift())


def prove(task: Task, run: Run) -> None:
    """Plan once more after an apply; AccessError names what remains."""
    plans = retried(lambda: make_plans(task, run))
    remaining = [change for plan in plans.every() for change in plan.changes]
    if remaining:
        raise AccessError(f"the server doesn't show what was applied; still to be done: {summaries(remaining)}")


def summaries(changes: Sequence[Change], most: int = 10) -> str:
    """Give the sentences of the first changes, and how many there are more."""
    more = f" and {len(changes) - most} more" if len(changes) > most else ""
    return "; ".join(change.summary for change in changes[:most]) + more
