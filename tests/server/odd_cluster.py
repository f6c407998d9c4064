"""A cluster that many hands have worked on: everything that ACLs, memberships and settings can be."""

from __future__ import annotations

from testbed import servers
from tests.server.isolation import sql

ROLES = """
CREATE ROLE app_owner;
CREATE ROLE "Odd ""Name" NOLOGIN;
CREATE ROLE analyst LOGIN PASSWORD 'Gut gemeint' CONNECTION LIMIT 5 VALID UNTIL '2031-01-01 12:30:00.25';
CREATE ROLE deputy NOINHERIT CREATEROLE;
CREATE ROLE "select" BYPASSRLS REPLICATION;
CREATE ROLE "{{ x }}" CREATEDB;
COMMENT ON ROLE analyst IS 'it''s "{{ me }}": # yes';
GRANT app_owner TO analyst;
GRANT analyst TO deputy WITH ADMIN OPTION;
GRANT "select" TO analyst;
GRANT pg_monitor TO "Odd ""Name" WITH ADMIN OPTION;
ALTER ROLE analyst SET search_path TO "$user", public, "Odd Path";
ALTER ROLE analyst SET log_min_duration_statement TO 1000;
ALTER ROLE analyst IN DATABASE postgres SET work_mem TO '64MB';
CREATE DATABASE shop OWNER app_owner CONNECTION LIMIT 40;
CREATE DATABASE closed ALLOW_CONNECTIONS false IS_TEMPLATE true;
ALTER DATABASE shop SET statement_timeout TO '1min';
COMMENT ON DATABASE shop IS 'sells';
REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO analyst WITH GRANT OPTION;
SET ROLE analyst;
GRANT CONNECT ON DATABASE shop TO deputy, "{{ x }}";
RESET ROLE;
GRANT TEMPORARY ON DATABASE shop TO deputy;
GRANT CREATE ON TABLESPACE pg_default TO analyst WITH GRANT OPTION
"""
SINCE_15 = """
GRANT SET ON PARAMETER log_statement TO analyst;
GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO deputy WITH GRANT OPTION
"""
SINCE_16 = """
GRANT app_owner TO "{{ x }}" WITH INHERIT FALSE, SET FALSE;
GRANT app_owner TO deputy WITH ADMIN TRUE;
GRANT app_owner TO analyst WITH INHERIT FALSE GRANTED BY deputy
"""
FROM_14_TO_16 = """
GRANT USAGE ON TYPE other.span_multirange TO analyst
"""
TABLES = """
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA "Odd.Schema";
CREATE SCHEMA other;
GRANT USAGE ON SCHEMA app TO deputy, analyst WITH GRANT OPTION;
GRANT ALL ON SCHEMA "Odd.Schema" TO PUBLIC;
SET ROLE app_owner;
CREATE TABLE app.users (id int GENERATED ALWAYS AS IDENTITY, email text, "Odd, ""Column" text);
CREATE TABLE app.orders (id serial, PRIMARY KEY (id));
CREATE TABLE app.log (at date) PARTITION BY RANGE (at);
CREATE TABLE app.log_1 PARTITION OF app.log DEFAULT;
CREATE VIEW app.v AS SELECT 1 AS x;
CREATE MATERIALIZED VIEW app.m AS SELECT 1 AS x;
RESET ROLE;
CREATE TABLE "Odd.Schema"."Odd ""Table"" {{ x }}" (a int);
CREATE TABLE public.loose (a int);
CREATE TABLE public.looser (a int);
CREATE TABLE public.whose (a int);
ALTER TABLE public.whose OWNER TO deputy;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO deputy;
REVOKE INSERT ON public.whose FROM deputy;
GRANT UPDATE ON "Odd.Schema"."Odd ""Table"" {{ x }}" TO "{{ x }}", "Odd ""Name";
GRANT SELECT (email), UPDATE (id, email, "Odd, ""Column") ON app.users TO deputy;
GRANT REFERENCES (id) ON app.orders TO PUBLIC;
GRANT SELECT (email) ON app.users TO "select" WITH GRANT OPTION;
GRANT INSERT ON app.users TO deputy WITH GRANT OPTION;
SET ROLE deputy;
GRANT INSERT ON app.users TO "Odd ""Name";
RESET ROLE;
REVOKE DELETE ON app.users FROM app_owner;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO analyst;
GRANT UPDATE ON SEQUENCE app.orders_id_seq TO deputy
"""
ROUTINES = """
CREATE FUNCTION other.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION other.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION other.out(IN a int, OUT b int) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION other.odd("Odd.Schema"."Odd ""Table"" {{ x }}", VARIADIC timestamptz[]) RETURNS int
  LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION other.danger() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE PROCEDURE other.p(IN a int, VARIADIC b text[]) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE other.agg(int) (SFUNC = int4pl, STYPE = int);
CREATE AGGREGATE other.many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA other FROM PUBLIC;
GRANT EXECUTE ON FUNCTION other.f(int) TO analyst;
GRANT EXECUTE ON FUNCTION other.danger() TO deputy WITH GRANT OPTION;
CREATE FUNCTION app.free() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.free(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.shut() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION app.shut() FROM PUBLIC;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA app TO "select";
REVOKE EXECUTE ON FUNCTION app.free(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO analyst;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_create_restore_point(text) TO analyst;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT (rolname) ON pg_authid TO deputy;
GRANT SELECT ON pg_catalog.pg_statistic TO analyst;
GRANT USAGE ON SCHEMA pg_catalog TO analyst;
REVOKE SELECT ON information_schema.tables FROM PUBLIC
"""
OTHERS = """
CREATE TYPE other.mood AS ENUM ('x');
CREATE TYPE other.pair AS (a int, b int);
CREATE TYPE other.span AS RANGE (subtype = int);
CREATE DOMAIN other.dom AS int;
REVOKE USAGE ON TYPE other.mood, other.pair FROM PUBLIC;
GRANT USAGE ON TYPE other.mood, other.span TO analyst WITH GRANT OPTION;
REVOKE USAGE ON TYPE app.users FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql TO app_owner;
GRANT USAGE ON LANGUAGE sql TO deputy WITH GRANT OPTION;
CREATE EXTENSION postgres_fdw SCHEMA other;
CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE app.far (a int) SERVER remote;
GRANT SELECT ON app.far TO analyst;
GRANT USAGE ON FOREIGN SERVER remote TO analyst;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO analyst;
GRANT EXECUTE ON FUNCTION other.postgres_fdw_handler() TO deputy;
REVOKE EXECUTE ON FUNCTION other.postgres_fdw_validator(text[], oid) FROM PUBLIC;
SELECT lo_create(4242);
GRANT SELECT ON LARGE OBJECT 4242 TO analyst;
GRANT SELECT, UPDATE ON LARGE OBJECT 4242 TO deputy WITH GRANT OPTION;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO analyst
"""
DEFAULTS = """
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT ON TABLES TO analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE DELETE ON TABLES FROM app_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA app GRANT UPDATE ON TABLES TO deputy WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE "Odd ""Name", deputy GRANT ALL ON SCHEMAS TO PUBLIC, "{{ x }}";
ALTER DEFAULT PRIVILEGES FOR ROLE deputy GRANT USAGE ON SEQUENCES TO "select" WITH GRANT OPTION
"""


def odd(server: servers.Server, version: int) -> None:
    """Make the roles, the databases `shop` and `closed`, and all that is in them."""
    sql(server, ROLES)
    if version >= 15:
        sql(server, SINCE_15)
    if version >= 16:
        sql(server, SINCE_16)
    for part in (TABLES, ROUTINES, OTHERS, DEFAULTS):
        sql(server, part, "shop")
    if 14 <= version <= 16:
        sql(server, FROM_14_TO_16, "shop")
    sql(server, "ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO analyst", "template1")
