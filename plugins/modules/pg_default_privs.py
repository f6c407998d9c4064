#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the default privileges of many creators in many databases to what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_default_privs
short_description: Declare what roles get on objects that are made later
version_added: 0.1.0
description:
  - Brings PostgreSQL's default privileges to what is declared, for every creator in every database, in one task.
  - Default privileges apply to objects that a creator makes afterwards. They follow the role that makes an object
    (after C(SET ROLE) the role that was set), never the roles that it is a member of.
  - Rules add up. One rule for each privilege, or one rule for many, in any order, lead to the same state.
  - Objects that are there already aren't touched.
options:
  databases:
    description:
      - Names of databases, or the word V(all) for every database that can be entered, V(template1) among them.
      - V(template0), invalid databases and those that allow no connections are left out by V(all), and refused by
        name.
      - New databases start with what their template has, so V(template1) is what they get.
    type: raw
    required: true
  creators:
    description:
      - Whose future objects are meant - a list, or the word V(all).
      - An item is a role's name, or a dictionary with the key C(database_owner) - V(true) for the owner of each
        database that is worked on, or a list of databases for their owners, each in their own database.
      - V(all) is, in each database, every role that can create something there (superusers, the owner, and whoever has
        C(CREATE) on the database or on a schema, by membership, too), and every role that has default privileges there.
        Predefined roles count only if they have some. In check mode, privileges that earlier tasks would have
        granted aren't known, and so neither are the creators that come by them.
      - Without superuser, the login has to be a member of each creator whose default privileges change. From
        PostgreSQL 16, it becomes those whose privileges it hasn't got (C(INHERIT)), and makes itself a member for the
        time of the statements of those on which it has the C(ADMIN) option only.
    type: raw
    required: true
  privileges:
    description:
      - Rules. As text, what can follow C(ALTER DEFAULT PRIVILEGES FOR ROLE creator) in PostgreSQL, without C(CASCADE).
        Unquoted names are folded to lower case, and C(PUBLIC) in any case is everybody.
      - As a dictionary, C(privs) (a list), C(on) (the class), C(to) (a role or a list of them), C(schemas) (a list;
        not given, the whole database), C(grant_option) (not given, it stays as it is) and C(state) (V(present) or
        V(absent)). Names in it are literal.
      - A dictionary can also have C(databases) and C(creators), lists to which the rule is limited. A rule as text is
        limited by a dictionary with C(rule) (the text), C(databases) and C(creators). What it is limited to has to be
        among O(databases) and O(creators). Rules contradict each other only where both count.
      - The classes are C(TABLES), C(SEQUENCES), C(FUNCTIONS) (or C(ROUTINES)), C(TYPES), C(SCHEMAS), and from
        PostgreSQL 18 C(LARGE OBJECTS).
      - C(REVOKE ALL) takes away what no other rule grants to the same grantee at the same level, which is either the
        whole database or a schema. Apart from that, a privilege that is both granted and revoked is an error.
      - What holds in the whole database can't be revoked C(IN SCHEMA), because that has no effect in PostgreSQL. That
        includes what is built in, such as C(EXECUTE) on functions for C(PUBLIC).
      - With O(mode=exact), what no rule grants and what isn't built in goes, over all classes and schemas, of the
        creators that are meant. A creator's own entries stay, and built-in entries go only by a rule that revokes
        them. With O(mode=report), that is returned as RV(drift), also for creators that the login can't act for.
    type: list
    elements: raw
    required: true
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.common.changing
  - leastpriv.pgsql.common.jobs
  - leastpriv.pgsql.common.attributes
seealso:
  - module: leastpriv.pgsql.pg_role_set
  - name: ALTER DEFAULT PRIVILEGES
    description: Reference of PostgreSQL.
    link: https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html
"""

EXAMPLES = r"""
- name: Readers read and writers write whatever the administrators and the owners make
  leastpriv.pgsql.pg_default_privs:
    login_unix_socket: /var/run/postgresql
    databases: all
    creators:
      - postgres
      - dbrole_admin
      - database_owner: true
    privileges:
      - GRANT USAGE ON SCHEMAS TO dbrole_readonly
      - GRANT SELECT ON TABLES TO dbrole_readonly
      - GRANT SELECT ON SEQUENCES TO dbrole_readonly
      - GRANT INSERT, UPDATE, DELETE ON TABLES TO dbrole_readwrite
      - GRANT USAGE, UPDATE ON SEQUENCES TO dbrole_readwrite

- name: Nobody executes new functions without being told so, and nothing but this is granted by default
  leastpriv.pgsql.pg_default_privs:
    login_unix_socket: /var/run/postgresql
    databases: [gitlab]
    creators: [dbrole_admin]
    privileges:
      - REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
      - GRANT EXECUTE ON FUNCTIONS TO dbrole_readwrite
      - {privs: [SELECT], on: TABLES, to: [dbrole_readonly], schemas: [public], grant_option: false}
    mode: exact

- name: Tell what anybody who can create something gives away beyond this, and leave it
  leastpriv.pgsql.pg_default_privs:
    login_unix_socket: /var/run/postgresql
    databases: all
    creators: all
    privileges:
      - GRANT SELECT ON TABLES TO dbrole_readonly
      - {rule: REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC, creators: [dbrole_admin]}
      - {rule: GRANT INSERT ON TABLES TO importer, databases: [gitlab]}
    mode: report
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode, in the order of doing.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(grant default) or V(revoke default).
      type: str
    object_class:
      description: Such as V(DEFAULT PRIVILEGES ON TABLES).
      type: str
    object:
      description: The creator, and the schema if it is about one.
      type: str
    summary:
      description: The change as a sentence.
      type: str
    database:
      description: The database.
      type: str
    role:
      description: The grantee.
      type: str
    privilege:
      description: The privileges, with the words for the grant option if it is about that.
      type: str
    grantor:
      description: The creator.
      type: str
    destructive:
      description: Whether somebody loses something.
      type: bool
    transactional:
      description: Whether it is done in a transaction with the others of its database.
      type: bool
    objects:
      description: Always empty here; the objects of a statement about several.
      type: list
      elements: str
    roles:
      description: Always empty here; the roles of a statement about several.
      type: list
      elements: str
  sample:
    - action: grant default
      object_class: DEFAULT PRIVILEGES ON TABLES
      object: dbrole_admin
      summary: grant SELECT on future tables of dbrole_admin to dbrole_readonly
      database: gitlab
      role: dbrole_readonly
      privilege: SELECT
      grantor: dbrole_admin
      destructive: false
      transactional: true
sql:
  description: The statements, as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
  sample:
    - \connect "gitlab"
    - ALTER DEFAULT PRIVILEGES FOR ROLE "dbrole_admin" GRANT SELECT ON TABLES TO "dbrole_readonly";
undo_sql:
  description: The statements that lead back to the former state, as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
  sample:
    - \connect "gitlab"
    - ALTER DEFAULT PRIVILEGES FOR ROLE "dbrole_admin" REVOKE SELECT ON TABLES FROM "dbrole_readonly";
destructive:
  description: Whether any of the changes takes something away.
  returned: always
  type: bool
drift:
  description: With O(mode=report), what V(exact) would remove, in the form of RV(changes). It is left as it is.
  returned: always
  type: list
  elements: dict
drift_sql:
  description: The same as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
scope:
  description: What O(mode=exact) can reach.
  returned: always
  type: dict
  contains:
    mode:
      description: The mode.
      type: str
    databases:
      description: The databases as declared, or V(all).
      type: raw
    creators:
      description: The creators as declared, or V(all); their entries are in reach, and no others.
      type: raw
    grantees:
      description: Always V(all) - whoever has been given something by these creators.
      type: str
  sample:
    mode: exact
    databases: all
    creators: [postgres, dbrole_admin, {database_owner: true}]
    grantees: all
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.default_privs.task import default_privs_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CHANGING, JOBS

SPEC = {
    **CHANGING,
    **JOBS,
    "databases": {"type": "raw", "required": True},
    "creators": {"type": "raw", "required": True},
    "privileges": {"type": "list", "elements": "raw", "required": True},
}


def main() -> None:
    """Run the module."""
    run(Module(argument_spec=SPEC, supports_check_mode=True), parse=default_privs_task)


if __name__ == "__main__":
    main()
