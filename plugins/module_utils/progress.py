# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a run came that failed on the way: what had been committed, what hadn't, and what isn't known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .change import CREATE_DATABASE, OPEN_DATABASE, Change
from .task import Step

UNTOUCHED = "nothing was changed"
AGAIN = "run it again"
MOST = 10


def how_far(planned: Sequence[Step], done: Sequence[Step], unknown: Iterable[str] = ()) -> str:
    """Say what was done, what isn't known and what wasn't done, of what was planned; the same in a check mode's words.

    A part in which nothing was left to do when its turn came is neither done nor left.
    """
    uncertain = sorted(unknown)
    left = missing(planned, done, uncertain)
    if not any(step.changes for step in done) and not uncertain:
        return UNTOUCHED
    if not left and not uncertain:
        return all_done(done)
    told = [("done before", counted(done)), ("not known", uncertain), ("not done", left), *closed(done)]
    return "; ".join([*(f"{word}: {listed(names)}" for word, names in told if names), AGAIN])


def all_done(done: Sequence[Step]) -> str:
    """Say that what failed came after everything was committed, if there was anything left to do."""
    names = listed(counted(done))
    return f"everything was committed before: {names}" if names else UNTOUCHED


def done_before(done: Sequence[Step]) -> str:
    """Say what was done before something failed that is no part of the plan, and stays."""
    return f"done before: {listed(counted(done))}; {AGAIN}"


def missing(planned: Iterable[Step], done: Iterable[Step], unknown: Iterable[str]) -> list[str]:
    """Give what was planned and not done, in the order in which it would have been."""
    had = Counter([*unknown, *(label for step in done for label in labels(step))])
    left: list[str] = []
    for label in (label for step in planned if step.changes for label in labels(step)):
        had[label] -= 1
        if had[label] < 0:
            left.append(label)
    return left


def labels(step: Step) -> list[str]:
    """Give a part by its name, and what is done outside of transactions change by change."""
    return [step.header] if step.header else [change.summary for change in step.changes]


def counted(done: Iterable[Step]) -> list[str]:
    """Give what was done, with the number of changes where they went together."""
    return [text for step in done if step.changes for text in with_count(step)]


def with_count(step: Step) -> Iterator[str]:
    """Give one step with its number of changes."""
    size = len(step.changes)
    yield from [f"{step.header} ({size} change{'s' if size > 1 else ''})"] if step.header else labels(step)


def closed(done: Iterable[Step]) -> list[tuple[str, list[str]]]:
    """Name the databases that this run has made and not opened."""
    changes = [change for step in done for change in step.changes]
    opened = {change.object for change in changes if change.action == OPEN_DATABASE}
    made = [change.object for change in changes if change.action == CREATE_DATABASE]
    return [("closed until then", [f"database {name}" for name in made if name not in opened])]


def listed(texts: Sequence[str]) -> str:
    """Give the first texts, and how many there are more."""
    more = f" and {len(texts) - MOST} more" if len(texts) > MOST else ""
    return ", ".join(texts[:MOST]) + more


def summaries(changes: Sequence[Change]) -> str:
    """Give the sentences of the first changes, and how many there are more."""
    more = f" and {len(changes) - MOST} more" if len(changes) > MOST else ""
    return "; ".join(change.summary for change in changes[:MOST]) + more
