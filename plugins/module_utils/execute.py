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
from .quiet import keep_quiet

AT_ONCE = 500

READ_ONLY = (
    "default_transaction_read_only is on, by the login's own settings, by connect_params or on the server: this "
    "collection never overrides it; switch it off, or use another login"
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
    return error.saying(f" (during: {doing})", hint=READ_ONLY if error.sqlstate == "25006" else None)
