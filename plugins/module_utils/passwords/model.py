# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declared password: plain text or a verifier, and what is stored."""

from __future__ import annotations

from functools import cache
from typing import Optional

from ..errors import InputError
from ..quoting import literal
from ..scram import classify, make_verifier, matches
from ..secret import Secret

SHORT = 8


def checked_password(password: Secret, where: str) -> None:
    """Refuse what PostgreSQL can't take, and what starts like a verifier and isn't one; never quote the value."""
    try:
        literal(password.reveal())
        classify(password.reveal())
    except InputError as error:
        raise InputError(f"{where}: password: {error}") from None


def weakness(name: str, password: Secret, names: frozenset[str]) -> Optional[str]:
    """Say what is wrong with a plain password, or None."""
    text = password.reveal()
    if not text or classify(text) != "plain":
        return None
    if text in names:
        return f"the password of role {name} is the name of a role"
    return f"the password of role {name} has fewer than {SHORT} characters" if len(text) < SHORT else None


@cache
def verifier(role: str, password: Secret, stored: Optional[Secret], iterations: int) -> Secret:
    """Give what is to be stored: what is there if the password matches it, or else a new verifier.

    Remembered within the process, so that a plan made again finds the same salt. A stored md5 hash is replaced
    when plain text is declared.
    """
    kind = classify(password.reveal())
    if kind != "plain":
        return password
    if stored is not None and not stored.reveal().startswith("md5") and matches(password, stored, role):
        return stored
    return make_verifier(password, iterations)
