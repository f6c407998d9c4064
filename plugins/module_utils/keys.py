# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the keys of every declared item, for the modules' argument specs and for the check before any module runs.

No key has a default: a key that is absent is not managed.
"""

from __future__ import annotations

from typing import Any

ItemSpec = dict[str, dict[str, Any]]

POOL_MODES = ["session", "transaction", "statement"]

MEMBERSHIP_ITEM: ItemSpec = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "grant", "revoke"]},
    "admin": {"type": "bool"},
    "inherit": {"type": "bool"},
    "set": {"type": "bool"},
}

ROLE_ITEM: ItemSpec = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "create", "absent"]},
    "login": {"type": "bool"},
    "superuser": {"type": "bool"},
    "createdb": {"type": "bool"},
    "createrole": {"type": "bool"},
    "inherit": {"type": "bool"},
    "replication": {"type": "bool"},
    "bypassrls": {"type": "bool"},
    "connlimit": {"type": "int"},
    "password": {"type": "str", "no_log": True},
    "expire_at": {"type": "str"},
    "expire_in": {"type": "int"},
    "comment": {"type": "str"},
    "roles": {"type": "list", "elements": "raw"},
    "parameters": {"type": "dict"},
    "search_path": {"type": "raw"},
    "database_parameters": {"type": "dict"},
    "attributes": {"type": "str", "choices": ["declared", "exact"]},
    "reassign_to": {"type": "raw"},
    "terminate": {"type": "bool"},
    "pgbouncer": {"type": "bool"},
    "pool_mode": {"type": "str", "choices": POOL_MODES},
    "pool_connlimit": {"type": "int"},
}

SCHEMA_ITEM: ItemSpec = {
    "name": {"type": "str", "required": True},
    "owner": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "create", "absent"]},
    "cascade": {"type": "bool"},
}

EXTENSION_ITEM: ItemSpec = {
    "name": {"type": "str", "required": True},
    "schema": {"type": "str"},
    "version": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "create", "absent"]},
    "cascade": {"type": "bool"},
}

DATABASE_GRANT_ITEM: ItemSpec = {
    "role": {"type": "str", "required": True},
    "privs": {"type": "list", "elements": "str", "required": True},
    "grant_option": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}

DATABASE_ITEM: ItemSpec = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "create", "absent", "recreate"]},
    "owner": {"type": "str"},
    "allowconn": {"type": "bool"},
    "connlimit": {"type": "int"},
    "revokeconn": {"type": "bool"},
    "revoketemp": {"type": "bool"},
    "revoke_create": {"type": "bool"},
    "connect": {"type": "list", "elements": "str"},
    "deny_connect": {"type": "list", "elements": "str"},
    "grants": {"type": "list", "elements": "dict", "options": DATABASE_GRANT_ITEM},
    "comment": {"type": "str"},
    "template": {"type": "str"},
    "strategy": {"type": "str"},
    "encoding": {"type": "str"},
    "locale": {"type": "str"},
    "lc_collate": {"type": "str"},
    "lc_ctype": {"type": "str"},
    "locale_provider": {"type": "str"},
    "icu_locale": {"type": "str"},
    "icu_rules": {"type": "str"},
    "builtin_locale": {"type": "str"},
    "is_template": {"type": "bool"},
    "tablespace": {"type": "str"},
    "parameters": {"type": "dict"},
    "schemas": {"type": "list", "elements": "raw"},
    "extensions": {"type": "list", "elements": "raw"},
    "baseline": {"type": "str"},
    "register_datasource": {"type": "bool"},
    "pgbouncer": {"type": "bool"},
    "pool_mode": {"type": "str", "choices": POOL_MODES},
    "pool_size": {"type": "int"},
    "pool_size_min": {"type": "int"},
    "pool_reserve": {"type": "int"},
    "pool_connlimit": {"type": "int"},
    "pool_auth_user": {"type": "str"},
    "pool_size_reserve": {"type": "int"},
    "pool_max_db_conn": {"type": "int"},
    "force": {"type": "bool"},
    "cascade": {"type": "bool"},
    "terminate": {"type": "bool"},
}

HBA_RULE: ItemSpec = {
    "title": {"type": "str"},
    "role": {"type": "str", "choices": ["default", "common", "primary", "replica", "offline", "standby", "delayed"]},
    "order": {"type": "int"},
    "rules": {"type": "raw"},
    "addr": {"type": "raw"},
    "user": {"type": "raw"},
    "db": {"type": "raw"},
    "auth": {"type": "str"},
    "options": {"type": "dict"},
}
