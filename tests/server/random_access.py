"""Random histories of a cluster: statements about roles, memberships, ACLs and default ACLs, by many hands."""

from __future__ import annotations

from contextlib import closing, suppress

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.module_utils.quoting import ident
from hypothesis import strategies as st

from testbed import servers

ROLES = ["ann", "bob", "carl", 'd"d', "e {{ e }}"]
DATABASE = "history"
SCHEMAS = ["one", "two"]
TABLES = ["one.a", "one.b", "one.c", "two.v", "two.d", 'two."w w"']
COLUMNS = ["x", '"y y"']
OBJECTS = {
    "TABLE": (TABLES, ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "ALL"]),
    "SEQUENCE": (["one.s", "one.t", "two.s"], ["USAGE", "SELECT", "UPDATE", "ALL"]),
    "ROUTINE": (["one.f(int)", "one.f(int, text)", "one.p()", "two.definer()", "two.agg(int)"], ["EXECUTE", "ALL"]),
    "TYPE": (["one.mood", "two.dom", "one.a"], ["USAGE"]),
    "SCHEMA": ([*SCHEMAS, "public"], ["USAGE", "CREATE", "ALL"]),
    "DATABASE": ([DATABASE], ["CONNECT", "CREATE", "TEMPORARY", "ALL"]),
    "LANGUAGE": (["sql", "plpgsql"], ["USAGE"]),
    "FOREIGN DATA WRAPPER": (["wrapper"], ["USAGE"]),
    "FOREIGN SERVER": (["remote"], ["USAGE"]),
    "LARGE OBJECT": (["4711"], ["SELECT", "UPDATE"]),
}
WHOLE = {
    "TABLES": OBJECTS["TABLE"][1],
    "SEQUENCES": OBJECTS["SEQUENCE"][1],
    "ROUTINES": OBJECTS["ROUTINE"][1],
}
DEFAULTS = {**WHOLE, "TYPES": ["USAGE"], "SCHEMAS": ["USAGE", "CREATE", "ALL"]}
ATTRIBUTES = ["LOGIN", "NOLOGIN", "CREATEDB", "CREATEROLE", "NOINHERIT", "INHERIT", "REPLICATION", "BYPASSRLS"]
OWNED = {
    "TABLE": ["one.a", "one.b", "two.d"],
    "FUNCTION": ["one.f(int)", "two.definer()"],
    "SCHEMA": SCHEMAS,
    "DATABASE": [DATABASE],
    "TYPE": ["one.mood"],
    "SERVER": ["remote"],
}
SETTINGS = ["work_mem TO '5MB'", 'search_path TO "$user", one', "application_name TO 'it''s'", "statement_timeout TO 0"]
INSIDE = """
CREATE SCHEMA one; CREATE SCHEMA two;
CREATE TABLE one.a (x int, "y y" int); CREATE TABLE one.b (x int, "y y" int); CREATE TABLE one.c (x int, "y y" int);
CREATE VIEW two.v AS SELECT 1 AS x, 2 AS "y y"; CREATE TABLE two.d (x int, "y y" int);
CREATE TABLE two."w w" (x int, "y y" int);
CREATE SEQUENCE one.s; CREATE SEQUENCE one.t; CREATE SEQUENCE two.s;
CREATE FUNCTION one.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION one.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE one.p() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION two.definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE AGGREGATE two.agg(int) (SFUNC = int4pl, STYPE = int);
CREATE TYPE one.mood AS ENUM ('x'); CREATE DOMAIN two.dom AS int;
CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER remote FOREIGN DATA WRAPPER wrapper;
SELECT lo_create(4711);
"""

roles = st.sampled_from(ROLES).map(ident)
grantees = st.lists(st.one_of(roles, st.just("PUBLIC")), min_size=1, max_size=2, unique=True).map(", ".join)
option = st.sampled_from(["", "", " WITH GRANT OPTION"])
# As whom a statement runs: mostly the superuser, who acts for the owner.
actor = st.sampled_from([None, None, None, *ROLES])


def some(words: list[str]) -> st.SearchStrategy[str]:
    """Give some words as a list in SQL; ALL stands alone."""
    lists = st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)
    return lists.map(lambda found: "ALL" if "ALL" in found else ", ".join(found))


@st.composite
def privileges(draw: st.DrawFn) -> str:
    """Grant or revoke on one object."""
    word = draw(st.sampled_from(sorted(OBJECTS)))
    names, words = OBJECTS[word]
    what = f"{draw(some(words))} ON {word} {draw(st.sampled_from(names))}"
    return given_or_taken(draw, what)


def given_or_taken(draw: st.DrawFn, what: str) -> str:
    if draw(st.integers(0, 3)):
        return f"GRANT {what} TO {draw(grantees)}{draw(option)}"
    return f"REVOKE {draw(st.sampled_from(['', 'GRANT OPTION FOR ']))}{what} FROM {draw(grantees)} CASCADE"


@st.composite
def column_privileges(draw: st.DrawFn) -> str:
    """Grant or revoke on columns."""
    columns = ", ".join(draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True)))
    privilege = draw(st.sampled_from(["SELECT", "UPDATE", "REFERENCES", "INSERT"]))
    return given_or_taken(draw, f"{privilege} ({columns}) ON {draw(st.sampled_from(TABLES))}")


@st.composite
def whole_schemas(draw: st.DrawFn) -> str:
    """Grant or revoke on all objects of a schema."""
    word = draw(st.sampled_from(sorted(WHOLE)))
    return given_or_taken(draw, f"{draw(some(WHOLE[word]))} ON ALL {word} IN SCHEMA {draw(st.sampled_from(SCHEMAS))}")


@st.composite
def default_privileges(draw: st.DrawFn) -> str:
    """Grant or revoke what a creator's later objects will have."""
    word = draw(st.sampled_from(sorted(DEFAULTS)))
    where = "" if word == "SCHEMAS" or draw(st.booleans()) else f" IN SCHEMA {draw(st.sampled_from(SCHEMAS))}"
    what = given_or_taken(draw, f"{draw(some(DEFAULTS[word]))} ON {word}")
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {draw(roles)}{where} {what}"


@st.composite
def memberships(draw: st.DrawFn) -> str:
    """Make somebody a member; servers before 16 take the first of the options only."""
    plain = st.sampled_from(["", " WITH ADMIN OPTION", " WITH INHERIT FALSE", " WITH SET FALSE, INHERIT TRUE"])
    return f"GRANT {draw(roles)} TO {draw(roles)}{draw(plain)}"


@st.composite
def attributes(draw: st.DrawFn) -> str:
    """Change what a role is."""
    words = [*ATTRIBUTES, "CONNECTION LIMIT 3", "VALID UNTIL '2040-02-03 04:05:06'"]
    settings = [f"SET {text}" for text in SETTINGS] + [f"IN DATABASE {DATABASE} SET {text}" for text in SETTINGS]
    return f"ALTER ROLE {draw(roles)} {draw(st.sampled_from([*words, *settings]))}"


@st.composite
def owners(draw: st.DrawFn) -> str:
    """Give something to somebody else."""
    word = draw(st.sampled_from(sorted(OWNED)))
    return f"ALTER {word} {draw(st.sampled_from(OWNED[word]))} OWNER TO {draw(roles)}"


kinds = st.one_of(
    privileges(),
    privileges(),
    column_privileges(),
    whole_schemas(),
    default_privileges(),
    memberships(),
    attributes(),
    owners(),
)
histories = st.lists(st.tuples(actor, kinds), min_size=5, max_size=40)


def lived_through(server: servers.Server, history: list[tuple[str | None, str]]) -> None:
    """Make the roles and the database, and run the statements; those that the server refuses have no effect."""
    with closing(servers.connect(server)) as connection, connection.cursor() as cursor:
        for name in ROLES:
            cursor.execute(f"CREATE ROLE {ident(name)}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    with closing(servers.connect(server, DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute(INSIDE)
        for who, statement in history:
            cursor.execute("RESET ROLE" if who is None else f"SET ROLE {ident(who)}")
            with suppress(psycopg2.Error):
                cursor.execute(statement)
