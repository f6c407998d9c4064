# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan for privileges would take from the login: CONNECT on databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..lockout.model import Footing, Loss, admitted
from ..lockout.rights import lost
from ..quoting import split_identifiers
from .model import ClusterState, Shape

DATABASE = "DATABASE"


def losses(entered: frozenset[str], before: ClusterState, after: ClusterState) -> Iterator[Loss]:
    """Give what a plan takes from the login; ``entered`` are databases that are worked on after it."""
    yield from lost(footing(before, entered), footing(after, entered))


def footing(state: ClusterState, entered: frozenset[str]) -> Footing:
    """Give what the login stands on, of the databases whose privileges change."""
    server, databases = state.cluster.server, state.cluster.databases
    found = grantees(state.shared.shapes)
    names = (entered | {server.database}) & found.keys()
    return Footing(
        server,
        state.roles,
        state.memberships,
        {name: database.owner for name, database in databases.items()},
        {name: found[name] for name in names},
        entered=entered,
    )


def grantees(shapes: Iterable[Shape]) -> dict[str, frozenset[str]]:
    """Give for databases who has CONNECT; shapes name their objects as they stand in SQL."""
    found: dict[str, frozenset[str]] = {}
    for shape in shapes:
        if shape.object_class == DATABASE:
            found.update(dict.fromkeys(split_identifiers(", ".join(shape.objects)), directly_admitted(shape)))
    return found


def directly_admitted(shape: Shape) -> frozenset[str]:
    """Give who has CONNECT on the databases of a shape."""
    return admitted(shape.entries).get("", frozenset())
