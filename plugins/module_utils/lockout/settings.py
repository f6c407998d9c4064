# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of a role or a database keep the login's next session from starting, or from working."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Optional

from ..connection import Server
from ..quoting import split_identifiers
from ..settings.model import Setting
from ..settings.plan import owner
from .model import THE_BOOTSTRAP, Loss

READ_ONLY = "default_transaction_read_only"
TIMEOUTS = frozenset(
    {"statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"}
)
LIBRARIES = frozenset({"session_preload_libraries", "local_preload_libraries"})
SHORTEST = 1000.0
MILLISECONDS = {"us": 0.001, "ms": 1.0, "": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7}
DURATION = re.compile(r"\s*(?P<number>\d+(\.\d*)?|\.\d+)\s*(?P<unit>[a-z]*)\s*", re.ASCII)
TRUE = re.compile(r"on|1|t(r(ue?)?)?|y(es?)?", re.IGNORECASE)

Settings = frozenset[Setting]


def shutting(
    before: Settings,
    after: Settings,
    server: Server,
    missing: frozenset[str],
    entered: frozenset[str] = frozenset(),
) -> Iterator[Loss]:
    """Give the new settings with which the login or the bootstrap superuser could not work; ``missing`` are files.

    Those of another database than the one to log in to are none, for from here they can be reset: unless it is
    ``entered`` after the plan, and nothing could be done there.
    """
    for setting in sorted(after - before):
        hinders = setting.database in entered and stops(setting, frozenset())
        if setting.database not in ("", server.database) and not hinders:
            continue
        what = f"{owner(setting)}: {setting.name} {setting.value}"
        if setting.role in ("", server.session_user) and stops(setting, missing):
            yield Loss(what, "leave it out")
        elif setting.role == server.bootstrap and stops(setting, missing):
            yield Loss(what, "leave it out", THE_BOOTSTRAP, lifted=False)
    yield from other_role(before, after, server)


def stops(setting: Setting, missing: frozenset[str]) -> bool:
    """Tell whether no session can start with a setting, or none can change anything."""
    if setting.name == READ_ONLY:
        return bool(TRUE.fullmatch(setting.value.strip()))
    if setting.name in TIMEOUTS:
        return 0 < milliseconds(setting.value) < SHORTEST
    return bool(missing.intersection(library_files(setting.name, setting.value)))


def milliseconds(text: str) -> float:
    """Give a duration; what isn't one is endless, for the server refuses it."""
    found = DURATION.fullmatch(text)
    unit = MILLISECONDS.get(found["unit"]) if found else None
    return float(found["number"]) * unit if found and unit else 0.0


def library_files(name: str, value: Optional[str]) -> tuple[str, ...]:
    """Give the files that a setting has every session load; for ``local_preload_libraries`` they lie in one folder."""
    if name not in LIBRARIES or value is None:
        return ()
    local = name == "local_preload_libraries"
    return tuple(f"$libdir/plugins/{one}" if local and "/" not in one else one for one in split_identifiers(value))


def other_role(before: Settings, after: Settings, server: Server) -> Iterator[Loss]:
    """Say whether the login would come in as somebody else; with ``session_role`` the setting doesn't matter."""
    me, acting = server.session_user, server.current_user
    old, new = initial_role(before, server), initial_role(after, server)
    if old != new and (old or me) == acting != (new or me):
        yield Loss(f"role {me}: coming in as {new or me} by the parameter role", "leave it as it is")


def initial_role(settings: Iterable[Setting], server: Server) -> Optional[str]:
    """Give the role that the login becomes when it comes in, by its settings; the narrowest one counts."""
    places = [(server.session_user, server.database), (server.session_user, ""), ("", server.database)]
    rows = {(one.role, one.database): one.value for one in settings if one.name == "role"}
    value = next((rows[place] for place in places if place in rows), "none")
    return None if value == "none" else value
