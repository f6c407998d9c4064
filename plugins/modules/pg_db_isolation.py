#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring databases to what is declared: who may come in where."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_db_isolation
short_description: Declare PostgreSQL databases, who may come in, and their schemas and extensions
version_added: 0.1.0
description:
  - Brings a whole list of databases to what is declared, in one task - their existence, owners and settings, who has
    C(CONNECT), C(TEMPORARY) and C(CREATE) on them, and the schemas and extensions inside.
  - A key that isn't given, or is V(null), is not managed, and what is there stays.
  - A database is created with C(CONNECTION LIMIT 0), so that only superusers come in, and opened when it is finished.
    A run that is killed leaves it closed, and the next run finishes it. Nothing is dropped because a later step
    failed.
  - What changes in the cluster is one transaction, and what changes inside of a database is one transaction. A
    superuser fills a database before it is opened; any other login opens it first and then enters.
  - A privilege that somebody with the grant option passed on is found, and where it has to go, revoked as its
    grantor.
options:
  databases:
    description:
      - The databases. Items of one name are merged, and two different values for one key are an error.
      - C(template0) can't be declared.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name.
        type: str
        required: true
      state:
        description:
          - V(present) and V(create) mean the same, and are what counts if nothing is given.
          - V(absent) and V(recreate) are errors; databases aren't dropped yet.
        type: str
      owner:
        description:
          - Role that owns the database. A new database without it belongs to the login.
          - With a new owner, PostgreSQL hands over the privileges that the old one had and had granted.
        type: str
      allowconn:
        description:
          - Whether anybody can connect at all, superusers included.
          - Inside of a database with V(false), nothing is read or written, with a warning; a new one is filled first.
        type: bool
      connlimit:
        description:
          - Most connections at a time, V(-1) for no limit.
          - V(0) on a database that doesn't declare it is what an interrupted creation leaves, and is set to V(-1).
        type: int
      revokeconn:
        description:
          - With V(true), V(PUBLIC) loses C(CONNECT), and O(replication_user), O(monitor_user), O(admin_user) and the
            owner get it, the last two with the grant option.
          - With V(false), V(PUBLIC) gets it back, and with O(mode=exact) grants of C(CONNECT) that no key gives go.
        type: bool
      connect:
        description:
          - Roles that may connect.
          - Together with O(databases[].revokeconn=true) it is the complete list, and an empty one counts, too - every
            other grant of C(CONNECT) goes in both modes, but for the owner's and the system users'.
        type: list
        elements: str
      deny_connect:
        description:
          - Roles that must not be able to connect. A plan by which one of them still could is refused with the path,
            which can be a membership with C(INHERIT) or being a superuser.
          - Members of a named group aren't judged; those that may log in and can connect in another way are a warning.
          - Needs O(databases[].revokeconn=true).
        type: list
        elements: str
      revoketemp:
        description: Whether V(PUBLIC) loses C(TEMPORARY), or with V(false) gets it back.
        type: bool
      revoke_create:
        description: The same as O(revoke_create), for this database.
        type: bool
      grants:
        description:
          - Privileges on the database by role.
          - With O(mode=exact), every other grant goes, but for the owner's own and what V(PUBLIC) has by default, which
            the other keys are for.
        type: list
        elements: dict
        suboptions:
          role:
            description: Role, or V(PUBLIC).
            type: str
            required: true
          privs:
            description: C(CONNECT), C(TEMPORARY) (or C(TEMP)), C(CREATE), or C(ALL).
            type: list
            elements: str
            required: true
          grant_option:
            description: Whether the role may pass them on. If not given, O(mode=exact) takes the option away.
            type: bool
      comment:
        description: Comment; an empty text removes it.
        type: str
      template:
        description: Database that a new one is cloned from; V(template1) if not given. Counts at creation only.
        type: str
      strategy:
        description: V(WAL_LOG) or V(FILE_COPY), for creations on PostgreSQL 15 and newer; older ones don't get it.
        type: str
      encoding:
        description: Encoding. That of an existing database can't be changed, and another one is an error.
        type: str
      locale:
        description: Both O(databases[].lc_collate) and O(databases[].lc_ctype).
        type: str
      lc_collate:
        description: Sort order. That of an existing database can't be changed, and another one is an error.
        type: str
      lc_ctype:
        description: Classes of characters. Those of an existing database can't be changed, and others are an error.
        type: str
      locale_provider:
        description: Not there yet; an error for a new database, and otherwise ignored with a warning.
        type: str
      icu_locale:
        description: As O(databases[].locale_provider).
        type: str
      icu_rules:
        description: As O(databases[].locale_provider).
        type: str
      builtin_locale:
        description: As O(databases[].locale_provider).
        type: str
      is_template:
        description: Not there yet; ignored with a warning.
        type: bool
      tablespace:
        description:
          - Tablespace of a new database. An existing database isn't moved; another tablespace is an error with the
            statement to run.
        type: str
      parameters:
        description:
          - Settings of the database. V(null) or V(DEFAULT) resets one. Lists of names such as C(search_path) may be
            given as lists.
          - With O(mode=exact), the others are reset.
        type: dict
      schemas:
        description:
          - Schemas, as names or as dictionaries with C(name) and C(owner).
          - A new schema belongs to its C(owner), or else to the database's owner. An existing one is given to its
            C(owner) if the item says so, and otherwise keeps the one it has.
        type: list
        elements: raw
      extensions:
        description:
          - Extensions, as names or as dictionaries with C(name), C(schema) and C(version). They are created where they
            aren't there, with those that they need; they are neither moved nor updated yet, which is a warning.
          - A C(schema) that isn't there is created, and belongs to the login.
        type: list
        elements: raw
      terminate:
        description: Whether to end the sessions of roles that this run takes C(CONNECT) from, after the commit.
        type: bool
      force:
        description: For removals, which aren't there yet; ignored with a warning.
        type: bool
      cascade:
        description: For removals, which aren't there yet; ignored with a warning.
        type: bool
      baseline:
        description: A key of the access model that this module ignores with a warning.
        type: str
      register_datasource:
        description: As O(databases[].baseline).
        type: bool
      pgbouncer:
        description: A key for the connection pool, which this module ignores with a warning.
        type: bool
      pool_mode:
        description: As O(databases[].pgbouncer); V(session), V(transaction) or V(statement).
        type: str
      pool_size:
        description: As O(databases[].pgbouncer).
        type: int
      pool_size_min:
        description: As O(databases[].pgbouncer).
        type: int
      pool_reserve:
        description: As O(databases[].pgbouncer).
        type: int
      pool_connlimit:
        description: As O(databases[].pgbouncer).
        type: int
      pool_auth_user:
        description: As O(databases[].pgbouncer).
        type: str
      pool_size_reserve:
        description: The former name of O(databases[].pool_reserve).
        type: int
      pool_max_db_conn:
        description: The former name of O(databases[].pool_connlimit).
        type: int
  replication_user:
    description: Role that comes into every database with O(databases[].revokeconn=true).
    type: str
  monitor_user:
    description: Role that comes into every database with O(databases[].revokeconn=true).
    type: str
  admin_user:
    description: Role that comes into every database with O(databases[].revokeconn=true), and may let others in.
    type: str
  admin_role:
    description: Role that gets C(CREATE) where O(revoke_create) takes it from V(PUBLIC).
    type: str
  revoke_create:
    description:
      - Whether V(PUBLIC) loses C(CREATE) on every declared database and on its schema V(public), and O(admin_role) gets
        both.
      - To PostgreSQL 14, the database's owner then gets C(CREATE) and C(USAGE) on V(public), as it has from 15.
      - With O(mode=exact), other grants of C(CREATE) on both go, too.
    type: bool
    default: false
  public_schema_in:
    description: More databases whose schema V(public) is closed as by O(revoke_create), such as V(template1).
    type: list
    elements: str
  schema_privileges:
    description:
      - Rules of class C(SCHEMAS) in the form of M(leastpriv.pgsql.pg_default_privs), which are followed on every
        declared schema, whoever owns it.
      - With O(mode=exact), what they don't give on these schemas goes, but for the owner's own, and for C(USAGE) of
        V(PUBLIC) on V(public).
    type: list
    elements: raw
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.common.changing
  - leastpriv.pgsql.common.jobs
  - leastpriv.pgsql.common.attributes
seealso:
  - module: leastpriv.pgsql.pg_role_set
  - module: leastpriv.pgsql.pg_default_privs
  - name: GRANT
    description: Reference of PostgreSQL.
    link: https://www.postgresql.org/docs/current/sql-grant.html
"""

EXAMPLES = r"""
- name: Each application has a database of its own, and nobody else comes in but analysts into one of them
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - {name: confluence, owner: dbuser_confluence, revokeconn: true, connlimit: 100}
      - {name: gitlab, owner: dbuser_gitlab, revokeconn: true, connlimit: 100, connect: [analyst_ada]}
    replication_user: replicator
    monitor_user: dbuser_monitor
    admin_user: dbuser_dba
    admin_role: dbrole_admin
    revoke_create: true
    public_schema_in: [template1, postgres]

- name: PUBLIC has nothing, a group is kept out, and nothing undeclared stays
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - name: payroll
        owner: dbuser_payroll
        revokeconn: true
        revoketemp: true
        connect: [dbuser_reports]
        deny_connect: [interns]
        grants:
          - {role: dbuser_reports, privs: [TEMPORARY]}
        terminate: true
    mode: exact

- name: A database with schemas, extensions and settings
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - name: shop
        owner: dbuser_shop
        template: template0
        encoding: UTF8
        schemas: [app, {name: reports, owner: dbuser_reports}]
        extensions: [pg_trgm, {name: hstore, schema: ext}]
        parameters: {search_path: [app, public], statement_timeout: 30s}
        comment: what is sold
    schema_privileges:
      - GRANT USAGE ON SCHEMAS TO dbrole_readonly
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be, in the order of doing.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: Kind of change, such as C(create database), C(create schema), C(grant) or C(revoke).
      type: str
    object_class:
      description: C(DATABASE), C(DATABASE SETTING), C(SCHEMA) or C(EXTENSION).
      type: str
    object:
      description: The database, schema, extension or parameter.
      type: str
    role:
      description: The grantee of a grant or revoke.
      type: str
    grantor:
      description: Who grants, or whose grant is revoked.
      type: str
    privilege:
      description: The privileges of a grant or revoke.
      type: str
    database:
      description: The database inside of which it is done; V(null) for what belongs to the whole cluster.
      type: str
    summary:
      description: The change in words.
      type: str
    destructive:
      description: Whether something is taken away.
      type: bool
    transactional:
      description: Whether it is part of a transaction; only the creation of a database isn't.
      type: bool
  sample:
    - action: revoke
      database: null
      destructive: true
      grantor: dbuser_gitlab
      object: gitlab
      object_class: DATABASE
      privilege: CONNECT
      role: PUBLIC
      summary: revoke CONNECT on database gitlab from PUBLIC
      transactional: true
sql:
  description: The same as lines for C(psql -f).
  returned: always
  type: list
  elements: str
  sample: ['REVOKE CONNECT ON DATABASE "gitlab" FROM PUBLIC;']
undo_sql:
  description:
    - Lines for C(psql -f) that lead back. Databases, schemas and extensions that were created are named in comments,
      and not dropped.
  returned: always
  type: list
  elements: str
  sample: ['GRANT CONNECT ON DATABASE "gitlab" TO PUBLIC;']
diff:
  description: Before and after of exactly what changes, and the SQL.
  returned: always
  type: list
  elements: dict
sqlstate:
  description: The server's error code.
  returned: when the server refused something
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.task import isolation_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.items import without_choices
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CHANGING, JOBS

SPEC = {
    **CHANGING,
    **JOBS,
    "databases": {"type": "list", "elements": "dict", "required": True, "options": without_choices(DATABASE_ITEM)},
    "replication_user": {"type": "str"},
    "monitor_user": {"type": "str"},
    "admin_user": {"type": "str"},
    "admin_role": {"type": "str"},
    "schema_privileges": {"type": "list", "elements": "raw"},
    "revoke_create": {"type": "bool", "default": False},
    "public_schema_in": {"type": "list", "elements": "str"},
}


def main() -> None:
    """Run the module."""
    run(AnsibleModule(argument_spec=SPEC, supports_check_mode=True), parse=isolation_task)


if __name__ == "__main__":
    main()
