# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reports of all hosts as JUnit XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..plugin_utils.drift_xml import junit_of
from ..plugin_utils.untrusted import untrusted

DOCUMENTATION = r"""
name: drift_junit
short_description: Write the reports of all hosts as JUnit XML
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - A suite for all hosts together, and one for each host with a test case for each part.
  - Drift is a failure, an error is an error, and what was not compared is a test case of its own that is skipped.
  - Each suite has the property C(drift), the number of deviations.
positional: _input
options:
  _input:
    description: What P(leastpriv.pgsql.drift_json#filter) gives.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write what deviates for a CI server
  ansible.builtin.copy:
    content: "{{ reports | leastpriv.pgsql.drift_json | leastpriv.pgsql.drift_junit }}"
    dest: drift.xml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The XML document.
  type: str
"""


def drift_junit(summary: Mapping[str, Any]) -> Any:
    """Return an XML document; names from a server are never taken for templates."""
    return untrusted(junit_of(summary))


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"drift_junit": drift_junit}
