#!/usr/bin/python
# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the privileges on objects that exist, in many databases, to what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_object_privs
short_description: Declare who has which privileges on objects that exist
version_added: 0.1.0
description:
  - Brings the privileges on tables, columns, sequences, routines, types, schemas and everything else that PostgreSQL
    grants privileges on to what is declared, in any number of databases, in one task.
  - The comparison happens in the server, which sends only what deviates. Statements name the objects that need them and
    no others, so a run with nothing to do writes nothing, and a run with one deviation writes one row.
  - A privilege that somebody else than the owner granted counts as well. What goes is revoked as whoever granted it.
options:
  databases:
    description:
      - Names of databases, or the word V(all) for every database that can be entered, V(template1) among them.
      - V(template0), invalid databases and those that allow no connections are left out by V(all), and refused by
        name.
    type: raw
    required: true
  privileges:
    description:
      - Rules. As text, PostgreSQL's C(GRANT) and C(REVOKE) on named objects or C(ON ALL ... IN SCHEMA), without
        C(CASCADE) and C(GRANTED BY), and also what M(leastpriv.pgsql.pg_default_privs) takes, where C(ON TABLES) means
        all tables in scope. Unquoted names are folded to lower case; a table, sequence, routine or type without a
        schema is in C(public).
      - As a dictionary, C(privs) (a list), C(on) (the class), C(to) (a role or a list of them), what it is about -
        C(tables), C(sequences), C(functions), C(types), or C(objects) for any class, each a list of names or of
        patterns with C(*) and C(?), with their schemas or with C(schemas) beside them -, C(except) (names or patterns
        that are left out), C(columns), C(grant_option) (not given, it stays as it is), C(state) (V(present) or
        V(absent)) and C(databases), which limits it to some of O(databases). Names in it are literal.
      - A dictionary with C(rule) (a text) and C(databases) is a text that counts for these databases only.
      - Where two rules differ, the narrower one counts; a rule that names objects is narrower than one with a pattern,
        that is narrower than C(IN SCHEMA), and that is narrower than one for a whole class. Two rules that are as
        narrow as each other and contradict each other are an error; only C(REVOKE ALL) takes what no other rule grants.
      - Rules that don't name an object leave alone what belongs to PostgreSQL itself or to an extension, routines with
        C(SECURITY DEFINER), and the schemas in O(except_schemas).
      - An object that a rule names and that isn't there is an error.
    type: list
    elements: raw
    required: true
  owners:
    description: Rules that don't name objects, and O(mode=exact), reach the objects of these owners only.
    type: list
    elements: str
  schemas:
    description:
      - Rules that don't name objects, and O(mode=exact), reach these schemas and what is in them only.
      - If given, what isn't in schemas (large objects, languages, foreign servers and so on) is out of reach, too.
    type: list
    elements: str
  except_schemas:
    description: Schemas that only rules which name objects reach.
    type: list
    elements: str
  grantees:
    description:
      - Whose undeclared privileges O(mode=exact) removes - names of roles and C(PUBLIC), or the word V(all).
      - If not given, those of the grantees that rules name.
    type: raw
notes:
  - With O(mode=exact), a privilege, a privilege on a column or a grant option that no rule gives goes, whoever granted
    it. The owner's own entries stay, and so do those of extensions' members and of PostgreSQL's own schemas, and what
    C(PUBLIC) has from the beginning (C(EXECUTE) on routines, C(USAGE) on types, languages and the schema C(public)).
    Only a rule that revokes it takes that. On databases, exact reaches those that a rule names.
extends_documentation_fragment:
  - leastpriv.pgsql.common
  - leastpriv.pgsql.common.changing
  - leastpriv.pgsql.common.self
  - leastpriv.pgsql.common.jobs
  - leastpriv.pgsql.common.attributes
seealso:
  - module: leastpriv.pgsql.pg_default_privs
  - name: GRANT
    description: Reference of PostgreSQL.
    link: https://www.postgresql.org/docs/current/sql-grant.html
"""

EXAMPLES = r"""
- name: What is there already gets what new objects will get
  leastpriv.pgsql.pg_object_privs:
    login_unix_socket: /var/run/postgresql
    databases: all
    privileges:
      - GRANT USAGE ON SCHEMAS TO dbrole_readonly
      - GRANT SELECT ON TABLES TO dbrole_readonly
      - GRANT SELECT ON ALL SEQUENCES IN SCHEMA app TO dbrole_readonly
    except_schemas: [monitor]

- name: Support sees two columns, nobody but the auditors sees the audit tables, and nothing else is granted
  leastpriv.pgsql.pg_object_privs:
    login_unix_socket: /var/run/postgresql
    databases: [gitlab]
    privileges:
      - GRANT SELECT (id, email) ON app.users TO support
      - GRANT EXECUTE ON FUNCTION app.report(int, text) TO support
      - {privs: [SELECT], tables: ["audit_*"], schemas: [app], except: [audit_settings], to: auditors}
      - {privs: ALL, tables: ["app.audit_*"], to: PUBLIC, state: absent}
    mode: exact
    grantees: all
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode, in the order of doing.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: V(grant), V(revoke), or V(grant again) for columns that a REVOKE on their table takes with it.
      type: str
    object_class:
      description: Such as V(TABLE).
      type: str
    object:
      description: The first objects, and how many more there are.
      type: str
    objects:
      description: All objects of the statement, as they stand in SQL.
      type: list
      elements: str
    summary:
      description: The change as a sentence.
      type: str
    database:
      description: The database; none for what belongs to the cluster.
      type: str
    role:
      description: The grantees.
      type: str
    roles:
      description: The grantees, as a list.
      type: list
      elements: str
    privilege:
      description: The privileges, with columns where it is about columns.
      type: str
    grantor:
      description: Who grants, or granted what is revoked.
      type: str
    destructive:
      description: Whether somebody loses something.
      type: bool
    transactional:
      description: Whether it is done in a transaction with the others of its database.
      type: bool
  sample:
    - action: grant
      object_class: TABLE
      object: app.users
      objects: [app.users]
      summary: grant SELECT on table app.users to dbrole_readonly
      database: gitlab
      role: dbrole_readonly
      roles: [dbrole_readonly]
      privilege: SELECT
      grantor: dbuser_gitlab
      destructive: false
      transactional: true
destructive:
  description: Whether somebody loses something.
  returned: always
  type: bool
sql:
  description: The statements, as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
  sample:
    - \connect "gitlab"
    - GRANT SELECT ON TABLE app.users TO "dbrole_readonly";
undo_sql:
  description: The statements that lead back to the former state, as lines that C(psql -f) accepts.
  returned: always
  type: list
  elements: str
  sample:
    - \connect "gitlab"
    - REVOKE SELECT ON TABLE app.users FROM "dbrole_readonly";
drift:
  description: With O(mode=report), what V(exact) would change besides; dictionaries as in RV(changes).
  returned: always
  type: list
  elements: dict
drift_sql:
  description: The statements for RV(drift), which aren't run.
  returned: always
  type: list
  elements: str
scope:
  description: What V(exact) reaches or would reach, from the options.
  returned: always
  type: dict
  sample: {mode: exact, databases: all, owners: all, schemas: all, except_schemas: [monitor], grantees: all}
"""

from ansible_collections.leastpriv.pgsql.plugins.module_utils.module import Module
from ansible_collections.leastpriv.pgsql.plugins.module_utils.object_privs.task import object_privs_task
from ansible_collections.leastpriv.pgsql.plugins.module_utils.runner import run
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import ALLOW_SELF, CHANGING, JOBS

SPEC = {
    **CHANGING,
    **ALLOW_SELF,
    **JOBS,
    "databases": {"type": "raw", "required": True},
    "privileges": {"type": "list", "elements": "raw", "required": True},
    "owners": {"type": "list", "elements": "str"},
    "schemas": {"type": "list", "elements": "str"},
    "except_schemas": {"type": "list", "elements": "str"},
    "grantees": {"type": "raw"},
}


def main() -> None:
    """Run the module."""
    run(Module(argument_spec=SPEC, supports_check_mode=True), parse=object_privs_task)


if __name__ == "__main__":
    main()
