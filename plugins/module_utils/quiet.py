# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the server keep no password verifier: switch off for a transaction what writes statements down."""

from __future__ import annotations

from .connection import Connection
from .session import SAMPLED, may_set

# The server's log, with the trees of statements that any login may have printed there; pg_stat_statements where it
# is loaded; and pg_stat_activity, which anybody with pg_read_all_stats can look into and which reports of deadlocks
# quote.
QUIET = (
    ("track_activities", "off"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_min_error_statement", "panic"),
    ("log_duration", "off"),
    ("debug_print_parse", "off"),
    ("debug_print_raw_parse", "off"),
    ("debug_print_rewritten", "off"),
    ("pg_stat_statements.track_utility", "off"),
)
LOUD = """
SELECT name::text, context = 'user' OR {may_set}
FROM pg_catalog.pg_settings
WHERE setting <> (%(quiet)s::text[])[pg_catalog.array_position(%(names)s::text[], name)]
"""
NOT_QUIET = (
    "the login may not switch off statement logging, so the server may keep password verifiers (never passwords) "
    "in its log, in pg_stat_statements or in pg_stat_activity: use a superuser, or grant SET on {names} "
    "(PostgreSQL 15 and newer)"
)


def keep_quiet(connection: Connection) -> list[str]:
    """Switch off for the transaction what would keep statements; warn of what is on and the login may not switch off.

    Whether a transaction is a sample has been decided when it began, so that can only be told here.
    """
    wanted = dict((*QUIET, (SAMPLED, "0")))
    question = LOUD.replace("{may_set}", may_set(connection.server.version))
    loud = dict(connection.rows(question, names=list(wanted), quiet=list(wanted.values())))
    refused = sorted(name for name, may in loud.items() if not may or name == SAMPLED)
    for name in sorted(loud.keys() - set(refused)):
        connection.rows("SELECT pg_catalog.set_config(%(name)s, %(value)s, true)", name=name, value=wanted[name])
    return [NOT_QUIET.format(names=", ".join(refused))] if refused else []
