# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which privileges on schemas the isolation of databases gives and takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..module_utils.acl import ALL, PUBLIC
from ..module_utils.rules.model import Rule
from ..module_utils.rules.parse import parse_rule

DOCUMENTATION = r"""
name: assumed_schema_privileges
short_description: Say which privileges on schemas the isolation of databases gives and takes
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Adds to databases, as the modules' option C(assume) takes them, what M(leastpriv.pgsql.pg_db_isolation) grants and
    revokes on their schemas, so that a later module doesn't plan the same once more in check mode.
positional: _input, rules, admin_role, revoke_create
options:
  _input:
    description: The databases, from P(leastpriv.pgsql.assumed_items#filter).
    type: list
    elements: dict
    required: true
  rules:
    description: The rules of class SCHEMAS that the isolation is given.
    type: list
    elements: raw
    required: true
  admin_role:
    description: The role that gets CREATE on schema public; empty for none.
    type: str
    required: true
  revoke_create:
    description: Whether PUBLIC loses CREATE on schema public.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: What the databases will have after the isolation
  ansible.builtin.debug:
    msg: "{{ databases | leastpriv.pgsql.assumed_schema_privileges(rules, 'dbrole_admin', true) }}"
  vars:
    databases: "{{ pg_databases | leastpriv.pgsql.assumed_items('database') }}"
    rules: "{{ pg_default_privileges | leastpriv.pgsql.schema_rules }}"
"""

RETURN = r"""
_value:
  description: The databases, each with the key C(schema_privileges).
  type: list
  elements: dict
"""

EVERYTHING = ("USAGE", "CREATE")


def assumed_schema_privileges(
    databases: Sequence[Mapping[str, Any]], rules: Sequence[Any], admin_role: str, revoke_create: bool
) -> list[dict[str, Any]]:
    """Return the databases with what is given and taken on their schemas."""
    parsed = [parse_rule(rule, "rules") for rule in rules]
    public = list(_on_public(admin_role)) if revoke_create else []
    return [{**item, "schema_privileges": [*_on_schemas(item, parsed), *public]} for item in databases]


def _on_schemas(item: Mapping[str, Any], rules: Sequence[Rule]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        privileges = list(EVERYTHING if rule.privileges == (ALL,) else rule.privileges)
        for schema in () if rule.option_only else item.get("schemas") or ():
            for grantee in rule.grantees:
                yield _given(schema, grantee, privileges, rule.state)


def _on_public(admin_role: str) -> Iterator[dict[str, Any]]:
    yield _given("public", PUBLIC, ["CREATE"], "absent")
    if admin_role:
        yield _given("public", admin_role, ["CREATE"], "present")


def _given(schema: str, grantee: str, privileges: list[str], state: str) -> dict[str, Any]:
    return {"schema": schema, "role": grantee or "PUBLIC", "privs": privileges, "state": state}


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"assumed_schema_privileges": assumed_schema_privileges}
