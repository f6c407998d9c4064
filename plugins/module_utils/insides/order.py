# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order extensions come and go."""

from __future__ import annotations

from .model import Inside


def needed_first(inside: Inside, names: list[str]) -> list[str]:
    """Put extensions behind those that they need: CASCADE would create these, and where it pleases."""
    needs = {name: inside.offers[name].needs if name in inside.offers else frozenset() for name in names}
    found: list[str] = []
    waiting = list(names)
    while waiting:
        free = [name for name in waiting if not needs[name] & set(waiting)] or waiting
        found += free
        waiting = [name for name in waiting if name not in free]
    return found


def dropped_in_order(inside: Inside) -> list[str]:
    """Put extensions that go before those that they need."""
    return list(reversed(needed_first(inside, sorted(inside.dropped_extensions))))
