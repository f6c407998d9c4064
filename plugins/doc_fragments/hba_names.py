# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of HBA rules mean, for the modules that take such rules."""

from __future__ import annotations


class ModuleDocFragment:
    """Document the options that placeholders and aliases of HBA rules refer to."""

    DOCUMENTATION = r"""
options:
  dbsu:
    description: What C(${dbsu}) means in a rule - the superuser that the operating system's user logs in as.
    type: str
    default: postgres
  replication_user:
    description: What C(${repl}) means in a rule - the role that standbys log in as. A rule with it needs this option.
    type: str
  monitor_user:
    description: What C(${monitor}) means in a rule.
    type: str
  admin_user:
    description: What C(${admin}) means in a rule.
    type: str
  addresses:
    description:
      - What the words for places mean that only the inventory knows. A rule for a place without an address gives no
        line.
      - Each is a list of IPv4 or IPv6 addresses or networks.
    type: dict
    suboptions:
      admin:
        description: The host of the administrators.
        type: list
        elements: str
      infra:
        description: The hosts of the infrastructure, such as monitoring.
        type: list
        elements: str
      cluster:
        description: The hosts of the same database cluster.
        type: list
        elements: str
      intra:
        description: The networks that belong to the organisation.
        type: list
        elements: str
  password_encryption:
    description: What C(auth) V(pwd) and V(ssl) mean - the kind in which passwords are stored.
    type: str
    choices: [scram-sha-256, md5]
    default: scram-sha-256
  instance_role:
    description:
      - What the inventory takes the server for, which says whether rules with a C(role) count.
      - What the server is now comes first - one that isn't in recovery is V(primary), and one in recovery that is
        V(primary) here is a replica. A difference is a warning.
    type: str
    choices: [primary, replica, offline, standby, delayed]
  offline_query:
    description: Whether the rules for offline instances count here, too.
    type: bool
    default: false
"""

    ASSUME = r"""
options:
  assume:
    type: dict
    suboptions:
      roles:
        description: Roles.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name.
            type: str
            required: true
          superuser:
            description: Without effect here.
            type: bool
          inherit:
            description: Without effect here, as HBA doesn't ask for INHERIT.
            type: bool
          roles:
            description: What it will be a member of.
            type: list
            elements: str
          revoked_roles:
            description: What it will no longer be a member of.
            type: list
            elements: str
          roles_exact:
            description: Whether it will be a member of O(assume.roles[].roles) and of nothing else.
            type: bool
            default: false
      databases:
        description: Databases.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name.
            type: str
            required: true
          state:
            description: Whether it will be there.
            type: str
            choices: [present, absent]
            default: present
          owner:
            description: Without effect here.
            type: str
          template:
            description: Without effect here.
            type: str
          allowconn:
            description: Without effect here.
            type: bool
          schemas:
            description: Without effect here.
            type: list
            elements: str
          schema_privileges:
            description: Without effect here.
            type: list
            elements: dict
            suboptions:
              schema:
                description: The schema.
                type: str
                required: true
              role:
                description: The role.
                type: str
                required: true
              privs:
                description: The privileges.
                type: list
                elements: str
                required: true
              state:
                description: Whether they will be there.
                type: str
                choices: [present, absent]
                default: present
"""
