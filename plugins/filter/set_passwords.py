# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the system users' items their passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils.items import Item, is_nested, is_removed

DOCUMENTATION = r"""
name: set_passwords
short_description: Give the system users' items their passwords
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - A password that is set replaces the password of the item of that name; an empty one leaves the item alone.
  - A system user without an item is an error that names its variable and the lists, unless the user is not
    given, or is optional and has no password. One whose item is declared absent is an error as well, and a password
    that is a list or a dictionary.
  - The result holds passwords. Use it within the arguments of a module only, never in a fact or a loop.
positional: _input, users
options:
  _input:
    description: The merged list of roles.
    type: list
    elements: dict
    required: true
  users:
    description:
      - The system users, each with C(variable) (the variable that holds its name), C(name), C(password),
        and C(optional) (whether it may go without an item while it has no password).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Declare all roles, the admin user with its password
  leastpriv.pgsql.pg_role_set:
    roles: "{{ pg_users | leastpriv.pgsql.set_passwords(admin) }}"
  vars:
    admin:
      - variable: pg_admin_username
        name: "{{ pg_admin_username }}"
        password: "{{ pg_admin_password }}"
"""

RETURN = r"""
_value:
  description: The items, with passwords.
  type: list
  elements: dict
"""

LISTS = "neither pg_default_roles nor pg_users"


def set_passwords(items: Sequence[Item], users: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Return the items, those of the system users with their passwords."""
    given = [user for user in users if user["name"]]
    errors = [*_unlisted({item["name"] for item in items}, given), *_leaving(items, given), *_not_text(given)]
    if errors:
        raise AnsibleFilterError("; ".join(errors))
    passwords = {user["name"]: user["password"] for user in given if user["password"]}
    return [{**item, "password": passwords[item["name"]]} if item["name"] in passwords else item for item in items]


def _unlisted(names: set[str], users: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for user in users:
        if user["name"] not in names and (user["password"] or not user.get("optional")):
            yield (
                f"{user['variable']} is {user['name']!r}, for which {LISTS} has an item: "
                f"add an item of that name, or change {user['variable']}"
            )


def _leaving(items: Sequence[Item], users: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    gone = {item["name"] for item in items if is_removed(item)}
    for user in users:
        if user["name"] in gone:
            yield f"{user['variable']} is {user['name']!r}, whose item is declared absent: change one of the two"


def _not_text(users: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for user in users:
        if is_nested(user["password"]):
            yield f"the password of {user['name']!r} ({user['variable']}) is not text: write it as one text"


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"set_passwords": set_passwords}
