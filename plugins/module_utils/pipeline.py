# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply, prove: the same way for every module."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TypeVar, Union

from .apply import apply, opened, side_by_side
from .errors import AccessError, InputError, raise_problems
from .outside import creations, removals, within
from .plan import Plan, make_plan
from .progress import UNTOUCHED, all_done, how_far, summaries
from .retry import retried
from .server import refuse_demoted, refuse_standby
from .session import Heard
from .task import AnyPart, AnyPlan, Outcome, Plans, Run, Step, Task, Unfinished

T = TypeVar("T")

UNPROVED = "what was applied couldn't be proved, for the login gave up what it needs for that ({given_up}): {error}"


class Remaining(AccessError):
    """Report what a plan still has to do after everything was applied."""


def perform(task: Task, run: Run) -> Outcome:
    """Plan; in check mode that is all; otherwise apply, and prove it by a second plan that is empty."""
    with stoppable(run.login.heard):
        plans = first_plans(task, run)
        if run.check or not plans.anything():
            return foreseen(plans)
        warnings, done = applied(task, run, plans)
        if run.verify:
            warnings += prove(task, run, done, plans.given_up())
    return Outcome(tuple(done), tuple(dict.fromkeys([*plans.warnings(), *warnings])), plans.drift())


def first_plans(task: Task, run: Run) -> Plans:
    """Plan for the first time."""
    return before_anything(lambda: make_plans(task, run), run.login.heard)


def before_anything(look: Callable[[], T], heard: Heard) -> T:
    """Look for the first time; of what isn't the declaration's fault, say that it came before anything was written."""
    try:
        return retried(look)
    except InputError:
        raise
    except (AccessError, KeyboardInterrupt) as error:
        raise Unfinished(error, (), UNTOUCHED, heard.warnings) from None


def applied(task: Task, run: Run, plans: Plans) -> tuple[list[str], list[Step]]:
    """Apply the plans and give warnings and steps; whatever goes wrong, Unfinished says how far it came."""
    done: list[Step] = []
    try:
        return apply(task, run, plans, done), done
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  what was committed counts whatever comes after it
        unknown = error.unknown if isinstance(error, AccessError) else ()
        far = how_far(foreseen(plans).steps, done, unknown)
        raise Unfinished(error, done, far, [*plans.warnings(), *run.login.heard.warnings]) from None


def make_plans(task: Task, run: Run, wrote: bool = False) -> Plans:
    """Plan without a lock: the cluster's part, then the databases' parts side by side; of a standby only what is none.

    After something was written, no standby is believed at all.
    """
    with opened(run.login) as connection:
        if wrote:
            refuse_demoted(connection)
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


def prove(task: Task, run: Run, done: Sequence[Step], given_up: Sequence[str]) -> list[str]:
    """Plan once more after an apply; Unfinished names what remains, or why that couldn't be seen.

    Where the login gave up what it needs to plan, because it is allowed to, that is a warning instead.
    """
    try:
        refuse_remaining(retried(lambda: make_plans(task, run, wrote=True)))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  what was committed counts whatever comes after it
        if given_up and isinstance(error, AccessError) and not isinstance(error, Remaining):
            return [UNPROVED.format(given_up="; ".join(given_up), error=error)]
        far = f"{all_done(done)}; only the proof of it failed"
        raise Unfinished(error, done, far, run.login.heard.warnings) from None
    return []


def refuse_remaining(plans: Plans) -> None:
    """Raise Remaining if a plan isn't empty."""
    remaining = [change for plan in plans.every() for change in plan.changes]
    if remaining:
        why = "the server doesn't show what was applied, for somebody else or an event trigger has changed it again"
        raise Remaining(f"{why}; still to be done: {summaries(remaining)}")


@contextmanager
def stoppable(heard: Heard) -> Iterator[None]:
    """Let Ctrl-C end the run before its next statement, so that no commit is left without its answer.

    A second one ends it at once.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or current_thread() is not main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        heard.stopped = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
