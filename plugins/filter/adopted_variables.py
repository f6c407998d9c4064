# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the declaration of a live cluster as a file of variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..plugin_utils.written import comment, written

DOCUMENTATION = r"""
name: adopted_variables
short_description: Write the declaration of a live cluster as a file of variables
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes the result of M(leastpriv.pgsql.pg_access_info) with its C(declaration), and returns the text of a YAML file
    with a heading for each variable.
  - Names that look like a template are marked as C(!unsafe).
positional: _input, host, passwords
options:
  _input:
    description: What the module returned.
    type: dict
    required: true
  host:
    description: What the file's first line calls the server.
    type: str
    required: true
  passwords:
    description:
      - Whether passwords are in a file of their own. Then C(pg_default_roles) is that file's list, or empty where it
        isn't loaded; items of one name in C(pg_default_roles) and C(pg_users) add up.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write what is there as variables
  ansible.builtin.copy:
    content: "{{ live | leastpriv.pgsql.adopted_variables(inventory_hostname) }}"
    dest: "adopted/{{ inventory_hostname }}.yml"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

APART = "{{ pgsql_access_adopted_passwords | default([]) }}"
HEADINGS = {
    "pg_default_roles": "Nothing of the access model's own roles is added to what is there.",
    "pg_users": "All roles but PostgreSQL's own. With attributes: exact, what isn't said is PostgreSQL's default.",
    "pg_databases": "All databases but template0, with who may enter them, their schemas and their extensions.",
    "pg_default_privileges": "What roles get on objects that are made later, by creators and databases.",
    "pgsql_access_object_privileges": (
        "What roles have on objects that are there. What PUBLIC has by itself and what owners have isn't said."
    ),
    "pg_dbsu_password": "The declaration is complete: no system users, no admin role, no passwords besides.",
    "pgsql_access_mode": "What isn't declared goes. With report it stays, and is told.",
}


def adopted_variables(result: Mapping[str, Any], host: str, passwords: bool = False) -> str:
    """Return the text of the file."""
    variables = dict(result["declaration"])
    parts = [f"---\n{head(result, host)}"]
    for name, value in variables.items():
        apart = passwords and name == "pg_default_roles"
        heading = f"\n{comment(HEADINGS[name])}" if name in HEADINGS else ""
        parts.append(f'{heading}{name}: "{APART}"\n' if apart else f"{heading}{written({name: value})}")
    return "".join(parts)


def head(result: Mapping[str, Any], host: str) -> str:
    """Say what the file is, and what isn't in it."""
    unread = [
        f"{one['what']}{' ' + one['database'] if one['database'] else ''}: {one['why']}" for one in result["unread"]
    ]
    return "".join(
        [
            comment(f"Who may do what on {host}, as it was found. Applying it there changes nothing."),
            *(comment(f"Not read: {text}") for text in unread),
            *(comment(f"Not declared: {text}") for text in result["left_out"]),
        ]
    )


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"adopted_variables": adopted_variables}
