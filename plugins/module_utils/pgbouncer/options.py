# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the module's options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional

from ..connection import Login
from ..errors import InputError
from ..items import checked_name
from ..scram import classify
from ..secret import Secret
from .drafts import path_in
from .items import parse_databases, parse_users
from .model import Files, Pool, PoolDatabase

Params = Mapping[str, Any]

LOOKUP = ("auth_user", "lookup_schema", "lookup_owner")


def parse_pool(params: Params) -> Pool:
    """Give everything that is declared."""
    databases, warnings = parse_databases(params["databases"] or ())
    if params["pause"] and not params["reload"]:
        raise InputError(
            "pause is true and reload is false: what is paused is to read its files; leave out one of them"
        )
    pooled = tuple(with_auth_user(database, params) for database in databases)
    askers, said = askers_of(params, pooled)
    return Pool(
        parse_users(params["users"] or ()),
        pooled,
        tuple(checked_name(name, "console_users") for name in params["console_users"] or ()),
        files_of(params),
        verifiers=params["verifiers"],
        auth_query=params["auth_query"],
        lookup={key: params[key] for key in LOOKUP},
        askers=askers,
        hba_rules=params["hba_rules"],
        pause=params["pause"],
        reload=params["reload"],
        require_running=params["require_running"],
        warnings=(*warnings, *said),
    )


def askers_of(params: Params, databases: tuple[PoolDatabase, ...]) -> tuple[dict[str, Secret], tuple[str, ...]]:
    """Give the passwords of those by whom the pool asks: it logs in to the server, for which no verifier is enough."""
    names = {database.auth_user for database in databases} - {None}
    found = {item["name"]: item.get("password") for item in params["users"] or () if item.get("name") in names}
    given = {name: secret for name, secret in found.items() if isinstance(secret, Secret) and secret.reveal()}
    plain = {name: secret for name, secret in given.items() if classify(secret.reveal()) == "plain"}
    said = [f"PgBouncer can't log in to the server as {name} with a verifier" for name in sorted(given.keys() - plain)]
    return plain, tuple(f"{one}: declare plain text, or let it in without a password (peer, cert)" for one in said)


def with_auth_user(database: PoolDatabase, params: Params) -> PoolDatabase:
    """Let the pool ask for verifiers as ``auth_user`` where the database names nobody else."""
    if not params["auth_query"] or database.auth_user:
        return database
    return replace(database, auth_user=params["auth_user"])


def files_of(params: Params) -> Files:
    """Give where the files lie."""
    names = ("userlist_file", "users_file", "databases_file", "hba_file")
    paths = [path_in(params["folder"], params[name]) for name in names]
    if len(set(paths)) < len(paths):
        raise InputError(f"two of {', '.join(names)} are the same file: give each its own")
    userlist, users, databases, hba = paths
    return Files(userlist, users, databases, hba, params["owner"], params["group"])


def where_of(params: Params, login: Login) -> tuple[Optional[str], int]:
    """Give where the pool finds the server: what is declared, or else where this login goes."""
    host = params["server_host"] or login.parameters.get("host") or os.environ.get("PGHOST")
    port = str(params["server_port"] or login.parameters.get("port") or os.environ.get("PGPORT") or "5432")
    if "," in (host or "") and not params["server_host"]:
        raise InputError("login_host names several hosts: give server_host, the one that the pool is to go to")
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise InputError("the server's port isn't one number from 1 to 65535: give server_port")
    return host or None, int(port)
