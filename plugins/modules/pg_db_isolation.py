#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring databases to what is declared: who may come in where."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_db_isolation
short_description: Declare PostgreSQL databases, who may come in, and their schemas and extensions
version_added: 0.1.0
description: A list.
"""
EXAMPLES = r"""
"""
RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.task import isolation_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CHANGING, JOBS

SPEC = {
    **CHANGING,
    **JOBS,
    "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE_ITEM},
    "replication_user": {"type": "str"},
    "monitor_user": {"type": "str"},
    "admin_user": {"type": "str"},
    "admin_role": {"type": "str"},
    "schema_privileges": {"type": "list", "elements": "raw"},
    "revoke_create": {"type": "bool", "default": False},
    "public_schema_in": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Run the module."""
    run(AnsibleModule(argument_spec=SPEC, supports_check_mode=True), parse=isolation_task)


if __name__ == "__main__":
    main()
