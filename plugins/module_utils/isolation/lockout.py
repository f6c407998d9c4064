# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan for databases would take from the login."""

from __future__ import annotations

from collections.abc import Iterator

from ..databases.model import CLOSED
from ..lockout.model import Footing, Loss, admitted, given_up, refused
from ..lockout.rights import lost
from ..lockout.settings import library_files, shutting
from ..privileges.model import by_object
from .model import Isolation, IsolationState


def locked_out(
    declared: Isolation, entered: frozenset[str], before: IsolationState, after: IsolationState
) -> list[str]:
    """Refuse what would lock out the login; ``entered`` are databases whose inside is worked on after the plan."""
    return refused(losses(entered, before, after), declared.allow_self)


def abandoned(entered: frozenset[str], before: IsolationState, after: IsolationState) -> tuple[str, ...]:
    """Name what the login gives up by this plan."""
    return given_up(losses(entered, before, after))


def losses(entered: frozenset[str], before: IsolationState, after: IsolationState) -> Iterator[Loss]:
    """Give what a plan takes from the login: its way into its database, and the databases that it manages."""
    yield from shut(entered, before, after)
    yield from shutting(before.settings, after.settings, before.server, before.missing_libraries, entered)
    yield from lost(footing(before, entered), footing(after, entered))


def shut(entered: frozenset[str], before: IsolationState, after: IsolationState) -> Iterator[Loss]:
    """Say whether the database of the login is closed to it; a superuser passes by a limit."""
    name, me = before.server.database, before.roles.get(before.server.session_user)
    old, new = before.databases.get(name), after.databases.get(name)
    if old is None or new is None:
        return
    if old.allowconn and not new.allowconn:
        yield Loss(f"database {name}: allowconn false", "leave it out, or give another login_db", lifted=False)
    if new.connlimit == CLOSED != old.connlimit and not (me and me.superuser):
        yield Loss(f"database {name}: connlimit 0", "leave it out", lifted=name not in entered)


def footing(state: IsolationState, entered: frozenset[str]) -> Footing:
    """Give what the login stands on."""
    looked_at = entered | {state.server.database}
    found = admitted(state.privileges)
    there = looked_at & by_object(state.privileges).keys()
    return Footing(
        state.server,
        state.roles,
        state.memberships,
        {name: database.owner for name, database in state.databases.items()},
        {name: found.get(name, frozenset()) for name in there},
        entered=entered,
    )


def libraries(declared: Isolation, database: str) -> list[str]:
    """Give the libraries that the next session of the login would load."""
    spec = declared.specs.get(database)
    parameters = (spec.parameters if spec else None) or {}
    return [one for name, value in parameters.items() for one in library_files(name, value)]
