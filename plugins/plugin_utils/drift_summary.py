# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of all hosts, together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .drift import entry


def summary_of(reports: Mapping[str, Optional[Mapping[str, Any]]]) -> dict[str, Any]:
    """Give the reports of all hosts with their sum; a host without a report is an error."""
    hosts = {host: dict(report) if report else unreported() for host, report in sorted(reports.items())}
    return {
        "drift": sum(report["drift"] for report in hosts.values()),
        "errors": sum(len(report["errors"]) for report in hosts.values()),
        "unchecked": sum(len(report["unchecked"]) for report in hosts.values()),
        "hosts": hosts,
    }


def unreported() -> dict[str, Any]:
    """Give the report of a host that gave none."""
    errors = [entry("connect", "the host gave no report: it is unreachable, or was left before the end")]
    return {"drift": 0, "rows": [], "errors": errors, "unchecked": [], "parts": []}
