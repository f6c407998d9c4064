"""The same work, declared for this collection and for the incumbent's modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from testbed.collection import CHECKOUT
from testbed.servers import Server

Task = dict[str, Any]

DEFAULTS = CHECKOUT / "roles" / "pgsql_access" / "defaults" / "main.yml"
RULES: list[str] = yaml.safe_load(DEFAULTS.read_text())["pg_default_privileges"]
DATABASES = ["one", "two"]
CREATORS = ["postgres", "dbuser_dba", "dbrole_admin"]
GROUPS = ["dbrole_readonly", "dbrole_offline", "dbrole_readwrite", "dbrole_admin"]
PREPARATION = [
    *(f"CREATE ROLE {name}" for name in GROUPS),
    "CREATE ROLE dbuser_dba SUPERUSER",
    *(f"CREATE DATABASE {name}" for name in DATABASES),
]

# What the incumbent's users do by hand, because its module replaces what an earlier item gave to the same role:
# one item for each class and role, with all privileges at once.
MERGED = [
    ("dbrole_readonly", "SCHEMAS", "USAGE"),
    ("dbrole_readonly", "TABLES", "SELECT"),
    ("dbrole_readonly", "SEQUENCES", "SELECT"),
    ("dbrole_readonly", "FUNCTIONS", "EXECUTE"),
    ("dbrole_offline", "SCHEMAS", "USAGE"),
    ("dbrole_offline", "TABLES", "SELECT"),
    ("dbrole_offline", "SEQUENCES", "SELECT"),
    ("dbrole_offline", "FUNCTIONS", "EXECUTE"),
    ("dbrole_readwrite", "TABLES", "INSERT,UPDATE,DELETE"),
    ("dbrole_readwrite", "SEQUENCES", "USAGE,UPDATE"),
    ("dbrole_admin", "TABLES", "TRUNCATE,REFERENCES,TRIGGER"),
    ("dbrole_admin", "SCHEMAS", "CREATE"),
]


def book(server: Server, *tasks: Task) -> list[dict[str, Any]]:
    """Return a playbook for this machine, with the interpreter and the address of the server."""
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_connection": "local",
        "socket": str(server.socket_dir),
        "port": server.port,
    }
    return [{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": list(tasks)}]


def ours(module: str, **options: Any) -> Task:
    """Return a task of this collection."""
    login = {"login_unix_socket": "{{ socket }}", "login_port": "{{ port }}", "login_user": "postgres"}
    return {f"leastpriv.pgsql.{module}": {**login, **options}}


def theirs(module: str, items: Sequence[Any], **options: Any) -> Task:
    """Return a loop over a module of the incumbent's."""
    login = {"login_unix_socket": "{{ socket }}", "login_port": "{{ port }}", "login_user": "postgres"}
    return {f"community.postgresql.{module}": {**login, **options}, "loop": list(items)}


def names(count: int) -> list[str]:
    """Return names of roles."""
    return [f"bench_{number:05}" for number in range(count)]


def our_roles(count: int) -> list[Task]:
    """Declare roles with a password, a limit, a comment and a membership: one task."""
    same = {"connlimit": 10, "comment": "a role", "roles": ["dbrole_readonly"]}
    roles = [{"name": name, "password": f"correct horse {name}", **same} for name in names(count)]
    return [ours("pg_role_set", roles=roles)]


def their_roles(count: int) -> list[Task]:
    """Declare the same: a loop for the roles, and one task for all memberships."""
    options = {"name": "{{ item }}", "password": "correct horse {{ item }}", "conn_limit": 10, "comment": "a role"}
    members = {"groups": ["dbrole_readonly"], "target_roles": names(count)}
    return [
        theirs("postgresql_user", names(count), **options, login_db="postgres"),
        theirs("postgresql_membership", ["all of them"], **members, login_db="postgres"),
    ]


def our_defaults() -> list[Task]:
    """Declare the access model's 17 default privileges of three creators in two databases: one task."""
    return [ours("pg_default_privs", databases=DATABASES, creators=CREATORS, privileges=RULES)]


def their_defaults() -> list[Task]:
    """Declare the same as far as the module can: privileges merged by hand, an item for each role and database.

    A creator can't be left out of `target_roles` for one role only: `dbrole_admin` gives to itself as well.
    """
    items = [[database, *rule] for database in DATABASES for rule in MERGED]
    return [their_privs(items)]


def their_rules() -> list[Task]:
    """Declare the same as the access model does: one rule an item."""
    rules = [rule.split() for rule in RULES]
    items = [[database, rule[5], rule[3], rule[1]] for database in DATABASES for rule in rules]
    return [their_privs(items)]


def their_privs(items: Sequence[Sequence[str]]) -> Task:
    """Return a loop over database, role, class and privileges, for all creators at once."""
    return theirs(
        "postgresql_privs",
        items,
        type="default_privs",
        login_db="{{ item[0] }}",
        roles="{{ item[1] }}",
        objs="{{ item[2] }}",
        privs="{{ item[3] }}",
        schema="not-specified",
        target_roles=",".join(CREATORS),
    )


def our_objects(database: str, rules: Sequence[str]) -> list[Task]:
    """Declare privileges on all tables and schemas of a database: one task."""
    return [ours("pg_object_privs", databases=[database], privileges=list(rules))]


def their_objects(database: str, schemas: Sequence[str], readers: str, writer: str) -> list[Task]:
    """Declare the same in some schemas: an item for each of them and each set of privileges, and one for USAGE."""
    tables = [
        (schema, *given) for schema in schemas for given in ((readers, "SELECT"), (writer, "INSERT,UPDATE,DELETE"))
    ]
    same = {"login_db": database, "roles": "{{ item[1] }}", "privs": "{{ item[2] }}"}
    usage = [(",".join(schemas), f"{readers},{writer}", "USAGE")]
    return [
        theirs("postgresql_privs", usage, type="schema", objs="{{ item[0] }}", **same),
        theirs("postgresql_privs", tables, type="table", schema="{{ item[0] }}", objs="ALL_IN_SCHEMA", **same),
    ]
