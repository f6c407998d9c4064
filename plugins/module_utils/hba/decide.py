# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which line decides about a connection attempt, as PostgreSQL does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional

from .cluster import Attempt, Cluster, Door
from .matching import matches
from .model import Line


def decide(lines: Sequence[Line], attempt: Attempt, cluster: Cluster) -> Optional[Line]:
    """Give the first line that surely matches; None: PostgreSQL rejects. Lines that only may match are passed over."""
    return next((line for line in lines if matches(line, attempt, cluster)), None)


def possible(lines: Sequence[Line], attempt: Attempt, cluster: Cluster) -> tuple[Line, ...]:
    """Give each line that may decide: those that may match (host names, ``@file``), and then the first that does."""
    return _deciding(lines, attempt, cluster)[0]


def _deciding(lines: Sequence[Line], attempt: Attempt, cluster: Cluster) -> tuple[tuple[Line, ...], bool]:
    """Give each line that may decide, and whether the last one surely matches."""
    found = []
    for line in lines:
        verdict = matches(line, attempt, cluster)
        if verdict is not False:
            found.append(line)
        if verdict:
            return tuple(found), True
    return tuple(found), False


def doors(lines: Sequence[Line], attempts: Sequence[Attempt], cluster: Cluster) -> tuple[Door, ...]:
    """Tell for each attempt whether it is let in: ``open``, ``shut`` or ``maybe``; for lock-outs look at the shut ones.

    Where the client takes TLS or none (``ssl`` is None), one open way is enough.
    """
    return tuple(_door(lines, attempt, cluster) for attempt in attempts)


def _door(lines: Sequence[Line], attempt: Attempt, cluster: Cluster) -> Door:
    ways = [_way(lines, way, cluster) for way in _ways(attempt, cluster)]
    best = min(ways, key=lambda way: ("open", "maybe", "shut").index(way[0]))
    return Door(attempt, *best)


def _ways(attempt: Attempt, cluster: Cluster) -> list[Attempt]:
    if attempt.ssl is not None or attempt.address is None:
        return [attempt]
    return [replace(attempt, ssl=ssl) for ssl in ((True, False) if cluster.ssl else (False,))]


def _way(lines: Sequence[Line], attempt: Attempt, cluster: Cluster) -> tuple[str, tuple[Line, ...]]:
    found, sure = _deciding(lines, attempt, cluster)
    lets = {line.method != "reject" for line in found} | ({False} if not sure else set())
    state = "maybe" if len(lets) > 1 else "open" if True in lets else "shut"
    return state, found
