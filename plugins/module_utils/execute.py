# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run changes in few round trips, and let no partial effect and no secret slip through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from .change import ACL_ACTIONS, Change
from .connection import Connection
from .errors import AccessError, ServerError

AT_ONCE = 500

# What would keep a password verifier: the server's log, pg_stat_statements where it is loaded, and
# pg_stat_activity, which anybody with pg_read_all_stats can look into and which reports of deadlocks quote.
QUIET = (
    ("track_activities", "off"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_min_error_statement", "panic"),
    ("log_duration", "off"),
    ("pg_stat_statements.track_utility", "off"),
)
QUIET_THERE = """
SELECT name::text,
       pg_catalog.current_setting('is_superuser') = 'on' OR context = 'user' OR {may_set}
FROM pg_catalog.pg_settings WHERE name = ANY (%(names)s)
"""
NOT_QUIET = (
    "the login may not switch off statement logging, so the server may keep password verifiers (never passwords) "
    "in its log or in pg_stat_statements: use a superuser, or grant SET on {names} (PostgreSQL 15 and newer)"
)


def execute(connection: Connection, changes: Sequence[Change]) -> list[str]:
    """Run the changes in their order and give the server's warnings; AccessError for a partial effect."""
    warnings: list[str] = []
    for kind, batch in batches(changes):
        if kind == "secret":
            warnings += keep_quiet(connection)
        said = _run(connection, batch)
        if kind == "acl" and said:
            raise AccessError(f"a grant or revoke had only part of its effect and was rolled back: {'; '.join(said)}")
        warnings += said
    return warnings


def batches(changes: Sequence[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Group neighbours whose warnings mean the same; passwords go by themselves."""
    for kind, group in groupby(changes, _kind):
        members = list(group)
        for start in range(0, len(members), AT_ONCE):
            yield kind, members[start : start + AT_ONCE]


def keep_quiet(connection: Connection) -> list[str]:
    """Switch off for the transaction what would keep statements; warn where the login may not."""
    may_set = "pg_catalog.has_parameter_privilege(name, 'SET')" if connection.server.version >= 150000 else "false"
    names = [name for name, value in QUIET]
    there = dict(connection.rows(QUIET_THERE.replace("{may_set}", may_set), names=names))
    allowed = [(name, value) for name, value in QUIET if there.get(name)]
    for name, value in allowed:
        connection.rows("SELECT pg_catalog.set_config(%(name)s, %(value)s, true)", name=name, value=value)
    refused = sorted(name for name, may in there.items() if not may)
    return [NOT_QUIET.format(names=", ".join(refused))] if refused else []


def _kind(change: Change) -> str:
    if change.secret:
        return "secret"
    return "acl" if change.action in ACL_ACTIONS else "other"


def _run(connection: Connection, batch: Sequence[Change]) -> list[str]:
    me = connection.server.current_user
    sql = ";\n".join(statement for change in batch for statement in change.acted(back=me))
    try:
        return connection.execute(sql)
    except ServerError as error:
        raise _located(error, batch) from None


def _located(error: ServerError, batch: Sequence[Change]) -> ServerError:
    """Say during which change the server refused, or during which ones if they went together."""
    first, last = batch[0].summary, batch[-1].summary
    doing = first if len(batch) == 1 else f"one of {len(batch)} changes from '{first}' to '{last}'"
    return ServerError(f"{error.message} (during: {doing})", error.sqlstate, error.detail, error.hint, error.catalog)
