# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements that lead from one ACL to another, for many objects at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import LETTER_OF, OBJECT_CLASSES, grantee_sql, grantee_text
from ..change import GRANT, GRANT_AGAIN, REVOKE, Change
from ..privileges.acting import Actor
from ..privileges.model import Privilege
from ..privileges.plan import levels
from ..quoting import ident
from .foreseen import unquoted
from .model import SCHEMA, Shape

AT_ONCE = 300
"""Objects in one statement: enough for few statements, and few enough to be read."""
# ROUTINE and TYPE take what FUNCTION, PROCEDURE and DOMAIN would refuse.
WORDS = {"FUNCTION": "ROUTINE"}
PLURALS = {"LARGE OBJECT": "large objects"}


@dataclass(frozen=True)
class Doing:
    """What one statement does: to grant or to revoke, a privilege or its option, as whom."""

    action: str
    option: bool
    run_as: Optional[str]
    grantor: str


Pair = tuple[Shape, Shape]
# One statement's privileges, and who grants them to whom; the objects are collected.
Kind = tuple[int, Doing, str, tuple[tuple[str, str], ...], tuple[str, ...]]


def changes_between(pairs: Iterable[Pair], actor: Actor) -> Iterator[Change]:
    """Grant what is new, revoke what is gone, and give columns back what a REVOKE on their table took from them."""
    found: dict[Kind, list[str]] = {}
    closed: dict[Kind, set[str]] = {}
    pairs = list(pairs)
    opened = let_in(pairs)
    for before, after in pairs:
        for kind in kinds(before, after, actor):
            found.setdefault(kind, []).extend(after.objects)
            barred = {schema for role, schema in before.barred - opened if role == kind[1].run_as}
            closed.setdefault(kind, set()).update(barred if actor.superuser else ())
    for kind in sorted(found, key=lambda kind: turn(kind, min(found[kind]))):
        objects, through = sorted(found[kind]), tuple(sorted(closed[kind]))
        for start in range(0, len(objects), AT_ONCE):
            change = statement(kind, tuple(objects[start : start + AT_ONCE]))
            yield actor.lent(replace(change, through=through))


def let_in(pairs: Iterable[Pair]) -> frozenset[tuple[str, str]]:
    """Give the roles that these changes grant USAGE, each with the schema: these needn't be let in, and out again."""
    return frozenset(
        (entry.grantee, unquoted(name))
        for before, after in pairs
        for entry in after.entries - before.entries
        if after.object_class == SCHEMA
        for name in after.objects
    )


def turn(kind: Kind, first: str) -> tuple[bool, int, str, str, str]:
    """Tell when a statement's turn is: as long as others act, nobody loses USAGE on a schema, which they need."""
    place, doing, object_class = kind[:3]
    return (doing.action == REVOKE and object_class == SCHEMA, place, object_class, first, str(kind))


def kinds(before: Shape, after: Shape, actor: Actor) -> Iterator[Kind]:
    """Give the kinds of statements that lead one shape's objects from one ACL to the other."""
    old, new = ({entry.key(): entry for entry in shape.entries} for shape in (before, after))
    fresh = [entry for key, entry in new.items() if key not in old or (entry.grantable and not old[key].grantable)]
    less = [entry for key, entry in new.items() if key in old and old[key].grantable and not entry.grantable]
    gone = [entry for key, entry in old.items() if key not in new]
    taken = {(entry.grantee, entry.privilege, entry.grantor) for entry in (*gone, *less) if not entry.object}
    again = [e for e in new.values() if e.object and (e.grantee, e.privilege, e.grantor) in taken]
    gone = [e for e in gone if not e.object or (e.grantee, e.privilege, e.grantor) not in taken]
    steps = [
        *((GRANT, False, group) for group in reversed(levels(fresh))),
        *((REVOKE, False, group) for group in levels(gone)),
        *((REVOKE, True, group) for group in levels(less)),
        *((GRANT_AGAIN, False, group) for group in reversed(levels(again))),
    ]
    for place, (action, option, group) in enumerate(steps):
        yield from merged(place, action, option, group, after, actor)


def merged(
    place: int, action: str, option: bool, group: Iterable[Privilege], shape: Shape, actor: Actor
) -> Iterator[Kind]:
    """Put together the privileges of one grantee, and then the grantees who get or lose the same."""
    doing: dict[tuple[Doing, str], set[Privilege]] = {}
    for entry in group:
        how = Doing(action, option or (action != REVOKE and entry.grantable), run_as(entry, shape, actor), by(entry))
        doing.setdefault((how, entry.grantee), set()).add(entry)
    alike: dict[tuple[Doing, tuple[tuple[str, str], ...]], list[str]] = {}
    for (how, grantee), entries in doing.items():
        alike.setdefault((how, clause(entries)), []).append(grantee)
    for (how, privileges), grantees in alike.items():
        yield (place, how, shape.object_class, privileges, tuple(sorted(grantees)))


def run_as(entry: Privilege, shape: Shape, actor: Actor) -> Optional[str]:
    """Give the role to become for an entry, if any."""
    return actor.run_as(entry, shape.owner)


def by(entry: Privilege) -> str:
    """Give the grantor."""
    return entry.grantor


def clause(entries: Iterable[Privilege]) -> tuple[tuple[str, str], ...]:
    """Give the privileges in the order of their class, each with the columns that it is about."""
    columns: dict[str, list[str]] = {}
    for entry in sorted(entries):
        columns.setdefault(entry.privilege, []).extend([entry.object] if entry.object else [])
    order = OBJECT_CLASSES["TABLE"].letters + "UCXTcsA"
    return tuple(
        (privilege, ", ".join(ident(name) for name in columns[privilege]))
        for privilege in sorted(columns, key=lambda privilege: order.index(LETTER_OF[privilege]))
    )


def statement(kind: Kind, objects: tuple[str, ...]) -> Change:
    """Give one GRANT or REVOKE."""
    _place, doing, object_class, privileges, grantees = kind
    listed = ", ".join(f"{name} ({columns})" if columns else name for name, columns in privileges)
    target = f"{WORDS.get(object_class, object_class)} {', '.join(objects)}"
    whom = ", ".join(grantee_sql(name) for name in grantees)
    option = "GRANT OPTION FOR " if doing.option else ""
    if doing.action == REVOKE:
        sql = f"REVOKE {option}{listed} ON {target} FROM {whom}"
    else:
        sql = f"GRANT {listed} ON {target} TO {whom}{' WITH GRANT OPTION' if doing.option else ''}"
    made = Change(
        doing.action,
        object_class,
        shortened(objects),
        summary(doing, listed, object_class, objects, grantees),
        sql,
        role=", ".join(map(grantee_text, grantees)),
        privilege=listed,
        grantor=doing.grantor,
        destructive=doing.action == REVOKE,
        run_as=doing.run_as,
    )
    return replace(made, objects=objects, roles=tuple(map(grantee_text, grantees)))


def summary(doing: Doing, listed: str, object_class: str, objects: tuple[str, ...], grantees: tuple[str, ...]) -> str:
    """Give a statement as a sentence."""
    whom, what = ", ".join(map(grantee_text, grantees)), counted(object_class, objects)
    if doing.action == REVOKE:
        by_whom = f" granted by {doing.grantor}" if doing.run_as else ""
        return f"revoke {'grant option for ' if doing.option else ''}{listed} on {what} from {whom}{by_whom}"
    again = ", which the table's REVOKE takes" if doing.action == GRANT_AGAIN else ""
    return f"grant {listed} on {what} to {whom}{' with grant option' if doing.option else ''}{again}"


def counted(object_class: str, objects: tuple[str, ...]) -> str:
    """Name one object, or count several and name the first."""
    word = object_class.lower()
    if len(objects) == 1:
        return f"{word} {objects[0]}"
    return f"{len(objects)} {PLURALS.get(object_class, word + 's')} ({shortened(objects)})"


def shortened(objects: tuple[str, ...], most: int = 3) -> str:
    """Give the first names, and how many more there are."""
    more = f" and {len(objects) - most} more" if len(objects) > most else ""
    return ", ".join(objects[:most]) + more


def named(shape: Shape, column: str = "") -> str:
    """Name a shape's objects in an error."""
    return f"{counted(shape.object_class, shape.objects)}{f' column {column}' if column else ''}"
