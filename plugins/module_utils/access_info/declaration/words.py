# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the builders of a declaration share: merging of what is alike, and names as a person writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...acl import LETTER_OF, OBJECT_CLASSES, PUBLIC
from ...object_rules.render import name_sql

Atom = tuple[Any, ...]


def merged(items: Iterable[Atom], place: int) -> list[Atom]:
    """Make one of the items that differ only in one place, where each has a tuple: of these, the sorted union."""
    found: dict[Atom, set[Any]] = {}
    for item in items:
        found.setdefault((*item[:place], *item[place + 1 :]), set()).update(item[place])
    return [(*rest[:place], tuple(sorted(values)), *rest[place:]) for rest, values in found.items()]


def merged_by(items: Iterable[Atom], places: Iterable[int]) -> list[Atom]:
    """Merge by one place after the other, and sort."""
    found = list(items)
    for place in places:
        found = merged(found, place)
    return sorted(found)


def names_text(names: Iterable[str]) -> str:
    """Give names as a list in SQL, without quotes where they need none."""
    return ", ".join(map(name_sql, names))


def grantees_text(names: Iterable[str]) -> str:
    """Give grantees as a list in SQL."""
    return ", ".join("PUBLIC" if name == PUBLIC else name_sql(name) for name in names)


def in_order(privileges: Iterable[str], object_class: str) -> tuple[str, ...]:
    """Give privileges in the order in which their class lists them."""
    letters = OBJECT_CLASSES[object_class].letters
    return tuple(sorted(privileges, key=lambda name: letters.index(LETTER_OF[name])))
