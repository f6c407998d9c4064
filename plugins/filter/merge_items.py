# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge two lists of items by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils.items import Item, ItemError, merged, named_items

DOCUMENTATION = r"""
name: merge_items
short_description: Merge two lists of items by name
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Items of one name become one item, key by key; where both lists have a key, the second list wins.
  - A key whose value is null counts as absent, so it overrides nothing.
  - The order is that of the first mention of each name.
  - Two different values for one key within one list are an error that names the list, the item and the key,
    never a value.
positional: _input, items
options:
  _input:
    description: The list that is overridden.
    type: list
    elements: dict
    required: true
  items:
    description: The list that wins.
    type: list
    elements: dict
    required: true
  names:
    description: What an error calls the two lists.
    type: list
    elements: str
    default: [default_items, items]
"""

EXAMPLES = r"""
- name: Show all roles of the access model, the business users included
  ansible.builtin.debug:
    msg: "{{ pg_default_roles | leastpriv.pgsql.merge_items(pg_users) | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: One item a name.
  type: list
  elements: dict
"""


def merge_items(default_items: Any, items: Any, names: Sequence[str] = ("default_items", "items")) -> list[Item]:
    """Return one item a name; a key of the second list wins over that of the first."""
    try:
        defaults, own = (merged(named_items(each, name), name) for each, name in zip((default_items, items), names))
    except ItemError as error:
        raise AnsibleFilterError(str(error)) from None
    return [{**defaults.get(name, {}), **own.get(name, {})} for name in {**defaults, **own}]


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"merge_items": merge_items}
