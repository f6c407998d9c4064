# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop databases: what stands in the way, and the statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..change import ALTER_DATABASE, DROP_DATABASE, Change
from ..connection import Connection
from ..quoting import ident, literal
from .model import DatabaseState, Removal
from .plan import change

SESSION, PREPARED, SUBSCRIPTION, SLOT = "session", "prepared transaction", "subscription", "active replication slot"

# Autovacuum gives way by itself, and parallel workers go with their leader. What is no client has no user.
OBSTACLES = """
SELECT s.datname::text, 'session', coalesce(s.usename::text, s.backend_type, ''), pg_catalog.count(*)
FROM pg_catalog.pg_stat_activity s
WHERE s.datname = ANY (%(names)s::text[]) AND s.pid <> pg_catalog.pg_backend_pid()
  AND coalesce(s.backend_type, '') NOT IN ('autovacuum worker', 'parallel worker')
GROUP BY 1, 3
UNION ALL
SELECT p.database::text, 'prepared transaction', p.owner::text, pg_catalog.count(*)
FROM pg_catalog.pg_prepared_xacts p WHERE p.database = ANY (%(names)s::text[]) GROUP BY 1, 3
UNION ALL
SELECT d.datname::text, 'subscription', s.subname::text, 1
FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
WHERE d.datname = ANY (%(names)s::text[])
UNION ALL
SELECT r.database::text, 'active replication slot', r.slot_name::text, 1
FROM pg_catalog.pg_replication_slots r WHERE r.active AND r.database = ANY (%(names)s::text[])
"""


@dataclass(frozen=True, order=True)
class Obstacle:
    """What keeps a database from being dropped: how many of which kind, by whom or called what."""

    kind: str
    name: str
    count: int


Obstacles = Mapping[str, tuple[Obstacle, ...]]


def read_obstacles(connection: Connection, names: Iterable[str]) -> Obstacles:
    """Read what keeps databases from being dropped."""
    wanted = sorted(names)
    found: dict[str, list[Obstacle]] = {name: [] for name in wanted}
    for name, *obstacle in connection.rows(OBSTACLES, names=wanted) if wanted else ():
        found[name].append(Obstacle(*obstacle))
    return {name: tuple(sorted(obstacles)) for name, obstacles in found.items()}


def in_the_way(removal: Removal, obstacles: Iterable[Obstacle]) -> Iterator[str]:
    """Say what has to be out of the way before a database can be dropped, and how."""
    listed = tuple(obstacles)
    ended = "declare terminate: true in its item, or end them"
    remedies = {
        SESSION: "" if removal.force or removal.terminate else "declare terminate: true or force: true, or end them",
        PREPARED: "run COMMIT PREPARED or ROLLBACK PREPARED there",
        SUBSCRIPTION: "run DROP SUBSCRIPTION there",
        SLOT: "" if removal.terminate else ended,
    }
    for kind, remedy in remedies.items():
        there = [obstacle for obstacle in listed if obstacle.kind == kind]
        if there and remedy:
            yield f"database {removal.name} can't be dropped because of {counted(there)}: {remedy}"


def counted(obstacles: Iterable[Obstacle]) -> str:
    """Give obstacles of one kind in words."""
    listed = list(obstacles)
    total = sum(obstacle.count for obstacle in listed)
    names = ", ".join(
        f"{obstacle.name} {obstacle.count}" if obstacle.count > 1 else obstacle.name for obstacle in listed
    )
    return f"{total} {listed[0].kind}{'s' if total > 1 else ''} ({names})"


def drop(removal: Removal, there: DatabaseState, obstacles: Iterable[Obstacle]) -> Iterator[Change]:
    """Give the statements that drop a database; none of them is part of a transaction."""
    name, head = removal.name, f"ALTER DATABASE {ident(removal.name)}"
    if there.is_template:
        yield outside(ALTER_DATABASE, name, f"database {name}: is_template false", f"{head} IS_TEMPLATE false")
    sessions = [obstacle for obstacle in obstacles if obstacle.kind == SESSION]
    if sessions and removal.terminate:
        yield outside(
            ALTER_DATABASE, name, f"database {name}: allow_connections false", f"{head} ALLOW_CONNECTIONS false"
        )
        yield replace(
            outside(ALTER_DATABASE, name, f"end {counted(sessions)} in database {name}", ending(name)), destructive=True
        )
    force = " WITH (FORCE)" if removal.force else ""
    yield replace(
        outside(DROP_DATABASE, name, f"drop database {name}", f"DROP DATABASE {ident(name)}{force}"), destructive=True
    )


def ending(name: str) -> str:
    """Give the statement that ends the sessions in a database."""
    ended = "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
    return f"{ended} WHERE datname ={literal(name)} AND pid <> pg_catalog.pg_backend_pid()"


def outside(action: str, name: str, summary: str, sql: str) -> Change:
    """Say what is done outside of a transaction."""
    return change(action, name, summary, sql, transactional=False)
