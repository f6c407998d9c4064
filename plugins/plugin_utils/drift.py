# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what deviates on a host, from what the modules returned in check mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional

from ..module_utils import change

Result = Mapping[str, Any]

TOO_MUCH, MISSING, DIFFERENT = "too much", "missing", "different"

CREATING = frozenset({change.CREATE_ROLE, change.CREATE_DATABASE, change.CREATE_SCHEMA, change.CREATE_EXTENSION})
GIVING = CREATING | {change.GRANT, change.GRANT_AGAIN, change.GRANT_DEFAULT, change.GRANT_MEMBERSHIP}
TAKING = frozenset(
    {
        change.REVOKE,
        change.REVOKE_DEFAULT,
        change.REVOKE_MEMBERSHIP,
        change.REASSIGN_OWNED,
        change.DROP_OWNED,
        change.DROP_ROLE,
        change.DROP_DATABASE,
        change.DROP_SCHEMA,
        change.DROP_EXTENSION,
    }
)
# How the sentence about a membership begins whose options change; the membership itself isn't missing then.
OPTIONS_CHANGE = "change "
# What the modules' warnings say about what they could not compare.
UNCHECKED = (
    "can't read stored passwords",
    "allows no connections",
    "allow no connections",
    "can't be entered",
    "can't all be judged",
)


@dataclass(frozen=True)
class Row:
    """One deviation: who has too much or lacks what, on which object, and who granted it.

    An empty database stands for the cluster, and an empty privilege for anything that isn't one.
    """

    part: str
    database: str
    object_class: str
    object: str
    role: str
    privilege: str
    state: str
    grantor: str
    summary: str
    sql: str = ""

    def key(self) -> tuple[str, ...]:
        """Tell what deviates, whichever part found it."""
        return (self.database, self.object_class, self.object, self.role, self.privilege or self.summary, self.state)


def rows_of(results: Mapping[str, Optional[Result]]) -> list[dict[str, str]]:
    """Give the deviations that the results of a host's parts name, sorted; what two parts name counts once."""
    found = [row for part, result in results.items() for row in part_rows(part, result or {})]
    unique = {row.key(): row for row in reversed(found)}
    return [asdict(unique[key]) for key in sorted(unique)]


def part_rows(part: str, result: Result) -> list[Row]:
    """Give the deviations that one part names; a part that failed names none."""
    if is_error(result):
        return []
    planned = list(shown(result.get("changes"), result.get("sql")))
    left = list(shown(result.get("drift"), result.get("drift_sql")))
    rows = [row for one, sql in [*planned, *left] if counts(one, planned) for row in expanded(part, one, sql)]
    return list(dict.fromkeys(rows))


def counts(one: Result, planned: Sequence[tuple[Result, str]]) -> bool:
    """Tell whether a change is a deviation of its own.

    What is granted again was there before another change took it, and what is missing isn't also different.
    """
    if one["action"] == change.GRANT_AGAIN:
        return all(other["action"] == change.GRANT_AGAIN for other, _sql in planned)
    altered = one["action"] not in GIVING | TAKING
    return not (altered and subject(one) in {subject(other) for other, _sql in planned if other["action"] in CREATING})


def subject(one: Result) -> tuple[str, ...]:
    """Tell which object a change is about."""
    return (one.get("database") or "", one.get("object_class", ""), one.get("object", ""))


def shown(changes: Any, lines: Any) -> Iterator[tuple[Result, str]]:
    """Pair changes with their SQL, where there is one line for each but those that enter a database."""
    listed = list(changes or ())
    sql = [line for line in lines or () if not line.startswith("\\connect ")]
    yield from zip(listed, sql if len(sql) == len(listed) else [""] * len(listed))


def expanded(part: str, one: Result, sql: str) -> Iterator[Row]:
    """Give one row for each object and role that a change is about."""
    for name in one.get("objects") or (one.get("object", ""),):
        for role in one.get("roles") or (one.get("role", ""),):
            yield Row(
                part,
                one.get("database") or "",
                one.get("object_class", ""),
                name,
                role,
                one.get("privilege", ""),
                state_of(one),
                one.get("grantor", ""),
                one.get("summary", ""),
                sql,
            )


def state_of(one: Result) -> str:
    """Tell what a change says about the present: it takes away, adds or alters."""
    if one.get("destructive") or one["action"] in TAKING:
        return TOO_MUCH
    if one["action"] not in GIVING:
        return DIFFERENT
    options = one["action"] == change.GRANT_MEMBERSHIP and one.get("summary", "").startswith(OPTIONS_CHANGE)
    return DIFFERENT if options else MISSING


def report_of(results: Mapping[str, Optional[Result]], failures: Mapping[str, str]) -> dict[str, Any]:
    """Give a host's report: deviations, errors, and what could not be compared.

    ``failures`` are messages by what failed outside of the modules. A part without a result was not run.
    """
    rows = rows_of(results)
    errors = [entry(part, message) for part, message in failures.items() if part not in results]
    errors += [entry(part, message) for part, message in failed(results, failures)]
    broken = {error["part"] for error in errors}
    left_out = bool(errors) or all(was_skipped(result) for result in results.values())
    unchecked = [
        entry(part, text)
        for part, result in results.items()
        if part not in broken
        for text in gaps({} if left_out and was_skipped(result) else result or {})
    ]
    return {"drift": len(rows), "rows": rows, "errors": errors, "unchecked": unchecked, "parts": list(results)}


def was_skipped(result: Optional[Result]) -> bool:
    """Tell whether a part was not run; alone, with all others fine, it only had nothing to do."""
    return not result or bool(result.get("skipped"))


def failed(results: Mapping[str, Optional[Result]], failures: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give the parts that failed, each with the reason."""
    for part, result in results.items():
        if is_error(result or {}) or part in failures:
            yield part, str((result or {}).get("msg") or failures.get(part) or "failed without a message")


def is_error(result: Result) -> bool:
    """Tell whether a part ended without an answer."""
    return bool(result.get("failed") or result.get("unreachable"))


def gaps(result: Result) -> Iterator[str]:
    """Say what a part could not compare."""
    if not result:
        yield "not run"
    told = result.get("unchecked") or ()
    yield from (str(text) for text in told)
    if not told:
        yield from (text for text in warnings_of(result) if any(mark in text for mark in UNCHECKED))


def warnings_of(result: Result) -> Iterable[str]:
    """Give a result's warnings as texts; ansible-core can give them with their origin."""
    found = result.get("warnings") or ()
    return [str(one["event"]["msg"]) if isinstance(one, Mapping) and "event" in one else str(one) for one in found]


def entry(part: str, message: str) -> dict[str, str]:
    """Give an error or a gap with its part."""
    return {"part": part, "message": message}
