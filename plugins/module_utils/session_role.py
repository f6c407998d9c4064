# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become the role that a session is to work as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import InputError, ServerError
from .quoting import ident

BECOME = "SELECT pg_catalog.set_config('role', %(role)s, false)"
WHO = "SELECT session_user::text, pg_catalog.current_setting('server_version_num')::int"
NOT_ALLOWED, NOT_THERE = "42501", "22023"
OPTIONS_SINCE = 160000


def become(rows: Callable[..., list[tuple[Any, ...]]], role: str) -> None:
    """Become a role in a session; InputError with the statement that helps where the login may not."""
    try:
        rows(BECOME, role=role)
    except ServerError as error:
        if error.sqlstate == NOT_THERE:
            raise InputError(f"session_role: no such role: {role}; create it, or correct the name") from None
        if error.sqlstate != NOT_ALLOWED:
            raise
        me, version = rows(WHO)[0]
        option = " WITH SET TRUE" if version >= OPTIONS_SINCE else ""
        raise InputError(
            f"session_role: {me} can't become {role}: run GRANT {ident(role)} TO {ident(me)}{option}, or leave "
            f"session_role out"
        ) from None
