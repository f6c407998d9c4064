# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report on a host, with what deviates, what failed and what was not compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional

from ..plugin_utils.drift import report_of
from ..plugin_utils.untrusted import untrusted

DOCUMENTATION = r"""
name: drift_report
short_description: Report on a host, with what deviates, what failed and what was not compared
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes a host's results by part. A result that failed is an error, and an empty one was not run.
  - What could not be compared comes from the results' C(unchecked), or else from their warnings.
positional: _input, failures
options:
  _input:
    description: Results of this collection's modules in check mode, by the name of the part.
    type: dict
    required: true
  failures:
    description: Messages of what failed outside of the modules, by the name of the part.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Report on this host
  ansible.builtin.set_fact:
    report: "{{ {'roles': roles_result, 'databases': databases_result} | leastpriv.pgsql.drift_report }}"
"""

RETURN = r"""
_value:
  description: C(drift) (the number of rows), C(rows), C(errors) and C(unchecked) (each with C(part) and C(message)),
    and C(parts).
  type: dict
"""


def drift_report(
    results: Mapping[str, Optional[Mapping[str, Any]]], failures: Optional[Mapping[str, str]] = None
) -> Any:
    """Return a host's report; names from a server are never taken for templates."""
    return untrusted(report_of(results, failures or {}))


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"drift_report": drift_report}
