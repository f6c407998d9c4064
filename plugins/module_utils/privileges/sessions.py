# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose sessions a login may end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..quoting import ident
from ..roles.model import RoleState
from .acting import Actor
from .lacking import SUPERUSER, Barred, Lack

SIGNAL = "pg_signal_backend"


def barred_ends(
    actor: Actor, roles: Mapping[str, RoleState], users: Iterable[str], where: str = ""
) -> Iterator[Barred]:
    """Go through users whose sessions the login may not end; what is no role's takes a superuser, too."""
    for user in users:
        doing = f"end sessions of {user or 'the server'}{where}"
        if actor.superuser or user in actor.has:
            continue
        if user not in roles or roles[user].superuser:
            yield doing, SUPERUSER
        elif SIGNAL not in actor.has:
            right = f"privileges of {SIGNAL} or of that role"
            yield doing, Lack(right, f"run GRANT {ident(SIGNAL)} TO {ident(actor.name)}")
