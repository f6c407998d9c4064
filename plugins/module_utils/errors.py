# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions that this collection raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


ENDED = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04"})


class AccessError(Exception):
    """Carry one message that says what is wrong, with which object, and what to do.

    ``unknown`` names the parts of which nobody can tell whether they were committed.
    """

    unknown: tuple[str, ...] = ()

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

    def saying(self, more: str = "", detail: str | None = None, hint: str | None = None) -> ServerError:
        """Return the same error with more in its message, or with another detail and hint."""
        told = (detail or self.detail, hint or self.hint)
        return ServerError(self.message + more, self.sqlstate, *told, self.catalog)

    def explained(self) -> str:
        """Return the message with everything the server said about it."""
        more = [f"detail: {self.detail}" if self.detail else "", f"hint: {self.hint}" if self.hint else ""]
        return "; ".join([f"{self.message} (SQLSTATE {self.sqlstate})", *filter(None, more)])


class UnansweredError(AccessError):
    """Report that the connection broke when the server was to commit: it may have done it, or not."""

    def __init__(self, cause: AccessError) -> None:
        super().__init__(cause.message)
        self.cause = cause


def is_lost(error: AccessError) -> bool:
    """Tell whether a session ended by an error; psycopg2 doesn't always notice it in its own state."""
    state = error.sqlstate if isinstance(error, ServerError) else None
    return state is None or state in ENDED or state.startswith("08")


def raise_all(problems: Iterable[str], refusals: Iterable[str]) -> None:
    """Raise one InputError for problems, and for what the login may not do besides; refusals alone raise nothing."""
    found = list(problems)
    raise_problems([*found, *refusals] if found else [])


def raise_problems(problems: Iterable[str]) -> None:
    """Raise one InputError that names every problem, if there is any."""
    found = list(problems)
    if found:
        raise InputError("; ".join(found))
