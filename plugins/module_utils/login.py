# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options as libpq's parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .connection import Login
from .errors import InputError
from .items import checked_name, checked_text
from .secret import Secret

KEYWORDS = {
    "login_host": "host",
    "login_port": "port",
    "login_user": "user",
    "login_password": "password",
    "ssl_mode": "sslmode",
    "ca_cert": "sslrootcert",
    "ssl_cert": "sslcert",
    "ssl_key": "sslkey",
}


def parse_login(params: Mapping[str, Any]) -> Login:
    """Give what libpq needs; the database is ``login_db``, else PGDATABASE, else ``postgres``."""
    if params["login_unix_socket"] and params["login_host"]:
        raise InputError("login_unix_socket and login_host are both given: keep one of them")
    given = {keyword: params[option] for option, keyword in KEYWORDS.items() if params[option] not in (None, "")}
    if params["login_unix_socket"]:
        given["host"] = params["login_unix_socket"]
    parameters = {**(params["connect_params"] or {}), **given}
    database = params["login_db"] or parameters.pop("dbname", None) or os.environ.get("PGDATABASE") or "postgres"
    if params["session_role"] is not None:
        checked_name(params["session_role"], "session_role")
    return Login(
        {keyword: revealed(value, keyword) for keyword, value in parameters.items() if keyword != "dbname"},
        revealed(database, "login_db"),
        params["session_role"],
        seconds(params.get("lock_timeout")),
    )


def revealed(value: Any, keyword: str) -> str:
    """Give a connection parameter as libpq's text; an error names the parameter and never its value."""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = value.reveal() if isinstance(value, Secret) else str(value)
    checked_text(text, f"connection parameter {keyword}")
    return text


def seconds(value: Any) -> float:
    """Give the lock timeout; PostgreSQL takes 0 for no limit at all."""
    if value is None:
        return 5.0
    if value < 0 or value > 2147483:
        raise InputError(f"lock_timeout is {value}; give seconds from 0 (no limit) to 2147483")
    return float(value)
