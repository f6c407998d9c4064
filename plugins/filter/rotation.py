# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the verifiers of a rotation once, for the server and for all pools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Optional

from ansible.errors import AnsibleFilterError

from ..module_utils.errors import InputError
from ..module_utils.scram import classify, make_verifier, matches
from ..module_utils.secret import Secret
from ..plugin_utils.items import Item, is_nested, is_removed

DOCUMENTATION = r"""
name: rotation
short_description: Make the verifiers of a rotation once, for the server and for all pools
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes the declared roles with their passwords, the names of those whose passwords are rotated, and the stored
    verifiers as M(leastpriv.pgsql.pg_access_info) returns them, and returns what each step of a rotation needs.
  - Where the stored verifier fits the declared password, it is kept, so a second rotation changes nothing. A verifier
    that is declared in place of a password counts as it is.
  - The result holds verifiers. Only use it where nothing is displayed, as with C(no_log).
positional: _input, names, stored, iterations
options:
  _input:
    description: The declared roles, with passwords.
    type: list
    elements: dict
    required: true
  names:
    description: Whose passwords are rotated.
    type: list
    elements: str
    required: true
  stored:
    description: Roles with their stored verifiers, each with C(name) and C(password).
    type: list
    elements: dict
    required: true
  iterations:
    description: Iterations of new verifiers; if not given, those of the stored one, else 4096.
    type: int
"""

EXAMPLES = r"""
- name: Make the verifiers
  ansible.builtin.set_fact:
    rotation: "{{ pg_users | leastpriv.pgsql.rotation(['dbuser_shop'], found.passwords) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: What the steps need.
  type: dict
  contains:
    renewed:
      description: Names of the roles whose verifiers are new.
      type: list
      elements: str
    roles:
      description: An item with C(name) and C(password), the new verifier, for each of them.
      type: list
      elements: dict
    pooled:
      description: Whether one of them comes through the pool.
      type: bool
    users:
      description: All declared roles with the verifiers that they will have, and no password.
      type: list
      elements: dict
"""

LIKE_SCRAM = re.compile(r"SCRAM-SHA-256\$([0-9]+):")
DEFAULT_ITERATIONS = 4096


def rotation(
    items: Sequence[Item],
    names: Sequence[str],
    stored: Sequence[Mapping[str, str]],
    iterations: Optional[int] = None,
) -> dict[str, Any]:
    """Return the roles that get new verifiers, and all roles with the verifiers that they will have."""
    declared = {item["name"]: item for item in items}
    found = {entry["name"]: str(entry["password"]) for entry in stored}
    problems = list(_problems(names, declared, found))
    if problems:
        raise AnsibleFilterError("; ".join(problems))
    made = {name: _verifier(declared[name], found[name], iterations) for name in names}
    new = [name for name in dict.fromkeys(names) if made[name] != found[name]]
    after = {**found, **made}
    return {
        "renewed": new,
        "roles": [{"name": name, "password": made[name]} for name in new],
        "pooled": any(declared[name].get("pgbouncer") for name in new),
        "users": [_with(item, after.get(item["name"])) for item in items],
    }


def _problems(names: Any, declared: Mapping[str, Item], found: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(names, (list, tuple)) or not names:
        yield "pgsql_access_rotate names nobody: give a list of the users whose passwords are to be rotated"
        return
    for name in names:
        item = declared.get(name)
        if item is None or is_removed(item):
            yield f"pgsql_access_rotate: {name!r} is not declared: add it to pg_users, or correct the name"
        elif not item.get("password") or is_nested(item["password"]):
            yield f"pgsql_access_rotate: {name!r} is declared without a password: give it the new one"
        elif name not in found:
            yield f"pgsql_access_rotate: {name!r} has no password on the server yet: provision the roles first"


def _verifier(item: Item, stored: str, iterations: Optional[int]) -> str:
    """Return the declared verifier, the stored one if the password fits it, or a new one."""
    password = str(item["password"])
    try:
        if classify(password) != "plain":
            return password
        if classify(stored) == "scram" and matches(Secret(password), Secret(stored), item["name"]):
            return stored
        return make_verifier(Secret(password), iterations or _iterations(stored)).reveal()
    except InputError as error:
        raise AnsibleFilterError(f"{item['name']}: {error.message}") from None


def _iterations(stored: str) -> int:
    found = LIKE_SCRAM.match(stored)
    return int(found[1]) if found else DEFAULT_ITERATIONS


def _with(item: Item, verifier: Optional[str]) -> Item:
    others = {key: value for key, value in item.items() if key != "password"}
    return others if verifier is None else {**others, "password": verifier}


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"rotation": rotation}
