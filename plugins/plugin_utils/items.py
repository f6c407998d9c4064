# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read lists of declared items on the controller. No error names a value: it could be a password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Item = dict[str, Any]

REMOVED = ("absent", "revoke")


class ItemError(Exception):
    """Say which item of which list is wrong, and what to do."""


def named_items(items: Any, source: str) -> list[Item]:
    """Return the items without the keys that are null; anything but named dictionaries is an error.

    What YAML takes for a date becomes text again: before ansible-core 2.19 a list with a date can't leave a template.
    """
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        raise ItemError(f"{source} is not a list: give a list of items")
    return [_item(item, f"{source}: item {place}") for place, item in enumerate(items, start=1)]


def merged(items: Sequence[Item], source: str) -> dict[str, Item]:
    """Return one item a name, in the order of the first mention; two values for one key are an error."""
    result: dict[str, Item] = {}
    for item in items:
        present = result.setdefault(item["name"], {})
        _refuse_conflicts(present, item, source)
        present.update(item)
    return result


def is_removed(item: Mapping[str, Any]) -> bool:
    """Tell whether the item declares that its object goes."""
    return item.get("state") in REMOVED


def is_nested(value: Any) -> bool:
    """Tell whether a value is a dictionary or a list; before ansible-core 2.19 an encrypted text is a sequence, too."""
    return isinstance(value, (Mapping, list, tuple))


def _item(item: Any, place: str) -> Item:
    if not isinstance(item, Mapping):
        raise ItemError(f"{place} is not a dictionary: write it as key: value pairs, of which name is one")
    name = item.get("name")
    if isinstance(name, bool) or not isinstance(name, (str, int)) or not str(name):
        raise ItemError(f"{place} has no name: add the key name, a text")
    known = {key: str(value) if isinstance(value, date) else value for key, value in item.items() if value is not None}
    return {**known, "name": str(name)}


def _refuse_conflicts(present: Item, item: Item, source: str) -> None:
    conflicts = sorted(str(key) for key in present.keys() & item.keys() if present[key] != item[key])
    if conflicts:
        raise ItemError(
            f"{source}: item {item['name']!r} stands there more than once "
            f"with different values for {', '.join(conflicts)}: keep one of them"
        )
