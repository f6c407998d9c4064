# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the well-known default passwords of the access model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ..plugin_utils.items import Item, is_removed

DOCUMENTATION = r"""
name: default_passwords
short_description: Find the well-known default passwords of the access model
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Returns the names of the variables and of the items that hold a well-known default password, never a value.
positional: _input, users
options:
  _input:
    description: The lists of roles by the names of their variables.
    type: dict
    required: true
  users:
    description: The system users, each with C(name), C(password) and C(password_variable).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse well-known passwords
  ansible.builtin.assert:
    that: found | length == 0
    fail_msg: "set {{ found | join(', ') }}"
  vars:
    found: "{{ {'pg_users': pg_users} | leastpriv.pgsql.default_passwords([]) }}"
"""

RETURN = r"""
_value:
  description: What has to be set, such as C(pg_admin_password) or C(pg_users item dbuser_meta).
  type: list
  elements: str
"""

WELL_KNOWN = tuple("DBUser." + name for name in ("DBA", "Monitor", "Replicator", "Meta", "Viewer", "Supa"))


def default_passwords(lists: Mapping[str, Sequence[Item]], users: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name every place of a well-known password; users that are not given and items that go don't count."""
    variables = [user["password_variable"] for user in users if user["name"] and user["password"] in WELL_KNOWN]
    items = [
        f"{source} item {item['name']}"
        for source, declared in lists.items()
        for item in declared
        if item.get("password") in WELL_KNOWN and not is_removed(item)
    ]
    return variables + items


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"default_passwords": default_passwords}
