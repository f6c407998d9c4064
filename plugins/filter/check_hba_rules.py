# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read HBA rules on the controller, so that a mistake is found before any module runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils.errors import InputError
from ..module_utils.hba.model import Names
from ..module_utils.hba.parse import parse_rules

DOCUMENTATION = r"""
name: check_hba_rules
short_description: Read HBA rules on the controller
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Returns the list as it is if every rule can be read as M(leastpriv.pgsql.pg_hba_rules) reads it; otherwise one error
    names all that is wrong. What depends on the server, such as its version, isn't looked at.
positional: _input, variable
options:
  _input:
    description: The rules.
    type: list
    elements: dict
    required: true
  variable:
    description: What an error calls the list.
    type: str
    default: rules
  users:
    description: What C(${dbsu}), C(${repl}), C(${monitor}) and C(${admin}) mean, by C(dbsu), C(repl) and so on.
    type: dict
    default: {}
  addresses:
    description: What the aliases C(admin), C(infra), C(cluster) and C(intra) mean, as lists.
    type: dict
    default: {}
  pool:
    description: Whether the rules are for PgBouncer.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Refuse rules that can't be read
  ansible.builtin.assert:
    that: (pg_hba_rules | leastpriv.pgsql.check_hba_rules('pg_hba_rules', addresses=where)) is sequence
  vars:
    where: {intra: [10.0.0.0/8]}
"""

RETURN = r"""
_value:
  description: The list as it came.
  type: list
  elements: dict
"""


class _Members(dict[str, tuple[str, ...]]):
    """Give every group a member: who they are, only the server knows."""

    def __contains__(self, group: object) -> bool:
        return True

    def __missing__(self, group: str) -> tuple[str, ...]:
        return (f"a member of {group}",)


def check_hba_rules(
    rules: Sequence[Mapping[str, Any]],
    variable: str = "rules",
    users: Any = None,
    addresses: Any = None,
    pool: bool = False,
) -> Any:
    """Return the rules unchanged, or fail with all that is wrong with them."""
    known = {name: str(user) for name, user in (users or {}).items() if user}
    places = {name: tuple(str(place) for place in found) for name, found in (addresses or {}).items()}
    try:
        parse_rules(rules, Names(known, places, pool=bool(pool), members=_Members()), variable)
    except InputError as error:
        raise AnsibleFilterError(error.message) from None
    return rules


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"check_hba_rules": check_hba_rules}
