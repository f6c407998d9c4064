# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the default privileges that concern schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ..plugin_utils.items import is_removed

DOCUMENTATION = r"""
name: schema_rules
short_description: Select the default privileges that concern schemas
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Keeps the rules of class SCHEMAS that grant, as text or as a dictionary.
  - The rules themselves are checked by the modules, not here.
options:
  _input:
    description: The default privileges.
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Grant on declared schemas what new schemas get by default
  leastpriv.pgsql.pg_db_isolation:
    databases: "{{ pg_databases }}"
    schema_privileges: "{{ pg_default_privileges | leastpriv.pgsql.schema_rules }}"
"""

RETURN = r"""
_value:
  description: The rules of class SCHEMAS.
  type: list
  elements: raw
"""

QUOTED = re.compile(r'"(?:[^"]|"")*"')
SCHEMA_GRANT = re.compile(r"\s*GRANT\b.*\bON\s+SCHEMAS\s+TO\b", re.IGNORECASE | re.DOTALL)


def schema_rules(rules: Sequence[Any]) -> list[Any]:
    """Return the rules that grant something on new schemas."""
    return [rule for rule in rules if _grants_on_schemas(rule)]


def _grants_on_schemas(rule: Any) -> bool:
    if isinstance(rule, Mapping):
        return str(rule.get("on", "")).upper() == "SCHEMAS" and not is_removed(rule)
    return SCHEMA_GRANT.match(QUOTED.sub('""', str(rule))) is not None


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"schema_rules": schema_rules}
