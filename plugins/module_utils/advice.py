# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what to do about errors of the server that don't say it themselves."""

from __future__ import annotations

from .errors import AccessError, ServerError

UNREADABLE, TOO_LARGE, TOO_LARGE_A_ROW = "22021", "54000", "row is too big"
FOREIGN = (
    "a name, comment or setting isn't valid UTF-8, for it was written in a database of another encoding: rename or "
    "change it there, or log in to a database of that encoding (login_db)"
)
CROWDED = (
    "the privileges on one object have to fit into a page of 8 kB, which is enough for about two thousand grantees: "
    "grant to a role, and make them its members"
)


def advised(error: AccessError, database: str) -> AccessError:
    """Give an error with a hint, where one is known."""
    if not isinstance(error, ServerError):
        return error
    if error.sqlstate == UNREADABLE:
        return error.saying(hint=f"database {database}: {FOREIGN}")
    if error.sqlstate == TOO_LARGE and error.message.startswith(TOO_LARGE_A_ROW):
        return error.saying(hint=CROWDED)
    return error


def unreadable(error: UnicodeError, database: str) -> AccessError:
    """Say what can't be read, with the bytes as far as the driver gives them."""
    found = ascii(bytes(error.object).decode("latin-1")) if isinstance(error, UnicodeDecodeError) else "a text"
    return AccessError(f"database {database}: {found} can't be read: {FOREIGN}")
