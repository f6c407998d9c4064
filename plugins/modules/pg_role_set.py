#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a whole list of roles to what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_role_set
short_description: Declare a whole list of PostgreSQL roles, their memberships, settings and passwords
version_added: 0.1.0
description: A list.
"""
EXAMPLES = r"""
"""
RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import ROLE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.model import PARTS
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.task import role_set_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CHANGING, MODES

PART_LIST = {"type": "list", "elements": "str", "choices": list(PARTS)}
SPEC = {
    **CHANGING,
    "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE_ITEM},
    "memberships": {"type": "str", "choices": MODES},
    "parameters_mode": {"type": "str", "choices": MODES},
    "update_password": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    "expire_renew_days": {"type": "int"},
    "scram_iterations": {"type": "int"},
    "allow_self": {"type": "bool", "default": False},
    "defer": PART_LIST,
    "only": PART_LIST,
}


def main() -> None:
    """Run the module."""
    run(AnsibleModule(argument_spec=SPEC, supports_check_mode=True), parse=role_set_task)


if __name__ == "__main__":
    main()
