# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, attributes and return values that the modules share, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Document what every module that connects has in common."""

    DOCUMENTATION = r"""
options:
  login_host:
    description:
      - Host to connect to. Several, separated by commas, are tried in turn, and the writable one is taken
        (C(target_session_attrs) of libpq, which O(connect_params) can set).
      - What isn't given here is taken from libpq's environment variables and service files, and then from libpq's
        defaults.
    type: str
  login_port:
    description: Port, or as many ports as hosts, separated by commas.
    type: str
  login_unix_socket:
    description: Folder of the Unix socket to connect through, instead of O(login_host).
    type: str
  login_user:
    description: Role to log in as.
    type: str
  login_password:
    description: Its password. A password file (C(~/.pgpass)) or a client certificate keeps it out of the play.
    type: str
  login_db:
    description:
      - The maintenance database - where roles and databases are read, where the cluster's lock is held, and from
        where databases are created.
      - If not given, E(PGDATABASE), or else V(postgres). Runs with different maintenance databases don't lock each
        other out, because PostgreSQL's advisory locks are local to a database.
    type: str
  ssl_mode:
    description: C(sslmode) of libpq.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
  ca_cert:
    description: File with the certificates of authorities (C(sslrootcert) of libpq).
    type: path
  ssl_cert:
    description: File with the client's certificate.
    type: path
  ssl_key:
    description: File with the client's key.
    type: path
  connect_params:
    description:
      - More parameters of libpq, by their names. See
        U(https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
    type: dict
  session_role:
    description: Role to become after logging in (C(SET ROLE)).
    type: str
requirements:
  - psycopg2 2.8.6 or newer, or psycopg 3
  - PostgreSQL 13 to 18
author:
  - the leastpriv.pgsql contributors (@leastpriv)
"""

    CHANGING = r"""
options:
  mode:
    description:
      - V(additive) adds and changes what is declared, and leaves what isn't.
      - V(exact) also removes what isn't declared, of keys that are declared; what it removes is marked as destructive
        in RV(ignore:changes).
      - V(report) does as V(additive), and gives what V(exact) would remove in RV(ignore:drift).
    type: str
    choices: [additive, report, exact]
    default: additive
  assume:
    description:
      - What earlier tasks will have made, for check mode - exactly these missing roles and databases count as existing
        there, and any other missing name is the same error as outside of check mode.
      - If not given, check mode assumes every missing name, and warns.
      - Outside of check mode it has no effect.
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
            description: Whether it will be a superuser; as it is, if not given.
            type: bool
          inherit:
            description: Whether it will have INHERIT; as it is, if not given.
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
            description: Who will own it; as it is, if not given.
            type: str
          template:
            description: What it will be cloned from.
            type: str
          allowconn:
            description:
              - Whether anybody will be able to connect; as it is, if not given.
              - What is closed now can't be looked into, so V(true) has no effect on it.
            type: bool
          schemas:
            description: Schemas that it will have.
            type: list
            elements: str
          schema_privileges:
            description: What roles will have been given, or will have lost, on its schemas.
            type: list
            elements: dict
            suboptions:
              schema:
                description: The schema.
                type: str
                required: true
              role:
                description: The role, or V(PUBLIC).
                type: str
                required: true
              privs:
                description: C(USAGE), C(CREATE).
                type: list
                elements: str
                required: true
              state:
                description: V(absent) for what will be gone.
                type: str
                choices: [present, absent]
                default: present
  audit:
    description:
      - In check mode, plan also what the login may not do, and name it in a warning. Otherwise it is an error.
      - For those who compare and aren't allowed to repair.
    type: bool
    default: false
  verify:
    description:
      - Plan once more after an apply, and fail with what remains if that plan isn't empty. It isn't when an event
        trigger undoes what was done, or when somebody else changes the same things at the same time.
    type: bool
    default: true
  lock_timeout:
    description:
      - How long to wait for a lock, in seconds, before trying again with a fresh plan (at most five times); V(0) is for
        ever.
      - When that was in vain, the error names who is in the way by process, user, database, application, and the
        beginning of its transaction and of its last query, as far as the login may see them; never the query itself.
    type: float
    default: 5.0
"""

    SELF = r"""
options:
  allow_self:
    description:
      - Allow what would lock out the login in use. Otherwise it is an error before anything is written, in check mode
        too.
      - After a run, the same login has to be able to come in, to enter the same database, to become O(session_role),
        and to manage what it managed before, so that the same task can be run again and repair. What takes that away
        counts wherever it comes from - a key of the login itself, a group that it has the right from, C(PUBLIC), or
        O(mode=exact). What a superuser doesn't need isn't judged for one.
      - What the same task needs to finish is refused all the same. If the second plan of O(verify) can't be made then,
        that is a warning.
    type: bool
    default: false
"""

    JOBS = r"""
options:
  jobs:
    description: How many databases are worked on side by side. If not given, 8 or the number of CPUs if that is less.
    type: int
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Shows what would change, and writes nothing; it never does and rolls back.
    support: full
  diff_mode:
    description: Shows before and after of exactly what changes, and the SQL.
    support: full
"""
