# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan privileges on objects: what their ACLs are to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..acl import LETTERS, OBJECT_CLASSES, PUBLIC, grantee_text
from ..change import Change
from ..errors import raise_all
from ..plan import Resolved
from ..privileges.model import Privilege, Privileges
from ..privileges.plan import orphans, resolve_privileges
from .looking import Looking
from .model import COLUMN, PUBLIC_SCHEMA, SCHEMA, Objects, Shape
from .rights import nameless, refusals
from .statements import changes_between, named
from .wanted import Entry, Wanted, What, wanted_on


@dataclass(frozen=True)
class Judged:
    """What a shape comes to, and what stands against it."""

    after: Shape
    problems: tuple[str, ...]
    refusals: tuple[str, ...] = ()


def resolve_objects(looking: Looking, state: Objects) -> Resolved[Objects]:
    """Give the ACLs as declared; one error names everything that stands against it."""
    by_rule = entries_by_rule(looking.entries)
    judged = [resolve_shape(looking, shape, wanted_on(shape, by_rule, looking.rules)) for shape in state.shapes]
    problems = [*state.problems, *(text for one in judged for text in one.problems)]
    pairs = [(shape, one.after) for shape, one in zip(state.shapes, judged)]
    texts = [*(text for one in judged for text in one.refusals), *nameless(looking, pairs)]
    barred = tuple(dict.fromkeys(looking.where() + text for text in texts))
    raise_all((looking.where() + text for text in dict.fromkeys(problems)), barred)
    return Resolved(
        replace(state, shapes=tuple(one.after for one in judged)),
        tuple(looking.where() + text for text in state.warnings),
        barred,
    )


def entries_by_rule(entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """Group entries by the rule that they come from."""
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.rule, []).append(entry)
    return found


def resolve_shape(looking: Looking, shape: Shape, wanted: Wanted) -> Judged:
    """Give one shape's ACL as declared, column by column, and say what stands against it."""
    owner = shape.owner
    options = declared_options(looking, shape, wanted)
    columns = sorted({entry.object for entry in shape.entries} | {what[0] for what in options} | {""})
    after = frozenset().union(*(resolve_part(looking, shape, wanted, options, column) for column in columns))
    hanging = (ungrounded(after, owner) - ungrounded(shape.entries, owner)) & shape.entries
    problems = [
        *(f"{named(shape)}: {text}" for text in wanted.problems),
        *(left_hanging(shape, entry) for entry in sorted(hanging)),
    ]
    return Judged(replace(shape, entries=after), tuple(problems), tuple(refusals(looking, shape, after)))


def ungrounded(entries: Privileges, owner: str) -> Privileges:
    """Give the entries whose grantor may no longer grant them."""
    return frozenset(orphans(entries, lambda _entry: owner))


def declared_options(looking: Looking, shape: Shape, wanted: Wanted) -> dict[What, Optional[bool]]:
    """Give the grant options of what is wanted; exact has none that isn't declared."""
    closed = looking.exact and shape.scoped
    return {
        what: False if closed and option is None and looking.scope.has(what[1]) else option
        for what, option in wanted.given.items()
    }


def resolve_part(
    looking: Looking, shape: Shape, wanted: Wanted, options: Mapping[What, Optional[bool]], column: str
) -> Privileges:
    """Give the ACL of the object itself, or of one column."""
    current = frozenset(narrowed(e, wanted, shape.owner) for e in shape.entries if e.object == column)
    mine = {(grantee, privilege): option for (col, grantee, privilege), option in options.items() if col == column}
    kind = COLUMN if column else shape.object_class
    template = Privilege(kind, column, "", "", looking.actor.grants_as(shape.owner))

    def excess(entry: Privilege) -> bool:
        return entry.grantee != shape.owner and goes(looking, shape, wanted, entry)

    return resolve_privileges(current, mine, excess, template, shape.owner, exact=False)


def narrowed(entry: Privilege, wanted: Wanted, owner: str) -> Privilege:
    """Take away a grant option that a rule takes without saying anything about the privilege."""
    away = what_of(entry) in wanted.narrowed and entry.grantee != owner
    return replace(entry, grantable=False) if away else entry


def what_of(entry: Privilege) -> What:
    """Tell who has what on which part of the object."""
    return (entry.object, entry.grantee, entry.privilege)


def goes(looking: Looking, shape: Shape, wanted: Wanted, entry: Privilege) -> bool:
    """Tell whether an entry goes: a rule takes it, if only from the whole table, or exact does."""
    if like_owner(looking, shape, entry):
        return False
    if what_of(entry) in wanted.taken or ("", entry.grantee, entry.privilege) in wanted.taken:
        return True
    if not (looking.exact and shape.scoped and looking.scope.has(entry.grantee)):
        return False
    return what_of(entry) not in wanted.tolerated and not built_in(shape, entry)


def like_owner(looking: Looking, shape: Shape, entry: Privilege) -> bool:
    """Tell whether an entry is the database owner's on schema public, which from 15 on has it as the owner."""
    return is_public(shape) and entry.grantee == looking.database_owner


def is_public(shape: Shape) -> bool:
    """Tell whether this is the schema public."""
    return shape.object_class == SCHEMA and shape.objects == (PUBLIC_SCHEMA,)


def built_in(shape: Shape, entry: Privilege) -> bool:
    """Tell whether PUBLIC has an entry from the beginning: only a rule takes it."""
    if entry.grantee != PUBLIC or entry.object:
        return False
    if is_public(shape):
        return entry.privilege == "USAGE"
    return entry.privilege in {LETTERS[letter] for letter in OBJECT_CLASSES[shape.object_class].public}


def left_hanging(shape: Shape, entry: Privilege) -> str:
    """Say that an entry's grantor would lose the right to have granted it."""
    return (
        f"{named(shape, entry.object)}: {entry.privilege} of {grantee_text(entry.grantee)} would lose its ground, for "
        f"{entry.grantor}, who granted it, loses the grant option: revoke it by a rule, too, or leave {entry.grantor} "
        f"the option"
    )


def diff_objects(looking: Looking, before: Objects, after: Objects) -> tuple[Change, ...]:
    """Give the changes that lead from one state to the other; both are about the same objects."""
    others = {shape.key(): shape for shape in after.shapes}
    pairs = [(shape, others[shape.key()]) for shape in before.shapes if shape.key() in others]
    return tuple(changes_between([pair for pair in pairs if pair[0] != pair[1]], looking.actor))


def undo_objects(looking: Looking, former: Objects, present: Objects) -> tuple[Change, ...]:
    """Give the changes that lead back."""
    return diff_objects(looking, present, former)


def objects_lines(state: Objects, other: Objects) -> tuple[str, ...]:
    """Give who has what on each object, where it differs from the other state."""
    others = {shape.key(): shape.entries for shape in other.shapes}
    return tuple(
        sorted(line for shape in state.shapes for line in shape_lines(shape, others.get(shape.key(), frozenset())))
    )


def shape_lines(shape: Shape, other: Privileges) -> Iterator[str]:
    """Give one line for each object, part of it and grantee whose privileges differ."""
    differing = {(entry.object, entry.grantee, entry.grantor) for entry in shape.entries ^ other}
    entries: dict[tuple[str, str, str], list[Privilege]] = {}
    for entry in shape.entries:
        entries.setdefault((entry.object, entry.grantee, entry.grantor), []).append(entry)
    for column, grantee, grantor in sorted(differing):
        mine = sorted(entries.get((column, grantee, grantor), []))
        held = ", ".join(f"{entry.privilege}{' with grant option' if entry.grantable else ''}" for entry in mine)
        tail = f"{grantee_text(grantee)} has {held}, granted by {grantor}"
        place = f" column {column}" if column else ""
        yield from (f"{shape.object_class.lower()} {name}{place}: {tail}" for name in shape.objects if mine)
