#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a PostgreSQL server says of itself."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_access_info
short_description: Read facts about a PostgreSQL server, without writing
version_added: 0.1.0
description:
  - Reads the server's version and its place in a replication cluster. Nothing is ever written.
options:
  gather:
    description: What to read; V(server) is the server's version, whether it is in recovery, and its primary's address.
    type: list
    elements: str
    choices: [server]
    default: [server]
attributes:
  check_mode:
    description: Reads in check mode as otherwise, since nothing is ever written.
    support: full
  diff_mode:
    description: There is never a difference to show.
    support: none
extends_documentation_fragment:
  - leastpriv.pgsql.common
seealso:
  - module: leastpriv.pgsql.pg_role_set
"""

EXAMPLES = r"""
- name: Ask a server who it is
  leastpriv.pgsql.pg_access_info:
    login_host: db1.example.com
    login_user: postgres
    gather: [server]
  register: access

- name: Stop on a standby
  ansible.builtin.assert:
    that: not access.server.in_recovery
    fail_msg: "the primary is {{ access.server.primary.host | default('unknown') }}"
"""

RETURN = r"""
server:
  description: What the server says of itself.
  returned: when O(gather) has V(server)
  type: dict
  contains:
    version:
      description: Version as a number, for comparisons.
      type: int
      sample: 180004
    version_text:
      description: Version as the server writes it.
      type: str
      sample: "18.4"
    in_recovery:
      description: Whether the server is a standby.
      type: bool
    primary:
      description: Where a standby gets its changes from; none on a primary, and where the login may not see it.
      type: dict
      contains:
        host:
          description: Host, or folder of a Unix socket.
          type: str
        port:
          description: Port, if it is known.
          type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import inform
from ansible_collections.leastpriv.pgsql.plugins.module_utils.server import read_access
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION

SPEC = {
    **CONNECTION,
    "gather": {"type": "list", "elements": "str", "choices": ["server"], "default": ["server"]},
}


def main() -> None:
    """Run the module."""
    inform(AnsibleModule(argument_spec=SPEC, supports_check_mode=True), read=read_access)


if __name__ == "__main__":
    main()
