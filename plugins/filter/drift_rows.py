# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what deviates, from what the modules returned in check mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional

from ..plugin_utils.drift import rows_of
from ..plugin_utils.untrusted import untrusted

DOCUMENTATION = r"""
name: drift_rows
short_description: Tell what deviates, from what the modules returned in check mode
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes a host's results by part, and gives one row for each deviation - C(changes), which a run would make, and
    C(drift), which nobody declared and which mode V(report) leaves alone.
  - A statement about several objects or roles becomes a row for each. What two parts name counts once.
  - A result that failed gives no row.
positional: _input
options:
  _input:
    description: Results of this collection's modules in check mode, by the name of the part.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show who has too much
  ansible.builtin.debug:
    msg: "{{ {'roles': roles_result} | leastpriv.pgsql.drift_rows | selectattr('state', 'equalto', 'too much') }}"
"""

RETURN = r"""
_value:
  description: Rows with C(part), C(database) (empty for the cluster), C(object_class), C(object), C(role),
    C(privilege), C(state) (C(too much), C(missing) or C(different)), C(grantor), C(summary) and C(sql).
  type: list
  elements: dict
"""


def drift_rows(results: Mapping[str, Optional[Mapping[str, Any]]]) -> Any:
    """Return one row for each deviation, sorted; names from a server are never taken for templates."""
    return untrusted(rows_of(results))


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"drift_rows": drift_rows}
