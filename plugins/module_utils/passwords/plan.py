# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan passwords: what is sent is a verifier, and only where it differs."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

from ..change import SET_PASSWORD, Change
from ..quoting import ident
from ..secret import Secret
from .model import verifier

Passwords = Mapping[str, Optional[Secret]]


def resolve_passwords(
    current: Passwords, declared: Mapping[str, Secret], iterations: int
) -> dict[str, Optional[Secret]]:
    """Give what is to be stored; an empty password clears. Hashing lets go of Python's lock, so threads help."""

    def one(name: str) -> Optional[Secret]:
        password = declared[name]
        return verifier(name, password, current.get(name), iterations) if password.reveal() else None

    with ThreadPoolExecutor() as pool:
        return {**current, **dict(zip(declared, pool.map(one, declared)))}


def diff_passwords(before: Passwords, after: Passwords) -> list[Change]:
    """Clear or set what differs; clearing comes first, so that what is secret goes together."""
    different = [name for name in after if after[name] != before.get(name)]
    return [set_one(name, after[name]) for name in sorted(different, key=lambda name: (after[name] is not None, name))]


def set_one(name: str, stored: Optional[Secret]) -> Change:
    """Give the statement that sets a verifier, or clears the password."""
    if stored is None:
        sql = f"ALTER ROLE {ident(name)} PASSWORD NULL"
        return Change(SET_PASSWORD, "ROLE", name, f"clear the password of role {name}", sql, role=name)
    sql = f"ALTER ROLE {ident(name)} PASSWORD "
    return Change(SET_PASSWORD, "ROLE", name, f"set the password of role {name}", sql, role=name, secret=stored)


def password_lines(passwords: Passwords, others: Passwords, fresh: frozenset[str]) -> list[str]:
    """Give lines that tell whose password differs and which side is new, and nothing else of it."""
    return [
        f"role {name}: password {'none' if stored is None else '********'}{' (new)' if name in fresh else ''}"
        for name, stored in sorted(passwords.items())
        if stored != others.get(name)
    ]
