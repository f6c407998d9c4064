#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the users, databases and HBA rules of a PgBouncer to what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pgbouncer_users
short_description: Declare who comes in through PgBouncer, to which databases, and from where
version_added: 0.1.0
description:
  - Brings the files of a PgBouncer to what is declared - the list of users with their verifiers, the entries of
    C([users]) and C([databases]), and with O(hba_rules) its HBA file - lets it read them again, and looks whether what
    is in force then is what was declared. If it isn't, the former files are put back and read again, and the run
    fails.
  - The files are always whole. Who is no longer declared, can't log in, or has expired is taken out of them.
  - Verifiers are the server's, byte for byte, so that a password that is changed on the server and this module is run
    afterwards works through the pool.
  - C(pgbouncer.ini) stays yours. It has to name O(userlist_file) as C(auth_file), to C(%include) O(users_file) under
    C([users]) and O(databases_file) under C([databases]), and with O(hba_rules), to have C(auth_type = hba) and
    O(hba_file) as C(auth_hba_file).
  - Up to 1.24, PgBouncer answers C(RELOAD) with success whatever it couldn't read. So the list of users has one more
    line, a user with a random name that begins with C(leastpriv.pgsql) and without a secret, whom nobody can log in
    as. As soon as C(SHOW USERS) names it, all of the files have been read. This is also how a run finds out that an
    earlier one was killed before the reload.
options:
  users:
    description:
      - Roles, as the items of O(leastpriv.pgsql.pg_role_set#module:roles). Of them count C(name), C(state), C(login),
        C(password), and C(pgbouncer), C(pool_mode) and C(pool_connlimit).
      - Who has C(pgbouncer=true) and isn't V(absent) comes in. Of these, roles that can't log in, whose password has
        expired, or that have no password are left out, with a warning that names them.
      - C(pool_connlimit) is C(max_user_connections). V(-1) is PgBouncer's own limit, as PgBouncer has no way to let
        one user have more than the others; a warning says so where there is such a limit.
      - Every user has an entry, if need be without settings, because PgBouncer keeps settings of an entry that is gone
        until it is restarted.
    type: list
    elements: dict
    required: true
  databases:
    description:
      - Databases, as the items of O(leastpriv.pgsql.pg_db_isolation#module:databases). Of them count C(name),
        C(state), C(allowconn), C(pgbouncer), C(pool_mode), C(pool_size), C(pool_size_min), C(pool_reserve),
        C(pool_connlimit) and C(pool_auth_user).
      - All of them are reached through the pool, but those with C(pgbouncer=false) or C(state=absent).
      - C(pool_size_reserve) and C(pool_max_db_conn) are former names, and warn.
      - Names with other characters than letters without accents, digits and C(_ . * -) need PgBouncer 1.25, and names
        with a single quote aren't possible. Both are errors. Names of users have no such limit, unless they have
        C(pool_mode) or C(pool_connlimit).
    type: list
    elements: dict
    required: true
  console_users:
    description:
      - Users of the list without a secret, such as the operating system's user that administers PgBouncer and comes
        in by C(peer). Nobody can log in as them with a password.
    type: list
    elements: str
    default: []
  folder:
    description: Where the files lie.
    type: path
    default: /etc/pgbouncer
  userlist_file:
    description: The list of users with their verifiers, in O(folder) unless it is an absolute path. Its mode is 0600.
    type: str
    default: userlist.txt
  users_file:
    description: The entries of C([users]), in O(folder) unless it is an absolute path. The mode is 0640.
    type: str
    default: useropts.txt
  databases_file:
    description: The entries of C([databases]), in O(folder) unless it is an absolute path. The mode is 0640.
    type: str
    default: database.txt
  hba_file:
    description: The HBA file, in O(folder) unless it is an absolute path. The mode is 0640.
    type: str
    default: pgb_hba.conf
  owner:
    description:
      - The operating system's user that the files belong to, which has to be the one that PgBouncer runs as.
      - If not given, it stays as it is, and new files belong to whoever O(folder) belongs to.
    type: str
  group:
    description: The group that the files belong to, as O(owner).
    type: str
  hba_rules:
    description:
      - Rules, as the items of O(leastpriv.pgsql.pg_hba_rules#module:rules). If not given, the HBA file isn't managed.
      - A group (C(+name)) stands for itself and its direct and indirect members, as far as they come in through the
        pool, as they are now. Run this again when memberships change. A rule that is left without users has no line.
      - Rules that don't let in the login of O(console) are put back, and the run fails.
      - PgBouncer drops lines that it can't read and goes on, so whatever it doesn't know is an error here - host names,
        V(samehost) and V(samenet), C(replication), regular expressions, and before 1.23 options and the address C(all).
    type: list
    elements: dict
  server_host:
    description: Where PgBouncer finds the server, a host or the folder of a socket. If not given, as this login does.
    type: str
  server_port:
    description: The server's port. If not given, that of this login, or V(5432). It is always written down.
    type: int
  console:
    description: How to log in to the admin console of PgBouncer, as one of its C(admin_users). Its port is V(6432).
    type: dict
    suboptions:
      login_host:
        description: Host of PgBouncer.
        type: str
      login_port:
        description: Port of PgBouncer. If not given, V(6432).
        type: str
      login_unix_socket:
        description: Folder of its Unix socket, instead of O(console.login_host).
        type: str
      login_user:
        description: User to log in as.
        type: str
      login_password:
        description: Its password.
        type: str
      ssl_mode:
        description: C(sslmode) of libpq.
        type: str
        choices: [disable, allow, prefer, require, verify-ca, verify-full]
      ca_cert:
        description: File with the certificates of authorities.
        type: path
      ssl_cert:
        description: File with the client's certificate.
        type: path
      ssl_key:
        description: File with the client's key.
        type: path
  reload:
    description:
      - Whether PgBouncer is to read its files again where something changed, or where it hasn't read what they say.
      - With V(false), what isn't in force is a warning, and the next run with V(true) brings it into force.
    type: bool
    default: true
  require_running:
    description:
      - Whether it is an error that PgBouncer doesn't answer. With V(false) the files are written, with a warning.
    type: bool
    default: true
  pause:
    description:
      - V(true) pauses the declared databases before anything is written and leaves them so, without waiting for who is
        using them. From their next transaction on, clients wait instead of being refused.
      - V(false) resumes those that are paused, in the end. If not given, that is left as it is.
      - If the run fails, what it paused is resumed.
    type: bool
  verifiers:
    description:
      - V(server) takes verifiers from the server. V(declared) takes them from C(password) of the items that have one,
        which then has to be a verifier, and the others from the server.
      - The latter is for replacing a password without a failed login - with O(pause=true), the pool knows the new
        verifier and lets its clients wait; then the server gets it; then O(pause=false).
    type: str
    choices: [server, declared]
    default: server
  auth_query:
    description:
      - Whether PgBouncer asks the server for verifiers. Then this module brings the function for that into every pooled
        database, and only those are in the list whose verifiers the function gives to nobody - superusers, roles that
        can become one, and roles for replication.
      - Before 1.23, PgBouncer doesn't ask for users that have an entry in C([users]); their settings are left out, with
        a warning. It refuses who was in its list before until it is restarted, and a warning names them.
      - C(pgbouncer.ini) has to have the C(auth_query) that the error names, if it hasn't.
    type: bool
    default: false
  auth_user:
    description:
      - With O(auth_query), the login by which PgBouncer asks, for databases without C(pool_auth_user). It mustn't be a
        superuser.
      - PgBouncer has to log in to the server as this role, for which a verifier isn't enough. If an item of O(users)
        has its password in plain text, that is written to the list. Otherwise the server has to let it in without.
    type: str
  lookup_schema:
    description: With O(auth_query), the schema of the function. If not given, V(pgbouncer).
    type: str
  lookup_owner:
    description: With O(auth_query), the role without login that owns the function. If not given, V(pgbouncer_lookup).
    type: str
  assume:
    description:
      - What earlier tasks will have made, for check mode, as the role P(leastpriv.pgsql.pgsql_access#role) gives it.
        Roles and databases that are missing and named here count as there, any other missing name is an error, and a
        password that differs from the stored one counts as set by an earlier task.
      - If not given, check mode takes every missing name for there, and warns.
      - Outside of check mode it has no effect.
  replay_lsn:
    description:
      - A place in the log. A standby is waited for until it has replayed up to there, at most 30 s, so that what was
        just committed on the primary is seen. RV(leastpriv.pgsql.pg_access_info#module:server) has it as C(lsn).
      - In check mode, a standby that is given one isn't expected to have the function of O(auth_query) yet.
    type: str
attributes:
  check_mode:
    description: Shows what would change, and writes nothing.
    support: full
  diff_mode:
    description: Shows the lines of the files; verifiers as C(********), with a word at those that are new.
    support: full
notes:
  - Reading verifiers takes a superuser, or SELECT on C(pg_authid). Without that, use O(auth_query).
  - PgBouncer 1.18 to 1.25.
  - PgBouncer never forgets a user until it is restarted. Who was taken out of the list has no secret any more, so no
    password lets them in; but rules with C(trust), C(peer) or C(cert) still do.
  - While a password is replaced, give its plain text in O(users) with O(pause=false). PgBouncer opens connections to
    the server with what it learnt at a user's last login. Where sessions from before the change go on, it would do so
    with the old password, fail, and refuse everybody of this user for C(server_login_retry) (15 s). So this module then
    logs in once, from where it runs and with the new password, before it resumes.
  - Whoever is the first of a user to log in to a paused database can have to wait for C(server_login_retry) after it is
    resumed.
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.hba_names
  - leastpriv.pgsql.hba_names.assume
seealso:
  - module: leastpriv.pgsql.pg_role_set
  - module: leastpriv.pgsql.pg_db_isolation
  - module: leastpriv.pgsql.pg_hba_rules
  - name: PgBouncer
    description: Its configuration.
    link: https://www.pgbouncer.org/config.html
"""

EXAMPLES = r"""
- name: Let the application and the administrators in through the pool, and nobody else
  leastpriv.pgsql.pgbouncer_users:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    users:
      - {name: dbuser_dba, pgbouncer: true, pool_mode: session, pool_connlimit: 16}
      - {name: dbuser_app, pgbouncer: true}
    databases:
      - {name: app, pool_size: 20, pool_connlimit: 100}
      - {name: archive, pgbouncer: false}
    console_users: [postgres]
    console: {login_unix_socket: /var/run/postgresql, login_user: postgres}
    owner: postgres

- name: From the application's network only, and readers only to one database
  leastpriv.pgsql.pgbouncer_users:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    users: "{{ pg_default_roles + pg_users }}"
    databases: "{{ pg_databases }}"
    hba_rules:
      - {title: administration, user: "${dbsu}", db: pgbouncer, addr: local, auth: peer}
      - {title: readers, user: +dbrole_readonly, db: archive, addr: 10.1.0.0/16, auth: pwd}
      - {title: application, user: dbuser_app, db: app, addr: intra, auth: ssl}
    addresses: {intra: [10.2.0.0/16]}
    console: {login_unix_socket: /var/run/postgresql, login_user: postgres}

- name: Write the files on a host where PgBouncer isn't started yet
  leastpriv.pgsql.pgbouncer_users:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    users: "{{ pg_default_roles + pg_users }}"
    databases: "{{ pg_databases }}"
    require_running: false

- name: Let the pool ask the server for verifiers
  leastpriv.pgsql.pgbouncer_users:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    users: "{{ pg_default_roles + pg_users }}"
    databases: "{{ pg_databases }}"
    auth_query: true
    auth_user: dbuser_pool
    console: {login_unix_socket: /var/run/postgresql, login_user: postgres}

- name: Before a password is replaced on the server, let the pool know the new one, and its clients wait
  leastpriv.pgsql.pgbouncer_users:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    users: "{{ users_with_new_verifiers }}"
    databases: "{{ pg_databases }}"
    verifiers: declared
    pause: true
    console: {login_unix_socket: /var/run/postgresql, login_user: postgres}
"""

RETURN = r"""
changes:
  description:
    - What was changed, or would be in check mode, in the order of doing. With O(auth_query), first what was done on the
      server, in the form of RV(leastpriv.pgsql.pg_role_set#module:changes).
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(write file), V(pause), V(reload) or V(resume).
      type: str
    object:
      description: The file, the database, or V(PgBouncer).
      type: str
    summary:
      description: The change as a sentence, without secrets.
      type: str
  sample:
    - action: write file
      object: /etc/pgbouncer/userlist.txt
      summary: "write /etc/pgbouncer/userlist.txt: add dbuser_app; another verifier of dbuser_dba"
    - action: reload
      object: PgBouncer
      summary: let PgBouncer read its files again
files:
  description: The files that are managed, in the order of writing.
  returned: always
  type: list
  elements: str
  sample: [/etc/pgbouncer/database.txt, /etc/pgbouncer/useropts.txt, /etc/pgbouncer/userlist.txt]
reloaded:
  description: Whether PgBouncer read its files again, or would in check mode.
  returned: always
  type: bool
running:
  description: Whether PgBouncer answered.
  returned: always
  type: bool
sql:
  description: With O(auth_query), the statements, as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
  sample: []
undo_sql:
  description: The statements that lead back to the former state of the server.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.spec import HBA_NAMES
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.task import pool_work
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import converge
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import ASSUME, CONNECTION

CONSOLE = {key: kind for key, kind in CONNECTION.items() if key not in ("login_db", "connect_params", "session_role")}
SPEC = {
    **CONNECTION,
    "users": {"type": "list", "elements": "dict", "required": True},
    "databases": {"type": "list", "elements": "dict", "required": True},
    "console_users": {"type": "list", "elements": "str", "default": []},
    "folder": {"type": "path", "default": "/etc/pgbouncer"},
    "userlist_file": {"type": "str", "default": "userlist.txt"},
    "users_file": {"type": "str", "default": "useropts.txt"},
    "databases_file": {"type": "str", "default": "database.txt"},
    "hba_file": {"type": "str", "default": "pgb_hba.conf"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "hba_rules": {"type": "list", "elements": "dict"},
    **HBA_NAMES,
    "server_host": {"type": "str"},
    "server_port": {"type": "int"},
    "console": {"type": "dict", "options": CONSOLE},
    "reload": {"type": "bool", "default": True},
    "require_running": {"type": "bool", "default": True},
    "pause": {"type": "bool"},
    "verifiers": {"type": "str", "choices": ["server", "declared"], "default": "server"},
    "auth_query": {"type": "bool", "default": False},
    "auth_user": {"type": "str"},
    "lookup_schema": {"type": "str"},
    "lookup_owner": {"type": "str"},
    "assume": ASSUME,
    "replay_lsn": {"type": "str"},
}


def main() -> None:
    """Run the module."""
    converge(Module(argument_spec=SPEC, supports_check_mode=True), work=pool_work)


if __name__ == "__main__":
    main()
