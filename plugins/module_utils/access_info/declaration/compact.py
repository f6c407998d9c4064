# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what all objects of one class in a schema have in common, for rules about all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ...acl import LETTERS, OBJECT_CLASSES, PUBLIC
from ..model import AccessObject

CLASSES = ("TABLE", "SEQUENCE", "FUNCTION")
"""The classes for which there is ON ALL … IN SCHEMA."""
FEWEST = 2
"""A rule about one object names it: the next one in that schema is another matter."""

# By column ('' is the object itself), grantee and privilege: the grant option.
Held = Mapping[tuple[str, str, str], bool]
# State, grantee, privilege, grant option.
Common = tuple[str, str, str, bool]


def whole_schemas(
    objects: Iterable[AccessObject], held_by: Callable[[AccessObject], Held]
) -> dict[tuple[str, str], frozenset[Common]]:
    """Give for each class and schema what holds for every object that a rule about the schema reaches."""
    groups: dict[tuple[str, str], list[AccessObject]] = {}
    for one in objects:
        if one.object_class in CLASSES and not one.aside and not one.definer:
            groups.setdefault((one.object_class, one.schema), []).append(one)
    return {key: in_common(group, held_by) for key, group in groups.items() if len(group) >= FEWEST}


def in_common(group: list[AccessObject], held_by: Callable[[AccessObject], Held]) -> frozenset[Common]:
    """Give what every object of a group has, and what PUBLIC has lost on every one."""
    pairs = [(one, held_by(one)) for one in group]
    public = {LETTERS[letter] for letter in OBJECT_CLASSES[group[0].object_class].public}
    wanted = {
        (grantee, privilege, option)
        for one, held in pairs
        for (column, grantee, privilege), option in held.items()
        if not column and grantee != one.owner and not (grantee == PUBLIC and privilege in public)
    }
    given = {("present", *what) for what in wanted if all(satisfies(one, held, *what) for one, held in pairs)}
    lost = {name for name in public if not any(("", PUBLIC, name) in held for _one, held in pairs)}
    return frozenset(given | {("absent", PUBLIC, name, False) for name in lost})


def satisfies(one: AccessObject, held: Held, grantee: str, privilege: str, option: bool) -> bool:
    """Tell whether an object has exactly this entry; who owns it may have more."""
    there = held.get(("", grantee, privilege))
    return there is not None and (there == option or (grantee == one.owner and not option))
