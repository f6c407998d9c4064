"""A cluster as the access model's scripts leave it, in statements of our own."""

from __future__ import annotations

from testbed import servers
from tests.server.isolation import sql

GROUPS = """
CREATE ROLE dbrole_readonly NOLOGIN;
CREATE ROLE dbrole_offline NOLOGIN;
CREATE ROLE dbrole_readwrite NOLOGIN;
CREATE ROLE dbrole_admin NOLOGIN;
GRANT dbrole_readonly TO dbrole_readwrite;
GRANT pg_monitor, dbrole_readwrite TO dbrole_admin;
COMMENT ON ROLE dbrole_readonly IS 'role for global read-only access'
"""
USERS = """
CREATE USER replicator REPLICATION PASSWORD 'Repl1cates data';
GRANT pg_monitor, dbrole_readonly TO replicator;
CREATE USER dbuser_dba SUPERUSER PASSWORD 'Adm1nisters it';
GRANT dbrole_admin TO dbuser_dba;
CREATE USER dbuser_monitor PASSWORD 'Watches 1t all';
GRANT pg_monitor, dbrole_readonly TO dbuser_monitor;
ALTER USER dbuser_monitor SET log_min_duration_statement TO '1000';
ALTER USER dbuser_monitor SET search_path TO monitor, public;
CREATE USER dbuser_shop PASSWORD 'Sells 0ld books' VALID UNTIL '2035-05-05';
GRANT dbrole_admin TO dbuser_shop;
CREATE USER dbuser_wiki PASSWORD 'Wr1tes it down' CONNECTION LIMIT 10;
GRANT dbrole_readwrite TO dbuser_wiki;
CREATE USER dbuser_stranger
"""
FOR_CREATOR = """
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT USAGE ON SCHEMAS TO dbrole_readonly, dbrole_offline;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT SELECT ON TABLES TO dbrole_readonly, dbrole_offline;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT SELECT ON SEQUENCES TO dbrole_readonly, dbrole_offline;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT EXECUTE ON FUNCTIONS TO dbrole_readonly, dbrole_offline;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT INSERT, UPDATE, DELETE ON TABLES TO dbrole_readwrite;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT USAGE, UPDATE ON SEQUENCES TO dbrole_readwrite;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT TRUNCATE, REFERENCES, TRIGGER ON TABLES TO dbrole_admin;
ALTER DEFAULT PRIVILEGES FOR ROLE {0} GRANT CREATE ON SCHEMAS TO dbrole_admin
"""
TEMPLATE = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA monitor;
GRANT USAGE ON SCHEMA monitor TO dbuser_monitor, dbuser_dba, replicator;
CREATE EXTENSION pg_stat_statements SCHEMA monitor;
CREATE EXTENSION pg_buffercache SCHEMA monitor;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION file_fdw;
CREATE SERVER fs FOREIGN DATA WRAPPER file_fdw;
GRANT USAGE ON SCHEMA pg_catalog TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.current_setting(text) TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_create_restore_point(text) TO replicator;
CREATE TABLE monitor.heartbeat (id text PRIMARY KEY, ts timestamptz);
REVOKE INSERT, UPDATE, DELETE ON monitor.heartbeat FROM dbrole_readwrite;
GRANT SELECT, INSERT, UPDATE, DELETE ON monitor.heartbeat TO pg_monitor;
CREATE VIEW monitor.sessions AS SELECT 1 AS n;
CREATE FUNCTION monitor.beating() RETURNS boolean LANGUAGE sql AS 'SELECT true';
REVOKE ALL ON FUNCTION monitor.beating() FROM PUBLIC, dbrole_readonly, dbrole_offline;
GRANT EXECUTE ON FUNCTION monitor.beating() TO pg_monitor;
CREATE FOREIGN TABLE monitor.log (line text) SERVER fs OPTIONS (filename '/dev/null');
REVOKE ALL ON monitor.log FROM PUBLIC, dbrole_readonly, dbrole_readwrite, dbrole_admin, dbrole_offline;
GRANT SELECT ON monitor.log TO pg_monitor;
CREATE FUNCTION monitor.pgbouncer_auth(login text) RETURNS TABLE (name text, verifier text)
  LANGUAGE sql SECURITY DEFINER SET search_path TO ''
  AS 'SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1 AND NOT rolsuper';
REVOKE ALL ON FUNCTION monitor.pgbouncer_auth(text) FROM PUBLIC, dbrole_readonly, dbrole_offline
"""
DATABASE = """
GRANT ALL ON DATABASE {0} TO {1};
REVOKE CREATE ON DATABASE {0} FROM PUBLIC;
GRANT CREATE ON DATABASE {0} TO dbrole_admin;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO dbrole_admin;
CREATE SCHEMA {0}_data;
CREATE SCHEMA {0}_own AUTHORIZATION {1};
COMMENT ON DATABASE {0} IS 'business database {0}';
SET ROLE {1};
CREATE TABLE {0}_own.book (id serial, title text);
CREATE TABLE {0}_own.page (id int);
CREATE FUNCTION {0}_own.count_books() RETURNS int LANGUAGE sql AS 'SELECT 1';
RESET ROLE
"""
ISOLATION = """
REVOKE CONNECT ON DATABASE {0} FROM PUBLIC;
GRANT CONNECT ON DATABASE {0} TO replicator, dbuser_monitor;
GRANT CONNECT ON DATABASE {0} TO dbuser_dba, {1} WITH GRANT OPTION
"""


def provisioned(server: servers.Server) -> None:
    """Provision roles, templates and two databases, one of them open to its own people only."""
    sql(server, GROUPS)
    sql(server, USERS)
    for name in ("template1", "postgres"):
        for creator in ("postgres", "dbuser_dba", "dbrole_admin"):
            sql(server, FOR_CREATOR.format(creator), name)
        sql(server, TEMPLATE, name)
    for name, owner in (("shop", "dbuser_shop"), ("wiki", "dbuser_wiki")):
        sql(server, f"CREATE DATABASE {name} OWNER {owner}")
        sql(server, FOR_CREATOR.format(owner), name)
        sql(server, DATABASE.format(name, owner), name)
    sql(server, ISOLATION.format("shop", "dbuser_shop"))
    sql(
        server,
        "SET ROLE dbuser_dba;\nCREATE TABLE shop_data.sold (id int);\nCREATE VIEW shop_data.v AS SELECT 1",
        "shop",
    )
