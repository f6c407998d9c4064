# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the keys of declared items before any module runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils.keys import (
    DATABASE_GRANT_ITEM,
    DATABASE_ITEM,
    EXTENSION_ITEM,
    HBA_RULE,
    MEMBERSHIP_ITEM,
    ROLE_ITEM,
    SCHEMA_ITEM,
    ItemSpec,
)
from ..plugin_utils.items import Item, ItemError, is_nested, merged, named_items

DOCUMENTATION = r"""
name: check_items
short_description: Check the keys of declared roles, databases or HBA rules
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Returns the list as it is if every item is a dictionary with a name and with keys that the modules know.
  - Items of kind V(hba_rule) have no name; they are called by their place in the list and their title. Their C(role)
    and C(order) are checked, too, and that they have C(addr) or C(rules).
  - Otherwise it fails, and names every wrong item, the key, and the nearest right key, never a value.
  - A list or a dictionary where text belongs is an error, too.
  - Memberships, schemas, extensions and grants inside of an item are checked too.
  - Two different values for one key of one name are an error.
positional: _input, kind, variable
options:
  _input:
    description: The list of items.
    type: list
    elements: dict
    required: true
  kind:
    description: What the items declare.
    type: str
    choices: [role, database, hba_rule]
    required: true
  variable:
    description: What an error calls the list.
    type: str
    default: items
"""

EXAMPLES = r"""
- name: Refuse unknown keys
  ansible.builtin.assert:
    that: (pg_users | leastpriv.pgsql.check_items('role', 'pg_users')) is sequence
"""

RETURN = r"""
_value:
  description: The list as it came.
  type: list
  elements: dict
"""

KINDS: Mapping[str, tuple[ItemSpec, Mapping[str, ItemSpec]]] = {
    "role": (ROLE_ITEM, {"roles": MEMBERSHIP_ITEM}),
    "database": (
        DATABASE_ITEM,
        {"schemas": SCHEMA_ITEM, "extensions": EXTENSION_ITEM, "grants": DATABASE_GRANT_ITEM},
    ),
}


def check_items(items: Any, kind: str, variable: str = "items") -> Any:
    """Return the items unchanged, or fail with one line a wrong key."""
    if kind not in (*KINDS, "hba_rule"):
        raise AnsibleFilterError(f"check_items knows the kinds {', '.join(KINDS)} and hba_rule, not {kind!r}")
    errors = list(_rule_errors(items, variable) if kind == "hba_rule" else _item_errors(items, kind, variable))
    if errors:
        raise AnsibleFilterError("; ".join(errors))
    return items


def _item_errors(items: Any, kind: str, variable: str) -> Iterator[str]:
    try:
        named = named_items(items, variable)
        merged(named, variable)
    except ItemError as error:
        raise AnsibleFilterError(str(error)) from None
    for item in named:
        yield from _errors(item, kind, f"{variable}: item {item['name']!r}")


def _rule_errors(rules: Any, variable: str) -> Iterator[str]:
    if not isinstance(rules, (list, tuple)):
        yield f"{variable} is not a list: give a list of rules"
        return
    for number, rule in enumerate(rules, start=1):
        if not isinstance(rule, Mapping):
            yield f"{variable}: rule {number} is not a dictionary: write it as key: value pairs"
            continue
        place = f"{variable}: rule {number}" + (f" ({rule['title']})" if rule.get("title") else "")
        yield from _unknown(rule, HBA_RULE, place)
        yield from _not_text(rule, HBA_RULE, place)
        yield from _wrong_values(rule, place)


def _wrong_values(rule: Mapping[str, Any], place: str) -> Iterator[str]:
    roles = HBA_RULE["role"]["choices"]
    if rule.get("role") is not None and rule["role"] not in roles:
        yield f"{place}, role is {rule['role']!r}: choose one of {', '.join(roles)}"
    if rule.get("order") is not None and (isinstance(rule["order"], bool) or not str(rule["order"]).isdigit()):
        yield f"{place}, order is {rule['order']!r}: give a whole number, 0 or more"
    if not rule.get("addr") and not rule.get("rules"):
        yield f"{place} has neither addr nor rules: add one of them"


def _errors(item: Item, kind: str, place: str) -> Iterator[str]:
    known, nested = KINDS[kind]
    yield from _unknown(item, known, place)
    yield from _not_text(item, known, place)
    for key, inner in nested.items():
        for number, part in enumerate(_dicts(item.get(key)), start=1):
            where = f"{place}, {key} entry {part.get('name', number)!r}"
            yield from _unknown(part, inner, where)
            yield from _not_text(part, inner, where)
            yield from _missing(part, inner, where)


def _dicts(value: Any) -> Sequence[Mapping[str, Any]]:
    """Return the dictionaries of a list; names may stand beside them."""
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, (list, tuple)) else []


def _unknown(item: Mapping[str, Any], known: ItemSpec, place: str) -> Iterator[str]:
    for key in sorted(str(key) for key in item if key not in known):
        nearest = get_close_matches(key, known, n=1, cutoff=0.0)[0]
        yield f"{place} has the unknown key {key!r}: did you mean {nearest!r}?"


def _not_text(item: Mapping[str, Any], known: ItemSpec, place: str) -> Iterator[str]:
    """Name dictionaries and lists where text belongs: Ansible would make text of them, with braces, as a password."""
    for key in sorted(key for key, spec in known.items() if spec["type"] == "str" and is_nested(item.get(key))):
        yield f"{place}, {key} is not text: write it as one text"


def _missing(item: Mapping[str, Any], known: ItemSpec, place: str) -> Iterator[str]:
    for key in sorted(key for key, spec in known.items() if spec.get("required") and item.get(key) is None):
        yield f"{place} has no {key}: add it"


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"check_items": check_items}
