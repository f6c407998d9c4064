# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the reports of all hosts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional

from ..plugin_utils.drift_summary import summary_of
from ..plugin_utils.untrusted import untrusted

DOCUMENTATION = r"""
name: drift_json
short_description: Put the reports of all hosts together
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes the reports of P(leastpriv.pgsql.drift_report#filter) by host, and gives them with their sum.
  - A host without a report is an error.
positional: _input
options:
  _input:
    description: Reports by host; an empty one stands for a host that could not be asked.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write down what deviates
  ansible.builtin.copy:
    content: "{{ reports | leastpriv.pgsql.drift_json | to_nice_json }}"
    dest: drift.json
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: C(drift), C(errors) and C(unchecked) (numbers), and C(hosts), the reports by host.
  type: dict
"""


def drift_json(reports: Mapping[str, Optional[Mapping[str, Any]]]) -> Any:
    """Return all reports with their sum; names from a server are never taken for templates."""
    return untrusted(summary_of(reports))


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"drift_json": drift_json}
