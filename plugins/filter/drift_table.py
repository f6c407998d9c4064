# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write deviations as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Union

from ..plugin_utils.drift_text import HOST, notes_of, table_of
from ..plugin_utils.untrusted import untrusted

DOCUMENTATION = r"""
name: drift_table
short_description: Write deviations as a table
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - A table of text, sorted - host (where it is known), database, object, who, what, whether it is too much, missing or
    different, and by which grantor.
  - Long cells are wrapped, and never cut off; where the columns can't be narrow enough, lines are longer.
  - Below it, of all hosts, what failed and what was not compared.
  - Control characters and the like are written as escapes.
positional: _input, width
options:
  _input:
    description: Rows of P(leastpriv.pgsql.drift_rows#filter), or what P(leastpriv.pgsql.drift_json#filter) gives.
    type: raw
    required: true
  width:
    description: How many columns a line should have at most.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Show what deviates
  ansible.builtin.debug:
    msg: "{{ (reports | leastpriv.pgsql.drift_json | leastpriv.pgsql.drift_table(100)).splitlines() }}"
"""

RETURN = r"""
_value:
  description: The table, or C(no drift).
  type: str
"""


def drift_table(rows: Union[Sequence[Mapping[str, Any]], Mapping[str, Any]], width: int = 120) -> Any:
    """Return a table of text; names from a server are never taken for templates."""
    if not isinstance(rows, Mapping):
        return untrusted(table_of(rows, int(width)))
    return untrusted("\n".join([table_of(_of_all_hosts(rows), int(width)), *notes_of(rows)]))


def _of_all_hosts(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for host, report in summary["hosts"].items():
        yield from ({HOST: host, **row} for row in report["rows"])


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"drift_table": drift_table}
