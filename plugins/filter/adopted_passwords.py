# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the verifiers of a live cluster's passwords as a file of variables, encrypted if there is a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.parsing.vault import VaultLib, VaultSecret

from ..plugin_utils.written import comment, written

DOCUMENTATION = r"""
name: adopted_passwords
short_description: Write the verifiers of passwords as a file of variables
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Takes C(passwords) as M(leastpriv.pgsql.pg_access_info) returns them, and returns the text of a YAML file.
  - With a secret, the text is encrypted by Ansible Vault. What is there already stays, byte for byte, if it says the
    same, for Vault encrypts to something else each time.
  - Only use it where nothing is displayed, as with C(no_log).
positional: _input, secret, path
options:
  _input:
    description: Roles with their stored verifiers.
    type: list
    elements: dict
    required: true
  secret:
    description: The password for Ansible Vault; empty means that the text isn't encrypted.
    type: str
    default: ""
  path:
    description: Where the file lies on the controller, if it is there already.
    type: path
    default: ""
"""

EXAMPLES = r"""
- name: Keep the verifiers where nobody else reads them
  ansible.builtin.copy:
    content: "{{ live.passwords | leastpriv.pgsql.adopted_passwords }}"
    dest: "adopted/{{ inventory_hostname }}.passwords.yml"
    mode: "0600"
  delegate_to: localhost
  no_log: true
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""


def adopted_passwords(passwords: Sequence[Mapping[str, str]], secret: str = "", path: str = "") -> str:
    """Return the text of the file."""
    items = [{"name": item["name"], "password": item["password"]} for item in passwords]
    head = comment("Verifiers of passwords, as they were found: whoever reads them can guess at passwords.")
    text = f"---\n{head}{written({'pgsql_access_adopted_passwords': items})}"
    if not secret:
        return text
    there = Path(str(path))
    return encrypted(text, str(secret), there.read_text() if path and there.is_file() else "")


def encrypted(text: str, secret: str, existing: str) -> str:
    """Return the text encrypted, or what is there if it is the same text."""
    try:
        vault = VaultLib([("default", VaultSecret(secret.strip().encode()))])
        if existing.startswith("$ANSIBLE_VAULT;") and holds(vault, existing, text):
            return existing
        return str(vault.encrypt(text).decode())
    except AnsibleError as error:
        raise AnsibleFilterError(f"the passwords can't be encrypted: {type(error).__name__}") from None


def holds(vault: VaultLib, existing: str, text: str) -> bool:
    """Tell whether the encrypted text is this one."""
    try:
        return bool(vault.decrypt(existing.encode()).decode() == text)
    except AnsibleError:
        return False


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"adopted_passwords": adopted_passwords}
