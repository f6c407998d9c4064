# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand on what roles own in a database, and drop what is left of them there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..change import DROP_OWNED, REASSIGN_OWNED, Change, note
from ..errors import raise_problems
from ..plan import Resolved
from ..quoting import ident, literal
from .model import INITIAL, OWNER, POLICIES, PRIVILEGES, Held, Left

# DROP OWNED would drop what somebody has made as the role since it was handed on: then this is an error instead, by a
# text that is no number.
NOTHING_LEFT = """
SELECT ('still owned: ' || pg_catalog.pg_describe_object(classid, objid, objsubid))::pg_catalog.int4
FROM pg_catalog.pg_shdepend
WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
AND refobjid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {name}) AND deptype = 'o'
AND dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
AND classid <> ALL (ARRAY['pg_catalog.pg_default_acl'::pg_catalog.regclass, 'pg_catalog.pg_user_mapping'])
"""
ON_ONE_LINE = " ".join(NOTHING_LEFT.split())
KINDS = {
    OWNER: "",
    PRIVILEGES: "its privileges on ",
    POLICIES: "its part in ",
    INITIAL: "its initial privileges on ",
}
SUPERUSERS_ONLY = frozenset({"event trigger", "foreign-data wrapper"})


@dataclass(frozen=True)
class Handover:
    """To whom the roles that go hand on what they own in one database; who of these is a superuser.

    ``lacked`` gives for each the roles of which the login makes itself a member for the time of its statements.
    """

    database: str
    successors: Mapping[str, str]
    superusers: frozenset[str]
    login: str = ""
    lacked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def lent(self, change: Change) -> Change:
        """Take the memberships that a change needs before it, and give them back after it."""
        names = ", ".join(ident(name) for name in self.lacked.get(change.object, ()) if name in change.roles)
        if not names:
            return change
        take = f"GRANT {names} TO {ident(self.login)} WITH INHERIT TRUE, SET TRUE"
        return replace(change, sql=f"{take}; {change.sql}; REVOKE {names} FROM {ident(self.login)}")


def resolve_left(handover: Handover, left: Left) -> Resolved[Left]:
    """Give what will be left: nothing; InputError for what only a superuser can own."""
    raise_problems(for_superusers(handover, left))
    alone = ", ".join(sorted(name for _role, name in left.alone))
    text = f"database {handover.database}: policies for nobody else go with the roles that are dropped: {alone}"
    return Resolved(Left(), (text,) if alone else (), left.refusals)


def for_superusers(handover: Handover, left: Left) -> Iterator[str]:
    """Name what can't be handed to a role that is no superuser."""
    for one in sorted(left.held):
        to = handover.successors.get(one.role, "")
        if one.moves() and one.what in SUPERUSERS_ONLY and to and to not in handover.superusers:
            yield (
                f"database {handover.database}: {one.words()} of role {one.role} can only be owned by a superuser, and "
                f"{to} is none: let reassign_to name one, or drop it"
            )


def diff_left(handover: Handover, before: Left, after: Left) -> tuple[Change, ...]:
    """Hand on what is owned, and drop the rest."""
    gone = before.held - after.held
    found: list[Change] = []
    for role in sorted({one.role for one in gone}):
        mine = sorted(one for one in gone if one.role == role)
        moving, rest = [one for one in mine if one.moves()], [one for one in mine if not one.moves()]
        to = handover.successors[role]
        found += [handover.lent(reassign(role, to, moving))] if moving and to else []
        found += [handover.lent(drop(role, rest, alone_of(role, before)))] if rest else []
    return tuple(found)


def alone_of(role: str, left: Left) -> list[str]:
    """Name the policies that go with a role."""
    return sorted(name for one, name in left.alone if one == role)


def reassign(role: str, to: str, moving: list[Held]) -> Change:
    """Give REASSIGN OWNED."""
    summary = f"hand to {to} what {role} owns: {'; '.join(one.words() for one in moving)}"
    sql = f"REASSIGN OWNED BY {ident(role)} TO {ident(to)}"
    return Change(REASSIGN_OWNED, "ROLE", role, summary, sql, role=to, objects=named(moving), roles=(role, to))


def drop(role: str, rest: list[Held], alone: list[str]) -> Change:
    """Give DROP OWNED, after a look that nothing is owned that would be lost."""
    policies = [f"policies for nobody else: {', '.join(alone)}"] if alone else []
    summary = f"drop of {role}: {'; '.join([*(KINDS.get(one.kind, '') + one.words() for one in rest), *policies])}"
    sql = f"{ON_ONE_LINE.replace('{name}', literal(role))}; DROP OWNED BY {ident(role)}"
    return Change(
        DROP_OWNED, "ROLE", role, summary, sql, role=role, destructive=True, objects=named(rest), roles=(role,)
    )


def named(held: list[Held]) -> tuple[str, ...]:
    """Name the first of each class."""
    return tuple(f"{one.what} {name}" for one in held for name in one.names)


def undo_left(handover: Handover, before: Left, after: Left) -> tuple[Change, ...]:
    """Name what was done: it isn't handed back."""
    return tuple(note(one, f"not undone: {one.summary}") for one in diff_left(handover, before, after))


def left_lines(left: Left, other: Left) -> tuple[str, ...]:
    """Give what roles own and appear in as lines of text."""
    held = sorted(left.held - other.held)
    return tuple(f"role {one.role}: {'owns ' if one.moves() else KINDS.get(one.kind, '')}{one.words()}" for one in held)
