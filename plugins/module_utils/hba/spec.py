# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say what the words of HBA rules mean; documented in the doc fragment ``hba_names``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .model import INSTANCE_ROLES, Instance, Names

Spec = dict[str, Any]

ADDRESSES = ("admin", "infra", "cluster", "intra")

HBA_NAMES: Spec = {
    "dbsu": {"type": "str", "default": "postgres"},
    "replication_user": {"type": "str"},
    "monitor_user": {"type": "str"},
    "admin_user": {"type": "str"},
    "addresses": {
        "type": "dict",
        "options": {name: {"type": "list", "elements": "str"} for name in ADDRESSES},
    },
    "password_encryption": {
        "type": "str",
        "choices": ["scram-sha-256", "md5"],
        "default": "scram-sha-256",
        "no_log": False,
    },
    "instance_role": {"type": "str", "choices": list(INSTANCE_ROLES)},
    "offline_query": {"type": "bool", "default": False},
}
WORDS = {"dbsu": "dbsu", "repl": "replication_user", "monitor": "monitor_user", "admin": "admin_user"}


def names_of(
    params: Mapping[str, Any], pool: bool = False, members: Optional[Mapping[str, tuple[str, ...]]] = None
) -> Names:
    """Give what placeholders and aliases mean; ``pool`` and ``members`` are for PgBouncer's file."""
    users = {word: params[option] for word, option in WORDS.items() if params[option]}
    given = params["addresses"] or {}
    addresses = {name: tuple(given.get(name) or ()) for name in ADDRESSES}
    return Names(users, addresses, params["password_encryption"], pool, members or {})


def instance_of(params: Mapping[str, Any], in_recovery: bool) -> Instance:
    """Give what the server is now: what isn't in recovery is the primary, whatever the inventory says."""
    expected = params["instance_role"]
    standby = expected if expected not in (None, "primary") else "replica"
    return Instance(standby if in_recovery else "primary", params["offline_query"])
