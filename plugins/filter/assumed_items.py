# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reduce declared items to what later calls may assume in check mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..plugin_utils.items import Item, is_removed

DOCUMENTATION = r"""
name: assumed_items
short_description: Reduce declared items to what later calls may assume in check mode
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Keeps the keys that the modules' option C(assume) takes, and leaves out what is declared absent.
  - Memberships and schemas become lists of names; those that go, and memberships without C(inherit), are left out.
    Memberships that go are listed in C(revoked_roles).
  - The result holds no password.
positional: _input, kind, exact
options:
  _input:
    description: The merged list of items.
    type: list
    elements: dict
    required: true
  kind:
    description:
      - What the items declare.
      - V(gone_database) gives only the databases that are declared absent, as such.
    type: str
    choices: [role, database, gone_database]
    required: true
  exact:
    description: Whether memberships that a declared list hasn't go, too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Plan the isolation of databases whose owners an earlier task would have created
  leastpriv.pgsql.pg_db_isolation:
    databases: "{{ pg_databases }}"
    assume:
      roles: "{{ pg_users | leastpriv.pgsql.assumed_items('role') }}"
      databases: []
"""

RETURN = r"""
_value:
  description: One dictionary an item that is there after the run, or with V(gone_database) that isn't.
  type: list
  elements: dict
"""

KEYS = {
    "role": ("name", "superuser", "inherit", "roles"),
    "database": ("name", "owner", "template", "allowconn", "schemas"),
    "gone_database": ("name", "state"),
}
LISTS = ("roles", "schemas")


def assumed_items(items: Sequence[Item], kind: str, exact: bool = False) -> list[Item]:
    """Return name and structure of the items that are not declared absent, or of those that are."""
    if kind not in KEYS:
        raise AnsibleFilterError(f"assumed_items knows the kinds {', '.join(KEYS)}, not {kind!r}")
    chosen = (item for item in items if is_removed(item) is (kind == "gone_database"))
    return [{**_assumed(item, KEYS[kind]), **_left(item, kind, exact)} for item in chosen]


def _assumed(item: Item, keys: Sequence[str]) -> Item:
    kept = {key: item[key] for key in keys if item.get(key) is not None}
    return {key: _names(value) if key in LISTS else value for key, value in kept.items()}


def _left(item: Item, kind: str, exact: bool) -> Item:
    """Return what a role will no longer be a member of; a list with one that doesn't inherit isn't complete."""
    if kind != "role" or item.get("roles") is None:
        return {}
    listed = () if isinstance(item["roles"], str) else item["roles"]
    parts = [part for part in listed if isinstance(part, Mapping)]
    gone = [_name(part) for part in parts if is_removed(part)]
    complete = exact and all(is_removed(part) or _counts(part) for part in parts)
    return {**({"revoked_roles": gone} if gone else {}), **({"roles_exact": True} if complete else {})}


def _names(parts: Any) -> list[str]:
    """Return the names of what will be there; a membership that doesn't inherit gives nothing."""
    listed = parts.split(",") if isinstance(parts, str) else parts
    return [_name(part) for part in listed if not isinstance(part, Mapping) or _counts(part)]


def _name(part: Any) -> str:
    return str(part["name"] if isinstance(part, Mapping) else part)


def _counts(part: Mapping[str, Any]) -> bool:
    return not is_removed(part) and part.get("inherit") is not False


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"assumed_items": assumed_items}
