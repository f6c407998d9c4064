# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the addresses of hosts of the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Callable

DOCUMENTATION = r"""
name: host_addresses
short_description: Find the addresses of hosts of the inventory
version_added: 0.1.0
author: the leastpriv.pgsql contributors (@leastpriv)
description:
  - Returns the addresses of hosts, IPv4 and IPv6, without duplicates and in their order, for the HBA aliases C(infra)
    and C(cluster).
  - A host's addresses are those of its variable C(pgsql_access_addresses), else C(ansible_host), else its name, if that
    is an address. Names aren't looked up.
positional: _input, missing
options:
  _input:
    description: The variables of hosts, as C(hostvars) has them.
    type: list
    elements: dict
    required: true
  missing:
    description: Whether to return the names of the hosts that have no address, in place of the addresses.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show where the hosts for infrastructure are
  ansible.builtin.debug:
    msg: "{{ groups['infra'] | map('extract', hostvars) | leastpriv.pgsql.host_addresses }}"
"""

RETURN = r"""
_value:
  description: Addresses, or names.
  type: list
  elements: str
"""


def host_addresses(hosts: Iterable[Mapping[str, Any]], missing: bool = False) -> list[str]:
    """Return the addresses of hosts, or the names of those that have none."""
    found = [(str(host.get("inventory_hostname", "")), list(_addresses(host))) for host in hosts]
    if missing:
        return [name for name, addresses in found if not addresses]
    return list(dict.fromkeys(address for _name, addresses in found for address in addresses))


def _addresses(host: Mapping[str, Any]) -> Iterator[str]:
    own = host.get("pgsql_access_addresses")
    declared = own if isinstance(own, (list, tuple)) else [own] if own else []
    if declared:
        yield from (str(address) for address in declared)
        return
    for key in ("ansible_host", "inventory_hostname"):
        if _is_address(host.get(key)):
            yield str(host[key])
            return


def _is_address(value: Any) -> bool:
    try:
        ip_address(str(value))
    except ValueError:
        return False
    return True


class FilterModule:
    """Offer the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter under its name."""
        return {"host_addresses": host_addresses}
