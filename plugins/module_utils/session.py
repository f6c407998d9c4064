# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked and set in every session: the same answers, whatever the login's own settings are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

# Everything is written with its schema and read with an empty search_path, so that nobody's objects of the same
# name are used; with client_min_messages at warning, whatever the server says is a warning, in any language.
# standard_conforming_strings stays as it is: psycopg2 looks at it only once, when it connects.
# The limits of time are those of people's sessions: a plan that was read can take long to be written.
# Until its first line has taken effect, operators and casts would be looked for in the path that the login comes
# with: so there is none in it. It sets nothing in a process that isn't the one that let us in: behind a pooler that
# would be somebody else's, too.
SESSION = """
SELECT pg_catalog.set_config(name, value, false)
FROM (VALUES ('search_path', ''),
             ('statement_timeout', '0'),
             ('transaction_timeout', '0'),
             ('idle_in_transaction_session_timeout', '0'),
             ('idle_session_timeout', '0'),
             ('lock_timeout', %(lock_timeout)s),
             ('client_min_messages', 'warning'),
             ('DateStyle', 'ISO, YMD'),
             ('IntervalStyle', 'postgres'),
             ('TimeZone', 'UTC'),
             ('bytea_output', 'hex'),
             ('quote_all_identifiers', 'off'),
             ('transform_null_equals', 'off'),
             ('array_nulls', 'on'),
             ('escape_string_warning', 'off'),
             ('operator_precedence_warning', 'off'),
             ('exit_on_error', 'off'),
             ('jit', 'off'),
             ('default_transaction_isolation', 'read committed')) AS wanted (name, value)
WHERE pg_catalog.current_setting(name, true) IS NOT NULL AND pg_catalog.int4eq(pg_catalog.pg_backend_pid(), %(process)s)
"""

PROCESS = "SELECT pg_catalog.pg_backend_pid()"

SERVER = """
SELECT pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.current_setting('server_version'),
       session_user::text,
       current_user::text,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
       (SELECT rolname::text FROM pg_catalog.pg_roles WHERE oid = 10),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_database()::text,
       {collation}
"""

# What a server from 15 on says to everybody who connects, but before a driver listens.
COLLATION = """
       (SELECT 'database ' || datname || ' has a collation version mismatch: it was created with ' || datcollversion
               || ', the operating system gives '
               || coalesce(pg_catalog.pg_database_collation_actual_version(oid), 'none')
        FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database() AND datcollversion IS NOT NULL
          AND datcollversion IS DISTINCT FROM pg_catalog.pg_database_collation_actual_version(oid))
"""

# Two locks with one key each: the cluster's, held in the maintenance database, and a database's own.
CLUSTER_LOCK, DATABASE_LOCK = 1, 2
LOCK = """
SELECT pg_catalog.pg_advisory_xact_lock(1819303015, %(key)s),
       pg_catalog.pg_backend_pid(),
       pg_catalog.current_setting('search_path')
"""

# Whether a transaction is logged as a sample, with everything in it, is decided when it begins.
SAMPLED = "log_transaction_sample_rate"
UNSAMPLED = """
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
WHERE name = 'log_transaction_sample_rate' AND setting <> '0' AND {may_set}
"""

THERE = "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %(name)s"


@dataclass(frozen=True)
class Server:
    """What the server says of itself and of the login."""

    version: int
    version_text: str
    session_user: str
    current_user: str
    superuser: bool
    bootstrap: str
    in_recovery: bool
    database: str


@dataclass
class Heard:
    """What the sessions of one run come to know besides their answers.

    ``warnings`` are the server's, as far as they aren't a statement's own; ``acting`` is as whom the first session
    works; after a lock timeout, ``locked`` lets the further statements be watched; ``stopped`` lets no session go on.
    """

    warnings: list[str] = field(default_factory=list)
    acting: str = ""
    locked: bool = False
    stopped: bool = False


@dataclass(frozen=True)
class Login:
    """How to come in: libpq's parameters, without a database, and what is set in each session."""

    parameters: Mapping[str, Any]
    database: str
    session_role: Optional[str] = None
    lock_timeout: float = 5.0
    heard: Heard = field(default_factory=Heard, compare=False, repr=False)


GRANTED_SINCE = 150000


def may_set(version: int, name: str = "name") -> str:
    """Give a condition in SQL: may the session set a superuser's parameter, whose name is in this column."""
    granted = f" OR pg_catalog.has_parameter_privilege({name}, 'SET')" if version >= GRANTED_SINCE else ""
    return f"(pg_catalog.current_setting('is_superuser') = 'on'{granted})"


def unsampled(version: int) -> str:
    """Give the statement that takes the transactions to come out of the log's sample, where the login may."""
    return UNSAMPLED.replace("{may_set}", may_set(version))


def met(rows: Callable[[str], list[tuple[Any, ...]]], version: int) -> tuple[Server, str]:
    """Read what the server is and as whom the session works, and from 15 on a warning if its collation changed."""
    *found, warning = rows(SERVER.replace("{collation}", COLLATION if version >= 150000 else "NULL"))[0]
    return Server(*found), warning
