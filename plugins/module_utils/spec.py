# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the modules share; documented in the doc fragments."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

# No option has a default here: libpq's environment variables and service files count where nothing is given.
CONNECTION: Spec = {
    "login_host": {"type": "str"},
    "login_port": {"type": "str"},
    "login_unix_socket": {"type": "str"},
    "login_user": {"type": "str"},
    "login_password": {"type": "str", "no_log": True},
    "login_db": {"type": "str"},
    "ssl_mode": {"type": "str", "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]},
    "ca_cert": {"type": "path"},
    "ssl_cert": {"type": "path"},
    "ssl_key": {"type": "path"},
    "connect_params": {"type": "dict", "no_log": True},
    "session_role": {"type": "str"},
}

ASSUME: Spec = {
    "type": "dict",
    "options": {
        "roles": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "superuser": {"type": "bool"},
                "inherit": {"type": "bool"},
                "roles": {"type": "list", "elements": "str"},
                "revoked_roles": {"type": "list", "elements": "str"},
                "roles_exact": {"type": "bool", "default": False},
            },
        },
        "databases": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "owner": {"type": "str"},
                "template": {"type": "str"},
                "allowconn": {"type": "bool"},
                "schemas": {"type": "list", "elements": "str"},
                "schema_privileges": {
                    "type": "list",
                    "elements": "dict",
                    "options": {
                        "schema": {"type": "str", "required": True},
                        "role": {"type": "str", "required": True},
                        "privs": {"type": "list", "elements": "str", "required": True},
                        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                    },
                },
            },
        },
    },
}

MODES = ["additive", "report", "exact"]

CHANGING: Spec = {
    **CONNECTION,
    "mode": {"type": "str", "choices": MODES, "default": "additive"},
    "assume": ASSUME,
    "audit": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": True},
    "lock_timeout": {"type": "float", "default": 5.0},
}

ALLOW_SELF: Spec = {"allow_self": {"type": "bool", "default": False}}

JOBS: Spec = {"jobs": {"type": "int"}}
