# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the default privileges that concern schemas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Union

from ansible.errors import AnsibleFilterError

from ..module_utils.errors import InputError
from ..module_utils.rules.model import Rule
from ..module_utils.rules.parse import parse_rule

DOCUMENTATION = r"""
name: schema_rules
short_description: Select the default privileges that concern schemas
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Keeps the rules of class SCHEMAS, those that grant and those that revoke, as text or as a dictionary.
  - Leaves out rules that are limited to databases or to creators, for they don't hold for every declared schema.
  - What isn't a rule is an error that shows the place, for the other rules of the list as well.
positional: _input, variable
options:
  _input:
    description: The default privileges.
    type: list
    elements: raw
    required: true
  variable:
    description: What an error calls the list.
    type: str
    default: rules
"""

EXAMPLES = r"""
- name: Give declared schemas what new schemas get by default
  leastpriv.pgsql.pg_db_isolation:
    databases: "{{ pg_databases }}"
    schema_privileges: "{{ pg_default_privileges | leastpriv.pgsql.schema_rules }}"
"""

RETURN = r"""
_value:
  description: The rules of class SCHEMAS that aren't limited, as they came.
  type: list
  elements: raw
"""


def schema_rules(rules: Any, variable: str = "rules") -> list[Any]:
    """Return the rules of class SCHEMAS, or fail with everything in the list that isn't a rule."""
    if not isinstance(rules, Sequence) or isinstance(rules, (str, bytes)):
        raise AnsibleFilterError(f"{variable} is not a list: give a list of rules")
    parsed = [_parsed(rule, f"{variable}[{place}]") for place, rule in enumerate(rules)]
    errors = [found.message for found in parsed if isinstance(found, InputError)]
    if errors:
        raise AnsibleFilterError("\n".join(errors))
    return [rule for rule, found in zip(rules, parsed) if isinstance(found, Rule) and _holds_everywhere(found)]


def _holds_everywhere(rule: Rule) -> bool:
    return rule.object_class == "SCHEMAS" and not rule.is_limited()


def _parsed(rule: Any, where: str) -> Union[Rule, InputError]:
    try:
        return parse_rule(rule, where)
    except InputError as error:
        return error


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"schema_rules": schema_rules}
