# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in the way, of a lock or of a database, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Optional, Protocol

from .errors import ServerError
from .quoting import literal
from .session import CLUSTER_LOCK

IN_USE = "55006"
MOST = 3

# Nobody can be asked after the wait. A prepared transaction has no process: it is found by the lock that it holds.
# No statement of another session is read, for it could hold a secret.
BLOCKERS = """
SELECT waited.locktype,
       CASE WHEN waited.locktype = 'advisory' AND waited.classid = 1819303015 THEN waited.objid::int END,
       CASE WHEN waited.classid = 'pg_catalog.pg_authid'::pg_catalog.regclass
            THEN 'role ' || pg_catalog.pg_get_userbyid(waited.objid)::text
            WHEN waited.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
            THEN 'database ' || (SELECT datname::text FROM pg_catalog.pg_database WHERE oid = waited.objid)
            WHEN waited.database IN (0, (SELECT oid FROM pg_catalog.pg_database
                                         WHERE datname = pg_catalog.current_database()))
            THEN coalesce(waited.relation, waited.classid)::pg_catalog.regclass::text END,
       blocker.pid,
       activity.usename::text,
       activity.datname::text,
       activity.application_name,
       activity.state,
       activity.xact_start::timestamptz(0)::text,
       activity.query_start::timestamptz(0)::text,
       pg_catalog.cardinality(pg_catalog.pg_blocking_pids(blocker.pid)) > 0,
       prepared.gid,
       prepared.owner::text,
       prepared.database::text,
       prepared.prepared::timestamptz(0)::text
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(%(pid)s)) AS blocker (pid)
LEFT JOIN pg_catalog.pg_locks AS waited ON waited.pid = %(pid)s AND NOT waited.granted
LEFT JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid = blocker.pid
LEFT JOIN pg_catalog.pg_locks AS held
  ON blocker.pid = 0 AND held.pid IS NULL AND held.granted
 AND held.locktype = waited.locktype
 AND (held.database, held.relation, held.page, held.tuple, held.transactionid, held.classid, held.objid)
     IS NOT DISTINCT FROM
     (waited.database, waited.relation, waited.page, waited.tuple, waited.transactionid, waited.classid, waited.objid)
LEFT JOIN pg_catalog.pg_locks AS own
  ON own.pid IS NULL AND own.locktype = 'transactionid' AND own.virtualtransaction = held.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
WHERE blocker.pid <> 0 OR prepared.gid IS NOT NULL
ORDER BY activity.xact_start, blocker.pid
"""

GUESTS = """
SELECT pid, usename::text, datname::text, application_name, state,
       xact_start::timestamptz(0)::text, query_start::timestamptz(0)::text, false
FROM pg_catalog.pg_stat_activity WHERE datname = %(database)s AND pid <> pg_catalog.pg_backend_pid()
UNION ALL
SELECT 0, owner::text, database::text, gid, 'prepared', prepared::timestamptz(0)::text, NULL, false
FROM pg_catalog.pg_prepared_xacts WHERE database = %(database)s
ORDER BY 1
"""


class Asking(Protocol):
    """A session that can be asked."""

    def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """Ask one question."""

    def close(self) -> None:
        """End the session."""


@dataclass(frozen=True)
class Blocker:
    """A session, or with process 0 a prepared transaction, whose name is then the ``application``.

    Times and state are None where the login may not see them.
    """

    process: int
    user: Optional[str]
    database: Optional[str]
    application: Optional[str]
    state: Optional[str]
    transaction: Optional[str]
    query: Optional[str]
    waits: bool

    def text(self) -> str:
        """Say who it is and since when."""
        if self.process == 0:
            who = f"prepared transaction {self.application}, of user {self.user}, database {self.database}"
            return f"{who}, prepared at {self.transaction}"
        known = [("user", self.user), ("database", self.database), ("application", self.application)]
        parts = [f"{what} {value}" for what, value in known if value]
        times = [("in a transaction since", self.transaction), ("last query began at", self.query)]
        parts += [self.state or "its state isn't shown to this login", *(f"{a} {b}" for a, b in times if b)]
        return f"process {self.process} ({', '.join(parts)}{', waits itself' if self.waits else ''})"

    def remedy(self) -> str:
        """Say how to end it."""
        if self.process == 0:
            return f"COMMIT PREPARED or ROLLBACK PREPARED {literal(self.application or '')}"
        return f"SELECT pg_terminate_backend({self.process})"


@dataclass(frozen=True)
class Obstacle:
    """What is waited for, and who has it."""

    kind: str
    key: Optional[int]
    thing: Optional[str]
    blockers: tuple[Blocker, ...]

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]]) -> Obstacle:
        """Take it from rows of BLOCKERS."""
        kind, key, thing = rows[0][:3]
        return cls(kind or "", key, thing, tuple(dict.fromkeys(blocker_of(row[3:]) for row in rows)))

    def what(self) -> str:
        """Say what is waited for."""
        if self.key is not None:
            return f"the lock of leastpriv.pgsql for the {'cluster' if self.key == CLUSTER_LOCK else 'database'}"
        if self.kind == "transactionid":
            return "a row that another transaction has changed"
        return f"a lock on {self.thing}" if self.thing else f"a lock ({self.kind})"

    def detail(self) -> str:
        """Say what was waited for, and who is in the way."""
        return f"waited for {self.what()}; in the way: {listed(self.blockers)}"

    def hint(self) -> str:
        """Say what to do."""
        if self.key is not None:
            return "this is another run of the collection: let it end and run again, or give a longer lock_timeout"
        return f"let it end, end it by {self.blockers[0].remedy()}, or give a longer lock_timeout"


def blocker_of(row: Sequence[Any]) -> Blocker:
    """Take one from the columns of BLOCKERS that are about it."""
    gid, owner, database, prepared = row[8:]
    return Blocker(0, owner, database, gid, None, prepared, None, False) if gid else Blocker(*row[:8])


def listed(blockers: Sequence[Blocker]) -> str:
    """Name the first ones, and how many there are more."""
    more = f" and {len(blockers) - MOST} more" if len(blockers) > MOST else ""
    return "; ".join(blocker.text() for blocker in blockers[:MOST]) + more


@contextmanager
def naming_guests(connection: Asking, database: str) -> Iterator[None]:
    """Add to «database is in use» who is in it."""
    try:
        yield
    except ServerError as error:
        if error.sqlstate != IN_USE:
            raise
        guests = [Blocker(*row) for row in connection.rows(GUESTS, database=database)]
        if not guests:
            raise
        hint = f"let them go, or end them, the first by {guests[0].remedy()}"
        raise error.saying(detail=f"in database {database}: {listed(guests)}", hint=hint) from None
