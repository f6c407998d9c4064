# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which attributes a role needs that must be able to come in, and to go on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Optional

from ..roles.expiry import NEVER, is_past
from ..roles.model import RoleState


def lockouts(old: RoleState, new: Optional[RoleState], clears_password: bool, today: date) -> Iterable[str]:
    """Say what would lock out a role that must be able to come in."""
    if new is None:
        yield "state absent"
        return
    if old.login and not new.login:
        yield "login false"
    if old.superuser and not new.superuser:
        yield "superuser false"
    if clears_password:
        yield "an empty password"
    if new.valid_until not in (NEVER, old.valid_until) and is_past(new.valid_until, today):
        yield "an expiry in the past"
    if new.connlimit == 0 and old.connlimit != 0:
        yield "connlimit 0"


def powers_lost(old: RoleState, new: Optional[RoleState]) -> Iterable[str]:
    """Say what a role that acts without superuser could not make any more."""
    if new is None or old.superuser or new.superuser:
        return
    if old.createrole and not new.createrole:
        yield "createrole false"
    if old.createdb and not new.createdb:
        yield "createdb false"
