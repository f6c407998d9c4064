# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change as data, and the one order in which changes are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional

from .quoting import connect_line, ident, literal
from .secret import Secret

CREATE_ROLE = "create role"
ALTER_ROLE = "alter role"
REVOKE_MEMBERSHIP = "revoke membership"
GRANT_MEMBERSHIP = "grant membership"
CREATE_DATABASE = "create database"
ALTER_OWNER = "alter owner"
ALTER_SETTING = "alter setting"
ALTER_DATABASE = "alter database"
CREATE_SCHEMA = "create schema"
CREATE_EXTENSION = "create extension"
ALTER_EXTENSION = "alter extension"
DROP_FUNCTION = "drop function"
CREATE_FUNCTION = "create function"
GRANT = "grant"
GRANT_DEFAULT = "grant default"
REVOKE_DEFAULT = "revoke default"
REVOKE = "revoke"
GRANT_AGAIN = "grant again"
OPEN_DATABASE = "open database"
SET_PASSWORD = "set password"  # noqa: S105  the name of an action
REASSIGN_OWNED = "reassign owned"
DROP_OWNED = "drop owned"
DROP_ROLE = "drop role"
DROP_DATABASE = "drop database"
DROP_SCHEMA = "drop schema"
DROP_EXTENSION = "drop extension"

# Memberships are revoked before they are granted, because a swap of parent and member would otherwise be a
# cycle; a function is dropped before another one of its name is created; grants come before revokes, so that nobody
# loses access midway; a REVOKE on a table takes the same from its columns, where some of it is granted again; a
# database is opened when its ACL is right; what a role owns is handed on before it is dropped; passwords come last,
# because from then on the transaction logs no statements.
ORDER = (
    CREATE_ROLE,
    ALTER_ROLE,
    REVOKE_MEMBERSHIP,
    GRANT_MEMBERSHIP,
    CREATE_DATABASE,
    ALTER_OWNER,
    ALTER_SETTING,
    ALTER_DATABASE,
    CREATE_SCHEMA,
    CREATE_EXTENSION,
    ALTER_EXTENSION,
    DROP_FUNCTION,
    CREATE_FUNCTION,
    GRANT,
    GRANT_DEFAULT,
    REVOKE_DEFAULT,
    REVOKE,
    GRANT_AGAIN,
    OPEN_DATABASE,
    REASSIGN_OWNED,
    DROP_OWNED,
    DROP_ROLE,
    DROP_EXTENSION,
    DROP_SCHEMA,
    DROP_DATABASE,
    SET_PASSWORD,
)

ACL_ACTIONS = frozenset(
    {REVOKE_MEMBERSHIP, GRANT_MEMBERSHIP, GRANT, GRANT_DEFAULT, REVOKE_DEFAULT, REVOKE, GRANT_AGAIN}
)


@dataclass(frozen=True)
class Change:
    """One statement to be run, with what it means.

    A statement about several objects or roles lists them in ``objects`` and ``roles``.
    """

    action: str
    object_class: str
    object: str
    summary: str
    sql: str
    database: Optional[str] = None
    role: str = ""
    privilege: str = ""
    grantor: str = ""
    destructive: bool = False
    transactional: bool = True
    secret: Optional[Secret] = None
    run_as: Optional[str] = None
    borrower: Optional[str] = None
    through: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def statement(self) -> str:
        """Give the SQL to send; it holds the password verifier in clear where there is one."""
        return self.sql + (literal(self.secret.reveal()) if self.secret else "")

    def shown(self) -> str:
        """Give a line that ``psql -f`` accepts; a masked password is a comment, for run it would be a known one."""
        if self.secret:
            return commented(f"{self.sql}'********';")
        if self.sql.startswith("--"):
            return self.sql
        if self.run_as:
            return f"BEGIN; {'; '.join(self.acted(back=None))}; COMMIT;"
        return f"{self.sql};"

    def acted(self, back: Optional[str]) -> list[str]:
        """Give the statements that become the role to act as, act, and become ``back`` again.

        A ``borrower`` is given membership in that role before, and gives it back after. The role is let into the
        schemas that it goes ``through`` for the time being.
        """
        if not self.run_as:
            return [self.statement()]
        back = back or self.borrower
        return [*self.let_in("GRANT", "TO"), *self.borrowed(back), *self.let_in("REVOKE", "FROM")]

    def let_in(self, verb: str, preposition: str) -> list[str]:
        """Give the statement that lets the role to act as into the schemas, or out again."""
        schemas = ", ".join(ident(name) for name in self.through)
        return [f"{verb} USAGE ON SCHEMA {schemas} {preposition} {ident(self.run_as or '')}"] if schemas else []

    def borrowed(self, back: Optional[str]) -> list[str]:
        """Give the statements that act as the role, with membership that is lent if need be."""
        me = ident(self.run_as or "")
        again = ["RESET ROLE"] if self.through else []
        act = [f"SET LOCAL ROLE {me}", self.statement(), *([f"SET LOCAL ROLE {ident(back)}"] if back else again)]
        if not self.borrower:
            return act
        lend = f"{me} TO {ident(self.borrower)} WITH INHERIT FALSE, SET TRUE"
        return [f"GRANT {lend}", *act, f"REVOKE {me} FROM {ident(self.borrower)}"]

    def as_result(self) -> dict[str, Any]:
        """Give the change as a dictionary for the module's result, without SQL and without secrets."""
        hidden = ("sql", "secret", "run_as", "borrower", "through")
        return {key: value for key, value in asdict(replace(self, secret=None)).items() if key not in hidden}


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort changes by the documented order; those of one kind keep the order they came in."""
    return tuple(sorted(changes, key=lambda change: ORDER.index(change.action)))


def inside(database: Optional[str], changes: Iterable[Change]) -> tuple[Change, ...]:
    """Name the database in which the changes are to be made."""
    return tuple(replace(change, database=database) for change in changes)


def note(change: Change, text: str) -> Change:
    """Turn a change into a comment, for what an undo names and doesn't do."""
    return replace(change, sql=commented(text), secret=None, run_as=None, borrower=None, through=())


def commented(text: str) -> str:
    """Give a text as one comment line: psql ends a comment at either kind of line end, and a name can hold them."""
    return "-- " + text.replace("\r", " ").replace("\n", " ")


def script(changes: Iterable[Change]) -> list[str]:
    """Give the lines for ``psql -f``, entering another database where the changes do."""
    lines: list[str] = []
    current: Optional[str] = None
    for change in changes:
        if change.database is not None and change.database != current:
            lines.append(connect_line(change.database))
            current = change.database
        lines.append(change.shown())
    return lines
