# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two drivers behind one door: the only file that imports either."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from .errors import AccessError, ServerError

NAMES = ("psycopg2", "psycopg")
HELP = (
    "no PostgreSQL driver for this Python interpreter: install psycopg2 (package python3-psycopg2, or "
    "pip install psycopg2-binary) or psycopg 3 (pip install 'psycopg[binary]')"
)


@cache
def driver() -> Any:
    """Import psycopg2, or else psycopg 3; the environment variable LEASTPRIV_DRIVER chooses by name."""
    wanted = os.environ.get("LEASTPRIV_DRIVER")
    for name in NAMES:
        if wanted in (None, "", name):
            try:
                return import_module(name)
            except ImportError:
                continue
    raise AccessError(HELP)


def as_access_error(error: Any, where: str = "the server") -> AccessError:
    """Keep SQLSTATE, message, detail and hint of an error; its text could quote the statement."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if not state:
        return AccessError(f"no connection to {where}: {' '.join(str(error).split()) or type(error).__name__}")
    diag = error.diag
    catalog = diag.table_name if diag.schema_name == "pg_catalog" else None
    message = diag.message_primary or "the server gave no message"
    return ServerError(message, state, diag.message_detail, diag.message_hint, catalog)


def open_session(parameters: Mapping[str, Any]) -> Any:
    """Connect in autocommit mode: transactions are begun and ended by statements of our own."""
    module = driver()
    parameters = {**parameters, **writable_host(parameters)}
    if module.__name__ == "psycopg":
        try:
            return module.connect(**parameters, autocommit=True, cursor_factory=module.ClientCursor)
        except UnicodeError:  # from Python's own look-up of names, which psycopg uses for more than one address
            raise AccessError("no connection to the server: the host's name is none that can be looked up") from None
    raw = module.connect(**parameters)
    raw.autocommit = True
    return raw


def writable_host(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Ask libpq for the writable one of several hosts; it knows ``primary`` from version 14."""
    if "," not in str(parameters.get("host", "")) or "target_session_attrs" in parameters:
        return {}
    return {"target_session_attrs": "primary" if libpq_version() >= 140000 else "read-write"}


def libpq_version() -> int:
    """Give the version of libpq that the driver uses, such as 160002."""
    module = driver()
    return int(module.pq.version() if module.__name__ == "psycopg" else module.extensions.libpq_version())


class Notices:
    """Take what psycopg2 would keep in a list of its own, of which it throws away all but the last fifty."""

    def __init__(self, kept: list[str]) -> None:
        self._kept = kept

    def append(self, text: str) -> None:
        """Keep a notice without its severity, which is in the server's language; its lines become one."""
        lines = (text.partition(":  ")[2] or text).split("\n")
        self._kept.append("; ".join(line.strip() for line in lines if line.strip()))


def keep_warnings(raw: Any, kept: list[str]) -> None:
    """Collect what the server says from now on, with its detail and hint."""
    if hasattr(raw, "add_notice_handler"):
        raw.add_notice_handler(lambda notice: kept.append(notice_text(notice)))
    else:
        raw.notices = Notices(kept)


def notice_text(notice: Any) -> str:
    """Give a notice of psycopg 3 as psycopg2 would."""
    more = [("DETAIL:  ", notice.message_detail), ("HINT:  ", notice.message_hint)]
    return "; ".join([notice.message_primary or "", *(label + text for label, text in more if text)])


def backend_process(raw: Any) -> int:
    """Give the process that the server, or whatever stands before it, named when it let us in."""
    return int(raw.info.backend_pid)
