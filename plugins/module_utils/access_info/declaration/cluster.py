# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the declaration of a whole cluster together: the variables of the role."""

from __future__ import annotations

from typing import Any

from ..model import Found, Wish
from .databases import database_items, databases_left_out
from .defaults import default_items
from .objects import object_items, objects_left_out
from .roles import declared_roles, role_items, roles_left_out

# The declaration is complete, so nothing of the access model is to be added to it: no system users, no admin role.
# pg_dbsu isn't among them: it is how the server is reached, and changes nothing else here.
SETTLED: dict[str, Any] = {
    "pg_dbsu_password": "",
    "pg_replication_username": "",
    "pg_replication_password": "",
    "pg_monitor_username": "",
    "pg_monitor_password": "",
    "pg_admin_username": "",
    "pg_admin_password": "",
    "pgsql_access_admin_role": "",
    "pgsql_access_mode": "exact",
    "pgsql_access_creators": "all",
    "pgsql_access_grantees": "all",
    "pgsql_access_existing_objects": False,
    "pgsql_access_existing_except": [],
    "pgsql_access_revoke_create": False,
    "pgsql_access_public_schema_in": [],
    "pgsql_access_unlisted_roles": "report",
    "pgsql_access_unlisted_databases": "report",
}


def declared_variables(found: Found, wish: Wish) -> dict[str, Any]:
    """Give the variables of the role that say what is there; no secret is among them."""
    return {
        "pg_default_roles": [],
        "pg_users": role_items(found.cluster),
        "pg_databases": database_items(found, wish),
        "pg_default_privileges": default_items(found.insides),
        "pgsql_access_object_privileges": object_items(found),
        **SETTLED,
    }


def declared_passwords(found: Found) -> list[dict[str, str]]:
    """Give the stored verifiers, as items that only have a name and a password; these are secrets."""
    stored = found.cluster.passwords or {}
    names = declared_roles(found.cluster)
    return [{"name": name, "password": secret.reveal()} for name in names for secret in [stored.get(name)] if secret]


def not_declared(found: Found) -> list[str]:
    """Say what is there and has no place in the declaration."""
    return [
        *roles_left_out(found.cluster),
        *databases_left_out(found.cluster),
        *objects_left_out(found.insides),
    ]
