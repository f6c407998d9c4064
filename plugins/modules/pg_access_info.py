#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read who may do what on a PostgreSQL server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_access_info
short_description: Read who may do what on a PostgreSQL server, without writing
version_added: 0.1.0
description:
  - Reads roles, databases, privileges on objects of every class, and default privileges, as facts and as the variables
    of the role P(leastpriv.pgsql.pgsql_access#role) that declare the same. Nothing is ever written.
  - It works for a login without superuser. What such a login can't read, stored passwords and databases that it can't
    enter, is listed in RV(unread).
  - Results can be large; the filters narrow them. A server with 20,000 tables has some 200,000 entries.
options:
  gather:
    description:
      - What to read. V(server) is the server's version, whether it is in recovery, and its primary's address.
      - V(declaration) is what is there as variables of the role. Planning them in mode V(exact) against the same server
        gives an empty plan.
    type: list
    elements: str
    choices: [server, roles, databases, privileges, default_privileges, declaration]
    default: [server]
  databases:
    description:
      - Names of databases, or the word V(all) for all that can be entered, V(template0) apart.
      - Schemas, privileges and default privileges are read in each of them; the declaration is about these only.
    type: raw
    default: all
  roles:
    description:
      - Patterns for the names of roles, and for grantees, C(PUBLIC) among them; C(*) stands for any text, and C(?) for
        any character. If not given, all.
      - The declaration doesn't count this, nor O(schemas) and O(classes), for a part of it would declare too little.
    type: list
    elements: str
  schemas:
    description:
      - Patterns for the names of schemas. What isn't in a schema (databases, languages, large objects, default
        privileges for a whole database) has an empty name there. If not given, all.
    type: list
    elements: str
  classes:
    description:
      - Classes of objects, in the singular or plural - V(TABLE), V(SEQUENCE), V(FUNCTION) (or V(ROUTINE)), V(TYPE),
        V(SCHEMA), V(LARGE OBJECT), V(DATABASE), V(LANGUAGE), V(FOREIGN DATA WRAPPER), V(FOREIGN SERVER),
        V(TABLESPACE), and from PostgreSQL 15 V(PARAMETER). If not given, all.
    type: list
    elements: str
  system:
    description: Whether to list predefined roles, objects in system schemas, and members of extensions, too.
    type: bool
    default: false
  passwords:
    description:
      - Whether to return the stored verifiers of passwords in RV(passwords). A verifier lets nobody log in over SCRAM,
        but passwords can be guessed with it - use C(no_log) on the task.
      - The other results never contain one.
    type: bool
    default: false
  instance_role:
    description:
      - What the inventory takes the server for. A V(primary) that is a standby, and anything else that is writable, are
        a warning.
    type: str
    choices: [primary, replica, offline, standby, delayed]
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
  - module: leastpriv.pgsql.pg_db_isolation
  - module: leastpriv.pgsql.pg_default_privs
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

- name: Read what everybody and the analysts may do with tables of schema app
  leastpriv.pgsql.pg_access_info:
    login_unix_socket: /var/run/postgresql
    gather: [privileges]
    databases: [gitlab]
    schemas: [app]
    classes: [TABLES]
    roles: [PUBLIC, "analyst_*"]

- name: Read a live cluster as variables of the role
  leastpriv.pgsql.pg_access_info:
    login_unix_socket: /var/run/postgresql
    gather: [declaration]
  register: live
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
    lsn:
      description:
        - How far the log is - on a primary where it is written to, on a standby up to where it is replayed. What was
          committed before is seen on a standby that has replayed up to there.
      type: str
      sample: 0/3000060
    started:
      description: When the server was started, in UTC. Two hosts with the same time lead to the same server.
      type: str
      sample: "2026-11-22T20:15:03.123456Z"
roles:
  description:
    - Roles, sorted by name. What the view C(pg_user) shows of roles that can log in is here under these keys -
      C(usename) is RV(ignore:name), C(usesysid) is RV(ignore:oid), C(usecreatedb) is RV(ignore:createdb),
      C(usesuper) is RV(ignore:superuser), C(userepl) is RV(ignore:replication), C(usebypassrls) is
      RV(ignore:bypassrls), C(passwd) is never shown, C(valuntil) is RV(ignore:valid_until), and
      C(useconfig) is RV(ignore:parameters).
  returned: when O(gather) has V(roles)
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    oid:
      description: The number by which the server knows it.
      type: int
    login:
      description: Whether it can log in.
      type: bool
    superuser:
      description: Whether no check of privileges applies to it.
      type: bool
    createdb:
      description: Whether it can create databases.
      type: bool
    createrole:
      description: Whether it can create roles.
      type: bool
    inherit:
      description: Whether it has the privileges of roles that it is a member of, from PostgreSQL 16 by default.
      type: bool
    replication:
      description: Whether it can begin replication.
      type: bool
    bypassrls:
      description: Whether policies of row security are skipped for it.
      type: bool
    connlimit:
      description: How many connections it can have at once; V(-1) is no limit.
      type: int
    valid_until:
      description: Until when its password counts, in UTC; V(infinity) also where nothing is set.
      type: str
    comment:
      description: Its comment, or none.
      type: str
    memberships:
      description:
        - What it is a member of, once for each grantor, with RV(ignore:role), RV(ignore:grantor), RV(ignore:admin),
          RV(ignore:inherit) and RV(ignore:set). To PostgreSQL 15 the last two are always true.
      type: list
      elements: dict
    parameters:
      description: Parameters set for it, by name.
      type: dict
    database_parameters:
      description: Parameters set for it in databases, by database and name.
      type: dict
databases:
  description: Databases, sorted by name.
  returned: when O(gather) has V(databases)
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    owner:
      description: Owner.
      type: str
    encoding:
      description: Encoding.
      type: str
    collate:
      description: Locale for sorting.
      type: str
    ctype:
      description: Locale for classes of characters.
      type: str
    locale_provider:
      description: Who sorts - C(libc), C(icu) or C(builtin).
      type: str
    locale:
      description: Name of the locale for a provider other than C(libc), or none.
      type: str
    icu_rules:
      description: Rules that change the order of an ICU locale, or none.
      type: str
    tablespace:
      description: Tablespace.
      type: str
    allowconn:
      description: Whether anybody can connect.
      type: bool
    connlimit:
      description: How many can be connected at once; V(-1) is no limit, V(-2) what an interrupted drop leaves.
      type: int
    is_template:
      description: Whether everybody with CREATEDB can clone it.
      type: bool
    comment:
      description: Its comment, or none.
      type: str
    parameters:
      description: Parameters set for it, by name.
      type: dict
    acl:
      description: Its ACL, or what none means, with grantee, privilege, grantable and grantor.
      type: list
      elements: dict
    schemas:
      description: Its schemas with their owners, without the system's; none if it couldn't be entered.
      type: list
      elements: dict
    extensions:
      description: Its extensions with schema and version; none if it couldn't be entered.
      type: list
      elements: dict
privileges:
  description:
    - Every entry of every ACL of tables (views, materialized views, foreign and partitioned tables are such), columns,
      sequences, routines, types, schemas, languages, foreign data wrappers and servers, large objects, databases,
      tablespaces and parameters. Where an object has no ACL, what that means, such as all privileges of the owner.
    - The columns C(grantor), C(grantee), C(table_schema), C(table_name) and C(privilege_type) of
      C(information_schema.table_privileges) are RV(ignore:grantor), RV(ignore:grantee), RV(ignore:schema),
      RV(ignore:object) and RV(ignore:privilege). That view says that an owner can grant everything on;
      RV(ignore:grantable) says what the ACL says.
  returned: when O(gather) has V(privileges)
  type: list
  elements: dict
  contains:
    database:
      description: Database; none for databases, tablespaces and parameters, which belong to the cluster.
      type: str
    object_class:
      description: Class, in the singular.
      type: str
    schema:
      description: Schema, empty for what is in none.
      type: str
    object:
      description: Name; a routine's with the types of its arguments, a large object's number.
      type: str
    column:
      description: Column, empty for the object itself.
      type: str
    grantee:
      description: Who has it; V(PUBLIC) is everybody.
      type: str
    privilege:
      description: Privilege.
      type: str
    grantable:
      description: Whether the grantee can grant it on.
      type: bool
    grantor:
      description: Who granted it.
      type: str
    owner:
      description: Who owns the object.
      type: str
  sample:
    - database: gitlab
      object_class: TABLE
      schema: public
      object: users
      column: ""
      grantee: data_viewer
      privilege: SELECT
      grantable: false
      grantor: postgres
      owner: postgres
default_privileges:
  description:
    - Every entry of C(pg_default_acl), which says what is other than built in. Where a creator has an entry of a class
      for the whole database, what is built in counts only as far as it is listed.
  returned: when O(gather) has V(default_privileges)
  type: list
  elements: dict
  contains:
    database:
      description: Database.
      type: str
    creator:
      description: Whose future objects are meant.
      type: str
    schema:
      description: Schema, empty for the whole database.
      type: str
    object_class:
      description: Class, in the plural.
      type: str
    grantee:
      description: Who will have it; V(PUBLIC) is everybody.
      type: str
    privilege:
      description: Privilege.
      type: str
    grantable:
      description: Whether the grantee will be able to grant it on.
      type: bool
    built_in:
      description: Whether it would be so without the entry, too.
      type: bool
declaration:
  description:
    - The variables of the role P(leastpriv.pgsql.pgsql_access#role) that declare what is there, and mode V(exact). They
      are the same each time for the same cluster, and hold no secret.
    - C(pg_dbsu) and the variables for reaching the server aren't among them, for they don't say what is there.
    - A rule is about all objects of a schema where it says exactly the same for two or more of them; other rules name
      objects. What PUBLIC has by itself isn't said, what was taken from it is a C(REVOKE). What owners have isn't said.
      Of objects of the system and of extensions, what was granted later is said.
  returned: when O(gather) has V(declaration)
  type: dict
left_out:
  description: What is there and has no place in the declaration, as sentences.
  returned: when O(gather) has V(declaration)
  type: list
  elements: str
passwords:
  description: Roles with their stored verifiers, as items with C(name) and C(password).
  returned: when O(passwords) is true
  type: list
  elements: dict
unread:
  description: What couldn't be read, with RV(ignore:what), RV(ignore:database) and RV(ignore:why).
  returned: when anything but V(server) was asked for
  type: list
  elements: dict
  sample:
    - what: inside of a database
      database: closed
      why: it allows no connections
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.task import read_access
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import inform
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION

GATHER = ["server", "roles", "databases", "privileges", "default_privileges", "declaration"]
SPEC = {
    **CONNECTION,
    "gather": {"type": "list", "elements": "str", "choices": GATHER, "default": ["server"]},
    "databases": {"type": "raw", "default": "all"},
    "roles": {"type": "list", "elements": "str"},
    "schemas": {"type": "list", "elements": "str"},
    "classes": {"type": "list", "elements": "str"},
    "system": {"type": "bool", "default": False},
    "passwords": {"type": "bool", "default": False, "no_log": False},
    "instance_role": {"type": "str", "choices": ["primary", "replica", "offline", "standby", "delayed"]},
}


def main() -> None:
    """Run the module."""
    inform(Module(argument_spec=SPEC, supports_check_mode=True), read=read_access)


if __name__ == "__main__":
    main()
