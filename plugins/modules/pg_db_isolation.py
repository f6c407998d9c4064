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
  - Databases, schemas and extensions that are declared absent are dropped last. What stands in the way is an error
    before anything is written, and what goes along is counted in the change.
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
          - With V(absent) the database is dropped, and nothing else that the item declares matters but
            O(databases[].force) and O(databases[].terminate). If anybody is connected and neither is given, that is an
            error that names who. A template is dropped, too, and so is what an interrupted removal left. C(postgres),
            C(template0), C(template1) and the database of the login are never dropped.
          - V(recreate) is an error, for it would drop the database on every run.
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
          - Privileges on the database by role, and those that a role must not have been given.
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
          state:
            description:
              - With V(absent), these privileges are taken from the role or from V(PUBLIC), whoever granted them, in
                every mode. So C(CONNECT) that V(PUBLIC) must not have closes a database, and lets nobody else in, as
                O(databases[].revokeconn=true) would.
              - C(ALL) spares what other keys grant; apart from that, a privilege that is granted and absent is an
                error, and so is one of the owner's.
            type: str
            choices: [present, absent]
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
        description:
          - Both O(databases[].lc_collate) and O(databases[].lc_ctype).
          - From PostgreSQL 16 it is also the name for a locale provider other than C(libc), unless
            O(databases[].icu_locale) or O(databases[].builtin_locale) is given, as in C(CREATE DATABASE).
        type: str
      lc_collate:
        description: Sort order. That of an existing database can't be changed, and another one is an error.
        type: str
      lc_ctype:
        description: Classes of characters. Those of an existing database can't be changed, and others are an error.
        type: str
      locale_provider:
        description:
          - Who sorts and knows characters - V(libc), V(icu), or V(builtin) from PostgreSQL 17. If not given, a new
            database has its template's. Needs PostgreSQL 15 or newer, as the keys of the providers do.
          - Another provider or locale than the template's needs O(databases[].template=template0).
          - That of an existing database can't be changed, and another one is an error. So it is with the other keys.
          - What can't be is an error before anything is written - a key that the server's version doesn't have, a key
            of another provider, an encoding that the provider doesn't support, a server that is built without ICU.
        type: str
      icu_locale:
        description:
          - Locale for the provider V(icu), such as V(de-AT) or V(und-u-ks-level2). V(und) is the root's order.
          - Names that mean the same are the same, such as V(en_US) and V(en-us); from PostgreSQL 16 the server stores
            the language tag.
          - For a new database the name is tried out before anything is written, also in check mode, with a temporary
            collation that is rolled back. A name that the server refuses, in a language that its ICU doesn't have, or
            that it would replace by another one, is an error. In a session that is read-only, only its form and
            language are judged.
        type: str
      icu_rules:
        description:
          - Rules that change the order of O(databases[].icu_locale), such as V(&a < g), from PostgreSQL 16. An empty
            text means none. They are compared as text.
          - They are tried out like O(databases[].icu_locale), for PostgreSQL takes wrong rules at creation, and then
            lets nobody in. Where they can't be tried, because the login can't make temporary objects in its database,
            that is an error.
        type: str
      builtin_locale:
        description:
          - Locale for the provider V(builtin), from PostgreSQL 17 - V(C), V(C.UTF-8), or from 18 V(PG_UNICODE_FAST).
            All but V(C) need the encoding C(UTF8).
        type: str
      is_template:
        description: Whether whoever has C(CREATEDB) may clone the database.
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
          - Schemas, as names or as dictionaries with C(name), C(owner), C(state) and C(cascade).
          - A new schema belongs to its C(owner), or else to the database's owner. An existing one is given to its
            C(owner) if the item says so, and otherwise keeps the one it has.
          - With C(state) V(absent) a schema is dropped. What is in it is counted in an error, unless C(cascade) is
            V(true); then it goes along, and so does what depends on it elsewhere, which the change counts.
        type: list
        elements: raw
      extensions:
        description:
          - Extensions, as names or as dictionaries with C(name), C(schema), C(version), C(state) and C(cascade). They
            are created where they aren't there, with those that they need.
          - One that is there in another version is updated, and one that is in another schema is moved. Where there is
            no path of updates, or where it can't be moved, that is an error before anything is written.
          - With C(state) V(absent) an extension is dropped. What depends on it is counted in an error, unless
            C(cascade) is V(true); then it goes along, which the change counts.
          - A C(schema) that isn't there is created, and belongs to the login.
        type: list
        elements: raw
      terminate:
        description:
          - Whether to end the sessions of roles that this run takes C(CONNECT) from, after the commit.
          - With O(databases[].state=absent), the database is shut and its sessions are ended before it is dropped.
          - A login without superuser needs the privileges of the sessions' roles or of C(pg_signal_backend) for that.
        type: bool
      force:
        description: With O(databases[].state=absent), whether it is dropped with C(FORCE), which ends its sessions.
        type: bool
      cascade:
        description: Ignored with a warning; it is a key of schemas and extensions.
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
      - With O(mode=exact), other grants of C(CREATE) on the database go, too, and with O(schemas_mode=exact), those on
        V(public).
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
      - With O(schemas_mode=exact), what they don't give on these schemas goes, but for the owner's own, and for
        C(USAGE) of V(PUBLIC) on V(public).
      - A rule that is limited to databases or creators is an error.
    type: list
    elements: raw
  schemas_mode:
    description:
      - The mode for the privileges on declared schemas and on V(public), which O(schema_privileges), O(revoke_create)
        and O(public_schema_in) are about.
      - If not given, it is O(mode).
    type: str
    choices: [additive, report, exact]
  unlisted_databases:
    description:
      - With V(report), databases without an item are given in RV(drift), in every O(mode). They are never touched.
      - C(postgres), C(template0), C(template1) and the database of the login need no item.
    type: str
    choices: [ignore, report]
    default: ignore
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.common.changing
  - leastpriv.pgsql.common.self
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

- name: Databases with an order of their own, and one that sorts alike on every machine
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - {name: catalog, template: template0, encoding: UTF8, locale_provider: icu, icu_locale: sv-SE}
      - {name: archive, template: template0, locale_provider: icu, icu_locale: sv-SE, icu_rules: '&V << w <<< W'}
      - {name: events, template: template0, encoding: UTF8, locale_provider: builtin, builtin_locale: C.UTF-8}

- name: A database is closed but for its owner, and another one goes with what is in it
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - name: ledger
        grants:
          - {role: PUBLIC, privs: [CONNECT], state: absent}
        schemas: [{name: staging, state: absent, cascade: true}]
        extensions: [{name: hstore, state: absent}, {name: pg_trgm, version: '1.5'}]
      - {name: ledger_2019, state: absent, terminate: true}

- name: Tell what isn't declared, and leave it
  leastpriv.pgsql.pg_db_isolation:
    login_unix_socket: /var/run/postgresql
    databases:
      - {name: gitlab, owner: dbuser_gitlab, revokeconn: true, grants: []}
    mode: report
    unlisted_databases: report
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be, in the order of doing.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: Kind of change, such as C(create database), C(create schema), C(grant), C(revoke) or C(drop schema).
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
      description: Whether it is part of a transaction; only creating and dropping databases isn't.
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
    - Lines for C(psql -f) that lead back. Databases, schemas and extensions that were created, dropped or updated are
      named in comments, and neither dropped nor brought back.
  returned: always
  type: list
  elements: str
  sample: ['GRANT CONNECT ON DATABASE "gitlab" TO PUBLIC;']
diff:
  description: Before and after of exactly what changes, and the SQL.
  returned: always
  type: list
  elements: dict
destructive:
  description: Whether any of the changes takes something away.
  returned: always
  type: bool
drift:
  description:
    - What V(exact) would remove where O(mode) or O(schemas_mode) is V(report), and with
      O(unlisted_databases=report) the databases without an item, in the form of RV(changes). It is left as it is.
    - It is told to a login that couldn't remove it, too.
  returned: always
  type: list
  elements: dict
drift_sql:
  description: The same as lines for C(psql -f); databases without an item are comments.
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
    schemas_mode:
      description: The mode for privileges on schemas.
      type: str
    databases:
      description:
        - For each database its C(name), the C(privileges) whose entries are all declared, whether its settings
          (C(parameters)) are, and the C(schemas) whose privileges are. The owner's own are never reached.
      type: list
      elements: dict
  sample:
    mode: exact
    schemas_mode: report
    databases:
      - {name: gitlab, privileges: [CONNECT], parameters: false, schemas: [public]}
sqlstate:
  description: The server's error code.
  returned: when the server refused something
  type: str
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.task import isolation_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.items import without_choices
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import ALLOW_SELF, CHANGING, JOBS, MODES

SPEC = {
    **CHANGING,
    **ALLOW_SELF,
    **JOBS,
    "databases": {"type": "list", "elements": "dict", "required": True, "options": without_choices(DATABASE_ITEM)},
    "replication_user": {"type": "str"},
    "monitor_user": {"type": "str"},
    "admin_user": {"type": "str"},
    "admin_role": {"type": "str"},
    "schema_privileges": {"type": "list", "elements": "raw"},
    "revoke_create": {"type": "bool", "default": False},
    "public_schema_in": {"type": "list", "elements": "str"},
    "schemas_mode": {"type": "str", "choices": MODES},
    "unlisted_databases": {"type": "str", "choices": ["ignore", "report"], "default": "ignore"},
}


def main() -> None:
    """Run the module."""
    run(Module(argument_spec=SPEC, supports_check_mode=True), parse=isolation_task)


if __name__ == "__main__":
    main()
