# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a standby is, and waiting until it knows what the primary has committed."""

from __future__ import annotations

import re
import time
from typing import Optional

from .connection import Connection
from .errors import AccessError, InputError

PAUSE = 0.1
LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}", re.ASCII)
# Of a primary the place up to which there are records, written or not: with synchronous_commit = off what was committed
# may not be written yet.
PLACE = """
SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
       ELSE pg_catalog.pg_current_wal_insert_lsn() END::text,
       (SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'wal_block_size'),
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))
"""
PAGE_HEADER, SEGMENT_HEADER = 24, 40
# A server that has been promoted meanwhile has replayed all that it will ever replay.
REPLAYED = """
SELECT NOT pg_catalog.pg_is_in_recovery()
           OR coalesce(pg_catalog.pg_last_wal_replay_lsn() OPERATOR(pg_catalog.>=) %(lsn)s::pg_catalog.pg_lsn, false),
       coalesce(pg_catalog.pg_last_wal_replay_lsn()::text, 'nowhere'),
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END
"""


def read_place(connection: Connection) -> Optional[str]:
    """Read how far the log is: on a primary the end of the last record, on a standby of the last one replayed."""
    place, block, segment = connection.rows(PLACE)[0]
    return None if place is None else end_of_record(place, block, segment)


def end_of_record(place: str, block: int, segment: int) -> str:
    """Give the end of the last record before a place.

    After a record that fills a page, the place to insert at is behind the next page's header: no record ends there.
    """
    high, low = (int(part, 16) for part in place.split("/"))
    header = SEGMENT_HEADER if low % segment == SEGMENT_HEADER else PAGE_HEADER
    at_header = low % block == header
    return f"{high:X}/{low - header:X}" if at_header else place


def wait_for_replay(connection: Connection, lsn: Optional[str], seconds: float = 30.0) -> None:
    """Wait until a standby has replayed up to the place; a primary and no place mean that there is nothing to wait for.

    AccessError after that many seconds, and at once where replay is paused.
    """
    if lsn is None or not connection.server.in_recovery:
        return
    if not LSN.fullmatch(lsn):
        raise InputError(f"replay_lsn is {lsn!r}, which is no place in the log: give one such as 0/3000060")
    deadline = time.monotonic() + seconds
    while True:
        done, place, paused = connection.rows(REPLAYED, lsn=lsn)[0]
        if done:
            return
        if paused:
            raise AccessError(f"replay is paused on the standby at {place}, before {lsn}: resume it and run this again")
        if time.monotonic() > deadline:
            raise AccessError(late(lsn, place, seconds))
        time.sleep(PAUSE)


def late(lsn: str, place: str, seconds: float) -> str:
    """Say that a standby isn't there yet."""
    return (
        f"the standby has not replayed up to {lsn} within {seconds:g} s, it is at {place}: "
        f"look whether it receives anything from the primary (pg_stat_wal_receiver), and run this again"
    )
