#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declare who may connect to a PostgreSQL server, from where, and how."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_hba_rules
short_description: Declare who may connect to a PostgreSQL server, from where, and how
version_added: 0.1.0
description:
  - Writes C(pg_hba.conf), and C(pg_ident.conf) if asked to, from declared rules, and lets the server read them. The
    file is always the whole of what is declared; what is there besides is removed.
  - It runs on the database host, as an operating system user who can write there (usually the server's own), on
    primaries and standbys alike. Nothing is written by SQL.
  - The new file replaces the old one in one step. The server is asked how it would read it (C(pg_hba_file_rules));
    what it would refuse is replaced by the old file before anything is reloaded, and the error names line, item and
    the server's words. After the reload it is waited until a new session shows that the server has read its files
    (C(pg_conf_load_time())); that session has come in by the new rules. If it can't, the old file is put back into
    force.
  - A run that was killed between the replacement and the reload is completed by the next one - a file that changed
    after the server last read its files is read again, even if it needn't be written. So after C(chmod) or a restored
    copy there can be a reload, too.
  - Runs on one host wait for each other (a lock on the file's folder, at most 60 s).
  - A cluster whose HBA file Patroni writes is changed through Patroni; that is found out, see O(patroni).
options:
  rules:
    description:
      - The rules. Those with C(order) come first, sorted by it; then the others, in the order of the list.
      - Keys are C(title) (written as a comment), C(role) (where the rule counts - V(default), V(common), V(primary),
        V(replica), V(offline), V(standby), V(delayed)), C(order), and then either C(rules), a list of lines as in
        C(pg_hba.conf), or C(addr), C(user), C(db), C(auth) and C(options).
      - C(addr) is V(local), V(localhost), V(admin), V(infra), V(cluster), V(intra), V(world), V(samehost), V(samenet),
        an IPv4 or IPv6 address or network, or a host name; C(user) and C(db) are names, V(all), C(+group), from
        PostgreSQL 16 regular expressions (C(/...)), or lists of these, and in C(user) C(${dbsu}), C(${repl}),
        C(${monitor}), C(${admin}); in quotes, a word has no special meaning.
      - C(auth) is V(pwd) (the default), V(ssl), V(ssl-sha), V(ssl-md5), V(sha), V(md5), V(cert), V(os), V(deny),
        V(trust), V(peer), V(ident), or another method of PostgreSQL.
      - Rules for another kind of instance are written as comments.
    type: list
    elements: dict
    required: true
  ident:
    description: The lines of C(pg_ident.conf), in their order. If not given, that file is left alone.
    type: list
    elements: dict
    suboptions:
      map:
        description: Name of the map, which a rule uses with the option C(map).
        type: str
        required: true
      system_user:
        description: The operating system user or the name in the certificate; after C(/) a regular expression.
        type: str
        required: true
      database_user:
        description:
          - The role. C(\1) is what the expression's parentheses found. From PostgreSQL 16, V(all), C(+group) and
            expressions have a meaning of their own, unless they are in double quotes.
        type: str
        required: true
  hba_file:
    description:
      - Path of C(pg_hba.conf). It is only needed for a login that may not see the setting; another path than the
        server's is an error.
    type: path
  ident_file:
    description: Path of C(pg_ident.conf), likewise.
    type: path
  backup:
    description: Whether to keep the former file, as the same name with C(.old); one is kept.
    type: bool
    default: true
  allow_lockout:
    description:
      - What would lock somebody out is refused, in check mode too, unless it is named here.
      - V(self) is the login in use, the way it has come in (over the socket, or from its address).
      - V(replication) is every role that is connected for replication now, from where it is connected, and
        O(replication_user) if nothing lets it in from anywhere.
      - V(superusers) is that no superuser with LOGIN is let in from anywhere.
    type: list
    elements: str
    choices: [self, replication, superusers]
  assume:
    description:
      - What earlier tasks will have made, for check mode, as the role P(leastpriv.pgsql.pgsql_access#role) gives it.
        Rules for these roles and databases aren't warned of, and their memberships count.
      - Outside of check mode it has no effect.
  replay_lsn:
    description:
      - A place in the log. A standby is waited for until it has replayed up to there, at most 30 s, so that what was
        just committed on the primary is seen. RV(leastpriv.pgsql.pg_access_info#module:server) has it as C(lsn).
    type: str
  patroni:
    description:
      - How to reach the Patroni that looks after this server. Whether there is one is found out from its process on
        this host; what is given here comes first.
    type: dict
    suboptions:
      url:
        description: Its REST API, such as V(https://10.0.0.1:8008).
        type: str
      username:
        description: Who changes it.
        type: str
      password:
        description: The password for that.
        type: str
      ca_cert:
        description: File with the certificates of authorities.
        type: path
      client_cert:
        description: File with the client's certificate.
        type: path
      client_key:
        description: File with the client's key.
        type: path
      validate_certs:
        description: Whether to check the certificate of the API.
        type: bool
        default: true
      config_file:
        description: Its local configuration.
        type: path
attributes:
  check_mode:
    description:
      - Shows what would change, and writes nothing. What only the server can find in a new file (an option that its
        build doesn't know) is found when it is applied.
    support: full
  diff_mode:
    description: Shows the lines of the files, without passwords for LDAP and RADIUS.
    support: full
notes:
  - A login without superuser needs what a superuser can grant - C(pg_monitor), and EXECUTE on the functions
    C(pg_hba_file_rules()), C(pg_reload_conf()), and with O(ident) from PostgreSQL 15 C(pg_ident_file_mappings()). The
    error names what is missing.
  - To PostgreSQL 14, the server doesn't show how it reads C(pg_ident.conf). There the file is right by how it is
    written, its regular expressions are tried on the server, and only the reload is seen.
  - If C(postgresql.conf) has a syntax error, PostgreSQL doesn't say when it has read its files, and the run fails with
    the place of that error; the rules may be in force then.
  - Warnings tell of login roles that no rule lets in, rules for roles and databases that don't exist, rules that an
    earlier one shadows, C(trust) and C(password) from the network, C(hostssl) rules while SSL is off, and databases
    whose rules only admit roles without CONNECT.
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.hba_names
  - leastpriv.pgsql.hba_names.assume
seealso:
  - module: leastpriv.pgsql.pg_access_info
  - module: leastpriv.pgsql.pg_role_set
"""

EXAMPLES = r"""
- name: Let business users in from the intranet, administrators over TLS, and analysts on offline instances only
  leastpriv.pgsql.pg_hba_rules:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    replication_user: replicator
    admin_user: dbuser_dba
    instance_role: "{{ pg_role }}"
    addresses:
      intra: [10.0.0.0/8, "fd00::/8"]
    rules:
      - {title: dbsu over the socket, user: "${dbsu}", addr: local, auth: os, order: 100}
      - {title: replication, user: "${repl}", db: replication, addr: intra, auth: pwd, order: 200}
      - {title: administrators, user: "${admin}", addr: world, auth: ssl, order: 300}
      - {title: business, user: +dbrole_readonly, addr: intra, order: 400}
      - {title: analysts, user: +dbrole_offline, addr: intra, role: offline, order: 500}
  become: true
  become_user: postgres

- name: Write lines as they are, and a map for them
  leastpriv.pgsql.pg_hba_rules:
    login_unix_socket: /var/run/postgresql
    login_user: postgres
    rules:
      - title: local
        rules:
          - local all all peer map=staff
          - host  all all samenet scram-sha-256
    ident:
      - {map: staff, system_user: postgres, database_user: postgres}
      - {map: staff, system_user: '/^(.*)-adm$', database_user: '\1'}
  become: true
  become_user: postgres
"""

RETURN = r"""
changes:
  description:
    - What was done, or in check mode would be, with RV(ignore:action), RV(ignore:object) and RV(ignore:summary).
  returned: success
  type: list
  elements: dict
  sample:
    - action: write file
      object: /var/lib/postgresql/18/main/pg_hba.conf
      summary: "write /var/lib/postgresql/18/main/pg_hba.conf: 3 lines new, 1 gone"
    - action: reload
      object: server
      summary: let the server read its files
sql:
  description: The statement that reloads, if it was needed.
  returned: success
  type: list
  elements: str
  sample: ["SELECT pg_catalog.pg_reload_conf();"]
undo_sql:
  description: How to get the former file back, as comments.
  returned: success
  type: list
  elements: str
hba_file:
  description: Path of C(pg_hba.conf).
  returned: success
  type: str
  sample: /var/lib/postgresql/18/main/pg_hba.conf
ident_file:
  description: Path of C(pg_ident.conf).
  returned: success
  type: str
backup_file:
  description: Where the former C(pg_hba.conf) is kept; none if nothing was written, or O(backup) is false.
  returned: success
  type: str
  sample: /var/lib/postgresql/18/main/pg_hba.conf.old
managed_by:
  description: Who writes the HBA file - V(file) if this module does, V(patroni) if Patroni does.
  returned: success
  type: str
instance_role:
  description: What the server is now, which decides on rules with a C(role).
  returned: success
  type: str
  sample: primary
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.hidden import hidden
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.lockout import KINDS
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.spec import HBA_NAMES
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.task import hba_work
from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import converge
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import ASSUME, CONNECTION

MAPPED = {name: {"type": "str", "required": True} for name in ("map", "system_user", "database_user")}
PATRONI = {
    "url": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "config_file": {"type": "path"},
}
SPEC = {
    **CONNECTION,
    **HBA_NAMES,
    "rules": {"type": "list", "elements": "dict", "required": True},
    "ident": {"type": "list", "elements": "dict", "options": MAPPED},
    "hba_file": {"type": "path"},
    "ident_file": {"type": "path"},
    "backup": {"type": "bool", "default": True},
    "allow_lockout": {"type": "list", "elements": "str", "choices": list(KINDS)},
    "assume": ASSUME,
    "replay_lsn": {"type": "str"},
    "patroni": {"type": "dict", "options": PATRONI},
}


def main() -> None:
    """Run the module; passwords within rules aren't returned with its parameters."""
    module = Module(argument_spec=SPEC, supports_check_mode=True)
    rules = module.params["rules"]
    module.params["rules"] = hidden(rules)
    converge(module, lambda params, check: hba_work({**params, "rules": rules}, check))


if __name__ == "__main__":
    main()
