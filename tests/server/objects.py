"""What the tests of privileges on objects share: a world of objects, calls, ACLs, and attempts as a role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_object_privs

from testbed import servers
from testbed.servers import Server
from tests.server import modules

READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}

# Every kind of object, by two owners, with a schema that rules for many leave alone.
WORLD = """
CREATE ROLE app_owner; CREATE ROLE other_owner; CREATE ROLE readers; CREATE ROLE writers; CREATE ROLE support;
CREATE ROLE stranger; CREATE SCHEMA app AUTHORIZATION app_owner; CREATE SCHEMA monitor;
GRANT USAGE, CREATE ON SCHEMA app TO other_owner; GRANT CREATE ON SCHEMA public TO app_owner, other_owner;
SET ROLE app_owner;
CREATE TABLE app.users (id int GENERATED ALWAYS AS IDENTITY, email text, secret text);
CREATE TABLE app.orders (id int) PARTITION BY RANGE (id);
CREATE TABLE app.orders_1 PARTITION OF app.orders FOR VALUES FROM (1) TO (10);
CREATE VIEW app.emails AS SELECT email FROM app.users;
CREATE MATERIALIZED VIEW app.counts AS SELECT count(*) FROM app.users;
CREATE SEQUENCE app.numbers; CREATE TYPE app.mood AS ENUM ('good'); CREATE DOMAIN app.percent AS int;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION app.verifier() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 3';
CREATE PROCEDURE app.p(character varying) LANGUAGE sql AS 'SELECT 4';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
SET ROLE other_owner; CREATE TABLE app.foreign_hand (n int); CREATE TABLE public.loose (n int); RESET ROLE;
CREATE TABLE monitor.heartbeat (n int);
CREATE FUNCTION monitor.lookup() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 5';
CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER far FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE app.distant (n int) SERVER far; SELECT lo_create(4711)
"""
ACLS = """
SELECT c.oid::regclass::text AS name, c.relacl::text[] FROM pg_class c WHERE relacl IS NOT NULL AND c.oid >= 16384
UNION ALL SELECT attrelid::regclass || '.' || attname, attacl::text[] FROM pg_attribute WHERE attacl IS NOT NULL
UNION ALL SELECT oid::regprocedure::text, proacl::text[] FROM pg_proc WHERE proacl IS NOT NULL AND oid >= 16384
UNION ALL SELECT nspname, nspacl::text[] FROM pg_namespace WHERE nspacl IS NOT NULL
UNION ALL SELECT oid::regtype::text, typacl::text[] FROM pg_type WHERE typacl IS NOT NULL
UNION ALL SELECT lanname, lanacl::text[] FROM pg_language WHERE lanacl IS NOT NULL
UNION ALL SELECT srvname, srvacl::text[] FROM pg_foreign_server
UNION ALL SELECT fdwname, fdwacl::text[] FROM pg_foreign_data_wrapper
UNION ALL SELECT 'large object ' || oid, lomacl::text[] FROM pg_largeobject_metadata
"""
DIRECT = """
SELECT coalesce(string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ' '
                           ORDER BY a.privilege_type), '')
FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = %s::regclass AND a.grantee = %s::regrole
"""


def sql(server: Server, text: str, dbname: str = "postgres", *values: Any, **login: Any) -> list[tuple[Any, ...]]:
    """Run statements, each by itself, and give the last one's rows."""
    with closing(servers.connect(server, dbname, **login)) as connection, connection.cursor() as cursor:
        for statement in [text] if values else filter(None, map(str.strip, text.split(";\n"))):
            cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(name="world")
def make_world(cluster: Server) -> Iterator[Server]:
    """A fresh cluster with the world in database postgres."""
    build(cluster)
    return cluster


def build(server: Server, dbname: str = "postgres") -> None:
    """Make the world."""
    sql(server, WORLD, dbname)


def declared(server: Server, *rules: Any, **params: Any) -> dict[str, Any]:
    """Give the parameters of a call in database postgres, unless said otherwise."""
    return {**modules.login(server), "databases": ["postgres"], "privileges": list(rules), **params}


def call(server: Server, *rules: Any, check: bool = False, **params: Any) -> modules.Result:
    """Run pg_object_privs, which has to succeed."""
    return modules.call(pg_object_privs, check, **declared(server, *rules, **params))


def failure(server: Server, *rules: Any, check: bool = False, **params: Any) -> str:
    """Run pg_object_privs, which has to fail, and give its message."""
    return modules.failure(pg_object_privs, check, **declared(server, *rules, **params))


def statements(result: modules.Result) -> list[str]:
    """Give a result's statements without the lines that change the database."""
    return [line for line in result["sql"] if not line.startswith("\\connect")]


def acls(server: Server, dbname: str = "postgres") -> dict[str, list[str]]:
    """Give the ACL of every object that has one."""
    return {name: sorted(acl or []) for name, acl in sql(server, ACLS, dbname)}


def direct(server: Server, table: str, role: str) -> str:
    """Give what a role has on a table by the table's own ACL; a star is the grant option."""
    return str(sql(server, DIRECT, "postgres", table, role)[0][0])


def may(server: Server, role: str, text: str, dbname: str = "postgres") -> bool:
    """Tell whether a role is allowed to run a statement, by running it as that role."""
    try:
        sql(server, f"SET ROLE {role};\n{text}", dbname)
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True
