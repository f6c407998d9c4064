# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn default privileges into rules for objects that exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: existing_rules
short_description: Turn default privileges into rules for objects that exist
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Gives the rules of M(leastpriv.pgsql.pg_default_privs) that M(leastpriv.pgsql.pg_object_privs) can follow on what is
    there already.
  - Leaves out rules that are limited to creators, for they are about who makes an object.
positional: _input
options:
  _input:
    description: The default privileges.
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Give what is there what new objects get
  leastpriv.pgsql.pg_object_privs:
    databases: [gitlab]
    privileges: "{{ pg_default_privileges | leastpriv.pgsql.existing_rules }}"
"""

RETURN = r"""
_value:
  description: The rules that aren't limited to creators, as they came.
  type: list
  elements: raw
"""


def existing_rules(rules: Any) -> list[Any]:
    """Return the rules that hold for whoever made an object."""
    if not isinstance(rules, Sequence) or isinstance(rules, (str, bytes)):
        raise AnsibleFilterError("existing_rules: give a list of rules")
    return [rule for rule in rules if not (isinstance(rule, Mapping) and rule.get("creators"))]


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"existing_rules": existing_rules}
