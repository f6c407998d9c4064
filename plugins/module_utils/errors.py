# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions that this collection raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class AccessError(Exception):
    """Carry one message that says what is wrong, with which object, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(AccessError):
    """Report a declaration that can't be followed, before anything is written."""


class ServerError(AccessError):
    """Report a server's refusal by its SQLSTATE, detail and hint, never by the statement."""

    def __init__(
        self,
        message: str,
        sqlstate: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        catalog: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.detail = detail
        self.hint = hint
        self.catalog = catalog

    def explained(self) -> str:
        """Return the message with everything the server said about it."""
        more = [f"detail: {self.detail}" if self.detail else "", f"hint: {self.hint}" if self.hint else ""]
        return "; ".join([f"{self.message} (SQLSTATE {self.sqlstate})", *filter(None, more)])


def raise_all(problems: Iterable[str], refusals: Iterable[str]) -> None:
    """Raise one InputError for problems, and for what the login may not do besides; refusals alone raise nothing."""
    found = list(problems)
    raise_problems([*found, *refusals] if found else [])


def raise_problems(problems: Iterable[str]) -> None:
    """Raise one InputError that names every problem, if there is any."""
    found = list(problems)
    if found:
        raise InputError("; ".join(found))
