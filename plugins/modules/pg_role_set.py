#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a whole list of roles to what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_role_set
short_description: Bring a whole list of PostgreSQL roles to what is declared
version_added: 0.1.0
description:
  - Roles with their attributes, expiry, comment, passwords, memberships and settings, all in one task and in one
    transaction, for any number of roles.
  - A key that isn't given, or is V(null), is not managed. Parents may follow their members in the list.
  - A plain password is tested against what is stored, and never sent; where it differs, a SCRAM verifier is.
  - Nothing is written, and no lock taken, where nothing is to be done.
options:
  roles:
    description:
      - The roles. Two items of one name are merged; two different values for a key are an error.
      - PostgreSQL's own roles, whose names start with C(pg_), can be granted and not declared.
      - The bootstrap superuser, the role that logs in and O(session_role) are protected - what would lock them out
        (V(false) for O(roles[].login) or O(roles[].superuser), an empty password, an expiry in the past, a connection
        limit of 0, V(absent)) is an error. So is what takes from the login the membership, the C(CONNECT), the
        C(CREATEROLE) or the C(CREATEDB) that it works with, and a setting with which its next session could not start,
        or not write (a library that the server hasn't, another C(role), C(default_transaction_read_only), a timeout
        under a second). O(allow_self) lifts it for the role that logs in, but for V(absent), and but for what is
        declared together with roles that go in steps.
      - The login may get a new password; the next task needs it then.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, taken literally; at most 63 bytes.
        type: str
        required: true
      state:
        description:
          - V(present) or, with the same meaning, V(create); or V(absent). If not given, V(present).
          - A role is dropped only if nothing depends on it; the error counts what does, by database and class. From
            PostgreSQL 16, a membership that the role has granted counts, too. See O(roles[].reassign_to).
        type: str
      reassign_to:
        description:
          - With O(roles[].state=absent), who takes over what the role owns - a role's name, or a dictionary with
            C(database_owner) set to V(true), for the owner of the database that an object is in. It may be a role that
            this call makes.
          - Databases and tablespaces go to the role that is named; where C(database_owner) is said and the role owns
            some, that is an error.
          - The role is removed in steps, each committed. First it loses LOGIN, so that it stays shut if something fails
            later; from PostgreSQL 16, the memberships that it granted to others are revoked then (to 15 they stay).
            Then, in every database where something depends on it, its objects are handed on, and C(DROP OWNED) takes
            the rest - its privileges, what others hold by its grant options, default privileges that it gives or gets,
            policies for nobody else (a warning names them), user mappings. Last, it is dropped.
          - RV(changes) counts for each database what moves where, and names the first objects, in check mode too.
          - A database that accepts no connections and in which something depends on the role is an error that names it.
          - A login without superuser has to be a member of both roles; from PostgreSQL 16, one with the ADMIN option on
            them makes itself one for the time of the statements.
        type: raw
      terminate:
        description:
          - With O(roles[].state=absent), end the role's sessions as soon as it has lost LOGIN. Otherwise a warning
            counts them, and they go on.
          - A login without superuser needs the privileges of the role or of C(pg_signal_backend) for that.
        type: bool
      login:
        description: Whether it may log in. A new role may, if this isn't given.
        type: bool
      superuser:
        description: Whether it is a superuser.
        type: bool
      createdb:
        description: Whether it may create databases.
        type: bool
      createrole:
        description: Whether it may create roles.
        type: bool
      inherit:
        description:
          - Whether it has the privileges of its parents without SET ROLE. From PostgreSQL 16, only new memberships
            follow it; see O(roles[].roles).
        type: bool
      replication:
        description: Whether it may replicate.
        type: bool
      bypassrls:
        description: Whether row-level security doesn't count for it.
        type: bool
      connlimit:
        description: How many connections it may have at once; V(-1) is no limit.
        type: int
      password:
        description:
          - Plain text, a SCRAM verifier, or an md5 hash, which is stored as it is. A stored md5 hash is replaced when
            plain text is declared.
          - An empty text removes the password.
          - Fewer than 8 characters, or a declared role's name, is a warning.
          - A login that can't read C(pg_authid) sets the passwords of new roles only, and gets a warning that lists
            the others.
        type: str
      expire_at:
        description:
          - When the password expires - a date, a timestamp (without a zone it is UTC), or V(infinity).
          - Relative words such as V(tomorrow) are refused.
        type: str
      expire_in:
        description:
          - In how many days the password expires, counted from the server's date in UTC. The end moves when fewer than
            O(expire_renew_days) are left, when more than these are, or when there is no end.
          - It wins over O(roles[].expire_at).
        type: int
      comment:
        description: Comment; an empty text removes it.
        type: str
      roles:
        description:
          - What it is a member of - names, or dictionaries with C(name), C(state) (V(present), V(absent); V(grant) and
            V(revoke) mean the same), C(admin), C(inherit) and C(set).
          - An option that isn't given stays as it is. From PostgreSQL 16, every grantor has a membership of its own;
            V(true) is satisfied by any of them, and V(false) and V(absent) count for all.
          - To PostgreSQL 15, C(set) V(false) and an C(inherit) that differs from the member's own are errors.
        type: list
        elements: raw
      parameters:
        description:
          - Parameters by name, in any case. V(null) or V(DEFAULT) resets; booleans become C(on) and C(off); units are
            not converted. Lists of names, such as C(search_path), are text as in SQL, or a list.
          - A name without a dot that the server doesn't know is an error.
        type: dict
      search_path:
        description: The same as C(search_path) in O(roles[].parameters).
        type: raw
      database_parameters:
        description: Parameters that count in one database - dictionaries as in O(roles[].parameters), by database.
        type: dict
      attributes:
        description:
          - V(exact) gives, where O(mode=exact), PostgreSQL's defaults to the attributes that the item doesn't declare -
            no O(roles[].superuser), O(roles[].createdb), O(roles[].createrole), O(roles[].replication) and
            O(roles[].bypassrls), but O(roles[].inherit) and O(roles[].login), as for a new role; no connection limit
            and no expiry. Passwords and comments are no attributes.
          - Where O(mode=report), what deviates is drift; where O(mode=additive), it is left alone. V(declared) is the
            same as nothing.
        type: str
      pgbouncer:
        description: Accepted and left to the pool.
        type: bool
      pool_mode:
        description: Accepted and left to the pool - V(session), V(transaction) or V(statement).
        type: str
      pool_connlimit:
        description: Accepted and left to the pool.
        type: int
  memberships:
    description:
      - Whether undeclared parents of items with O(roles[].roles) are removed, whoever granted them, and undeclared
        options of declared ones are as a plain GRANT makes them - no ADMIN, and from PostgreSQL 16 INHERIT as the
        member's own attribute says, and SET. If not given, as O(mode).
      - From PostgreSQL 16, a login without superuser keeps the ADMIN option by which it administers what it created.
    type: str
    choices: [additive, report, exact]
  parameters_mode:
    description:
      - Whether undeclared parameters of items with O(roles[].parameters), O(roles[].search_path) or
        O(roles[].database_parameters) are reset, each key for itself. If not given, as O(mode).
    type: str
    choices: [additive, report, exact]
  unlisted_roles:
    description:
      - What becomes of roles that no item names, as itself, as a parent or in O(roles[].reassign_to). PostgreSQL's own
        roles, the bootstrap superuser, the role that logs in, O(session_role) and the roles in O(assume) are never
        meant, whether or not in check mode.
      - V(report) gives them in RV(drift); V(nologin) takes LOGIN from them; V(drop) drops them, which is an error where
        something depends on one.
      - Where O(mode=report), V(nologin) and V(drop) only give what they would do in RV(drift).
      - Of two calls, one with O(defer) and one with O(only), V(report) and V(nologin) count in the first one; V(drop)
        counts in the one that does V(absent).
    type: str
    choices: [ignore, report, nologin, drop]
    default: ignore
  unlisted_except:
    description: Shell patterns, such as V(rds*), of roles that O(unlisted_roles) leaves alone.
    type: list
    elements: str
  update_password:
    description: V(always) sets passwords that differ; V(on_create) only those of new roles.
    type: str
    choices: [always, on_create]
    default: always
  expire_renew_days:
    description: How many days have to be left of O(roles[].expire_in). If not given, half of them.
    type: int
  scram_iterations:
    description: Iterations of new verifiers. If not given, the server's, or 4096 before PostgreSQL 16.
    type: int
  defer:
    description:
      - Leave these out, to be done later with O(only) - V(absent) are the items to be dropped, with
        O(unlisted_roles=drop), and V(database_parameters) what needs a database that later tasks make.
    type: list
    elements: str
    choices: [absent, database_parameters]
  only:
    description: Do only these parts, of roles that are there already.
    type: list
    elements: str
    choices: [absent, database_parameters]
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.common.changing
  - leastpriv.pgsql.common.self
  - leastpriv.pgsql.common.attributes
notes:
  - A verifier is sent with the server's statement logging switched off for the transaction, as far as the login may;
    a login that may not gets a warning.
  - What a login without superuser may not do of a plan is an error before anything is written, in check mode, too. It
    names each right that is lacking, such as C(CREATEROLE), the C(ADMIN) option on a role (PostgreSQL 16 and newer) or
    C(SET) on a parameter, and the statement that gives it.
  - Such a login can't read stored passwords. New roles get theirs, those of existing roles are left as they are, and
    one warning lists them.
seealso:
  - module: leastpriv.pgsql.pg_default_privs
  - module: leastpriv.pgsql.pg_db_isolation
"""

EXAMPLES = r"""
- name: Make groups and a user
  leastpriv.pgsql.pg_role_set:
    login_unix_socket: /var/run/postgresql
    roles:
      - {name: dbuser_gitlab, password: "{{ vault_gitlab_password }}", roles: [dbrole_readwrite], expire_in: 365}
      - {name: dbrole_readwrite, login: false, roles: [dbrole_readonly]}
      - {name: dbrole_readonly, login: false, comment: reads everything}

- name: Let a group be handed on, and nobody else be in more than what is said here
  leastpriv.pgsql.pg_role_set:
    memberships: exact
    roles:
      - name: dbuser_gitlab
        roles:
          - {name: dbrole_readwrite, admin: true}
          - {name: dbrole_readonly, state: absent}

- name: Set parameters, everywhere and in one database
  leastpriv.pgsql.pg_role_set:
    roles:
      - name: dbuser_gitlab
        search_path: ['$user', public]
        parameters: {work_mem: 64MB, jit: false, idle_in_transaction_session_timeout: 60000}
        database_parameters:
          gitlab: {statement_timeout: 5min}

- name: Shut a role out without dropping what it owns
  leastpriv.pgsql.pg_role_set:
    roles:
      - {name: dbuser_old, login: false, password: '', connlimit: 0, roles: []}
    mode: exact

- name: Remove a role that owns things in many databases
  leastpriv.pgsql.pg_role_set:
    roles:
      - {name: dbuser_left, state: absent, reassign_to: dbuser_gitlab, terminate: true}
      - {name: dbuser_intern, state: absent, reassign_to: {database_owner: true}}

- name: See what is there and not declared, and change nothing of it
  leastpriv.pgsql.pg_role_set:
    mode: report
    roles:
      - {name: dbuser_gitlab, roles: [dbrole_readwrite], attributes: exact}
    unlisted_roles: report
    unlisted_except: ['rds*']

- name: Drop roles after databases have been handed on
  leastpriv.pgsql.pg_role_set:
    only: [absent]
    roles:
      - {name: dbuser_old, state: absent}
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be, in the order of doing.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description:
        - Kind of change, such as C(create role), C(alter role), C(grant membership), C(set password),
          C(reassign owned), C(drop owned) or C(drop role).
      type: str
    object_class:
      description: C(ROLE), C(MEMBERSHIP) or C(ROLE SETTING).
      type: str
    object:
      description: The role, the parent of a membership, or the parameter.
      type: str
    role:
      description: The role that changes; of a membership, the member.
      type: str
    grantor:
      description: Who grants a membership.
      type: str
    privilege:
      description: Not used by this module.
      type: str
    database:
      description: V(null), as roles belong to the cluster; of what a removed role has in a database, its name.
      type: str
    objects:
      description: Of what a removed role has in a database, the first ones of each class.
      type: list
      elements: str
    roles:
      description: Of what a removed role has in a database, the role, and who takes over.
      type: list
      elements: str
    summary:
      description: The change in words.
      type: str
    destructive:
      description: Whether something is taken away.
      type: bool
    transactional:
      description: Whether it is done in a transaction; in this module always.
      type: bool
  sample:
    - action: create role
      database: null
      destructive: false
      grantor: ''
      object: dbrole_readonly
      object_class: ROLE
      objects: []
      privilege: ''
      role: dbrole_readonly
      roles: []
      summary: create role dbrole_readonly (NOLOGIN)
      transactional: true
destructive:
  description: Whether something is taken away.
  returned: always
  type: bool
sql:
  description: The same as lines for C(psql -f). Passwords are comments.
  returned: always
  type: list
  elements: str
  sample:
    - CREATE ROLE "dbrole_readonly" NOLOGIN;
    - "-- ALTER ROLE \"dbuser_gitlab\" PASSWORD '********';"
undo_sql:
  description:
    - Lines for C(psql -f) that lead back. Roles that were dropped, what was handed on and passwords that were replaced
      are named in comments, and not brought back.
  returned: always
  type: list
  elements: str
  sample: ['DROP ROLE "dbrole_readonly";']
drift:
  description:
    - Where a mode or O(unlisted_roles) is V(report), what is there and not declared, as the changes that would remove
      it; dictionaries as in RV(changes).
  returned: always
  type: list
  elements: dict
drift_sql:
  description: The statements for RV(drift), which aren't run.
  returned: always
  type: list
  elements: str
  sample: ['REVOKE "dbrole_admin" FROM "dbuser_gitlab";']
scope:
  description: What V(exact) reaches or would reach - whose memberships, parameters and attributes, and the options.
  returned: success
  type: dict
  sample:
    mode: exact
    memberships: exact
    memberships_of: [dbuser_gitlab]
    parameters_mode: exact
    parameters_of: []
    attributes_of: []
    unlisted_roles: ignore
    unlisted_except: []
diff:
  description: Before and after of exactly what changes, and the SQL.
  returned: always
  type: list
  elements: dict
deferred:
  description: Whether O(defer) left something out.
  returned: success
  type: bool
sqlstate:
  description: The server's error code.
  returned: when the server refused something
  type: str
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.items import without_choices
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import ROLE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.model import PARTS
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.task import role_set_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.unlisted import ACTIONS, IGNORE
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import ALLOW_SELF, CHANGING, MODES

PART_LIST = {"type": "list", "elements": "str", "choices": list(PARTS)}
SPEC = {
    **CHANGING,
    **ALLOW_SELF,
    "roles": {"type": "list", "elements": "dict", "required": True, "options": without_choices(ROLE_ITEM)},
    "memberships": {"type": "str", "choices": MODES},
    "parameters_mode": {"type": "str", "choices": MODES},
    "unlisted_roles": {"type": "str", "choices": list(ACTIONS), "default": IGNORE},
    "unlisted_except": {"type": "list", "elements": "str"},
    "update_password": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    "expire_renew_days": {"type": "int"},
    "scram_iterations": {"type": "int"},
    "defer": PART_LIST,
    "only": PART_LIST,
}


def main() -> None:
    """Run the module."""
    run(Module(argument_spec=SPEC, supports_check_mode=True), parse=role_set_task)


if __name__ == "__main__":
    main()
