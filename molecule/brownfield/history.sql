-- A cluster that grew: several owners, grants by whoever had the option, columns, PUBLIC, objects in schema public.
CREATE ROLE staff;
CREATE ROLE legacy_owner LOGIN PASSWORD 'sesame' CREATEDB IN ROLE staff;
CREATE ROLE app_web LOGIN PASSWORD 'sesame' IN ROLE staff;
CREATE ROLE report LOGIN PASSWORD 'sesame' CONNECTION LIMIT 5;
CREATE ROLE intern LOGIN PASSWORD 'sesame' IN ROLE legacy_owner;
CREATE ROLE contractor LOGIN PASSWORD 'sesame' CREATEROLE;
COMMENT ON ROLE report IS 'weekly figures';
ALTER ROLE report SET statement_timeout TO '5min';
CREATE DATABASE shop OWNER legacy_owner;
CREATE DATABASE archive OWNER postgres;
ALTER DATABASE shop SET work_mem TO '8MB';
ALTER ROLE app_web IN DATABASE shop SET search_path TO shop, public;
GRANT CREATE ON DATABASE shop TO contractor;
REVOKE CONNECT ON DATABASE archive FROM PUBLIC;

\connect shop
GRANT CREATE ON SCHEMA public TO PUBLIC;
CREATE SCHEMA shop AUTHORIZATION legacy_owner;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
CREATE EXTENSION pg_stat_statements;
SET ROLE legacy_owner;
CREATE TABLE shop.orders (id serial PRIMARY KEY, customer text, card text);
CREATE TABLE shop.prices (id serial PRIMARY KEY, amount int);
INSERT INTO shop.orders (customer, card) VALUES ('ada', '4711');
GRANT SELECT, INSERT ON shop.orders TO app_web WITH GRANT OPTION;
GRANT SELECT (id, customer) ON shop.orders TO contractor;
GRANT ALL ON shop.prices TO PUBLIC;
CREATE VIEW public.figures AS SELECT count(*) FROM shop.orders;
GRANT SELECT ON public.figures TO PUBLIC;
CREATE FUNCTION shop.card_of(int) RETURNS text LANGUAGE sql SECURITY DEFINER
    AS 'SELECT card FROM shop.orders WHERE id = $1';
RESET ROLE;
SET ROLE app_web;
GRANT SELECT ON shop.orders TO report;
RESET ROLE;
SET ROLE intern;
CREATE TABLE public.scratch (note text);
GRANT ALL ON public.scratch TO PUBLIC;
RESET ROLE;
SET ROLE contractor;
CREATE SCHEMA tools;
CREATE TABLE tools.notes (note text);
RESET ROLE;
REVOKE EXECUTE ON FUNCTION shop.card_of(int) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE legacy_owner GRANT ALL ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE legacy_owner IN SCHEMA shop GRANT SELECT ON SEQUENCES TO contractor;
SELECT lo_create(4711);
GRANT SELECT ON LARGE OBJECT 4711 TO report;
