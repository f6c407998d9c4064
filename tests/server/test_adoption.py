"""Adoption: the declaration of a live cluster, planned in exact mode against the same cluster, is an empty plan."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from testbed import servers
from testbed.servers import Server
from tests.server import adoption, random_access
from tests.server.access_model import provisioned
from tests.server.isolation import sql, tidied
from tests.server.odd_cluster import odd

COURSE = """
CREATE USER dq;
CREATE USER new_user WITH CREATEDB PASSWORD 'abcd1234';
CREATE USER data_viewer WITH SUPERUSER PASSWORD 'secret78';
CREATE TABLE users (id int, email text, name text, address text);
REVOKE ALL ON users FROM data_viewer;
GRANT SELECT ON users TO data_viewer;
ALTER USER data_viewer NOSUPERUSER;
CREATE GROUP readonly NOLOGIN;
REVOKE ALL ON users FROM readonly;
GRANT SELECT ON users TO readonly;
GRANT readonly TO data_viewer;
CREATE GROUP readwrite NOLOGIN;
REVOKE ALL ON users FROM readwrite;
GRANT SELECT, INSERT, DELETE ON users TO readwrite;
ALTER USER dq CREATEDB;
CREATE DATABASE my_database OWNER postgres;
ALTER USER dq NOCREATEDB
"""
COURSE_INSIDE = """
REVOKE ALL ON DATABASE my_database FROM public;
REVOKE CONNECT ON DATABASE my_database FROM readonly;
CREATE SCHEMA my_schema
"""


def round_trip(server: Server) -> adoption.Variables:
    """Adopt twice, plan nothing, and give the variables."""
    variables = adoption.adopted(server)
    assert adoption.adopted(server) == variables
    assert adoption.planned(server, variables) == []
    return variables


def test_a_new_cluster(server: Server) -> None:
    round_trip(server)


def test_everything_odd(cluster: Server, pg_version: int) -> None:
    odd(cluster, pg_version)
    variables = round_trip(cluster)
    rules = [str(rule) for rule in variables["pgsql_access_object_privileges"]]
    assert [rule for rule in rules if "GRANT SELECT ON ALL TABLES IN SCHEMA app TO analyst" in rule]


def test_the_course(cluster: Server) -> None:
    sql(cluster, COURSE)
    sql(cluster, COURSE_INSIDE, "my_database")
    variables = round_trip(cluster)
    rules = [rule for rule in variables["pgsql_access_object_privileges"] if "users" in rule["rule"]]
    assert rules == [
        {"rule": "GRANT SELECT, INSERT, DELETE ON TABLE public.users TO readwrite", "databases": ["postgres"]},
        {"rule": "GRANT SELECT ON TABLE public.users TO data_viewer, readonly", "databases": ["postgres"]},
    ]


def test_a_cluster_provisioned_by_scripts(cluster: Server) -> None:
    provisioned(cluster)
    round_trip(cluster)


@settings(
    max_examples=200 if os.environ.get("HYPOTHESIS_PROFILE") == "wide" else 12,
    derandomize="CI" in os.environ or os.environ.get("HYPOTHESIS_PROFILE") == "steady",
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(history=random_access.histories)
def test_whatever_happened_to_a_cluster(server: Server, history: list[tuple[str | None, str]]) -> None:
    with tidied(server):
        random_access.lived_through(server, history)
        round_trip(server)


BREAKS = {
    "role attribute": ("ALTER ROLE dq CREATEROLE", "alter role dq: NOCREATEROLE"),
    "login": ("ALTER ROLE readonly LOGIN", "alter role readonly: NOLOGIN"),
    "connection limit": ("ALTER ROLE dq CONNECTION LIMIT 3", "alter role dq: CONNECTION LIMIT -1"),
    "expiry": ("ALTER ROLE dq VALID UNTIL '2040-01-01'", "alter role dq: VALID UNTIL 'infinity'"),
    "membership": ("GRANT readwrite TO dq", "revoke readwrite from dq"),
    "membership gone": ("REVOKE readonly FROM data_viewer", "grant readonly to data_viewer"),
    "admin option": ("GRANT readonly TO data_viewer WITH ADMIN OPTION", "change readonly of data_viewer"),
    "setting": ("ALTER ROLE dq SET work_mem TO '5MB'", "reset work_mem for role dq"),
    "setting in a database": (
        "ALTER ROLE dq IN DATABASE my_database SET work_mem TO '5MB'",
        "reset work_mem for role dq in database my_database",
    ),
    "database owner": ("ALTER DATABASE my_database OWNER TO dq", "give database my_database to postgres"),
    "database limit": ("ALTER DATABASE my_database CONNECTION LIMIT 3", "database my_database: connection limit -1"),
    "database setting": ("ALTER DATABASE my_database SET work_mem TO '5MB'", "reset work_mem for database my_database"),
    "database privilege": ("GRANT CONNECT ON DATABASE my_database TO PUBLIC", "revoke CONNECT on database my_database"),
    "database grant": ("GRANT CREATE ON DATABASE my_database TO dq", "revoke CREATE on database my_database"),
    "table": ("GRANT UPDATE ON users TO readonly", "revoke UPDATE on table public.users from readonly"),
    "table gone": ("REVOKE SELECT ON users FROM readonly", "grant SELECT on table public.users to readonly"),
    "grant option": ("GRANT SELECT ON users TO readonly WITH GRANT OPTION", "revoke grant option for SELECT"),
    "column": ("GRANT UPDATE (email) ON users TO readonly", "revoke UPDATE"),
    "public": ("GRANT SELECT ON users TO PUBLIC", "revoke SELECT on table public.users from PUBLIC"),
    "schema": ("GRANT CREATE ON SCHEMA public TO dq", "revoke CREATE on schema public from dq"),
    "language": ("GRANT USAGE ON LANGUAGE sql TO dq", "revoke USAGE on language sql from dq"),
    "tablespace": ("GRANT CREATE ON TABLESPACE pg_default TO dq", "revoke CREATE on tablespace pg_default from dq"),
    "default privilege": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE dq GRANT SELECT ON TABLES TO readonly",
        "revoke SELECT on future tables of dq from readonly",
    ),
    "default privilege of PUBLIC": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO PUBLIC",
        "revoke SELECT on future tables of postgres from PUBLIC",
    ),
}


@pytest.fixture(scope="module")
def course(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server after the course's statements."""
    running = servers.start(pg_version, tmp_path_factory.mktemp("course"))
    sql(running, COURSE)
    sql(running, COURSE_INSIDE, "my_database")
    yield running
    servers.stop(running)


@pytest.mark.parametrize("kind", BREAKS)
def test_a_change_after_the_adoption_is_named_and_put_back(course: Server, kind: str) -> None:
    variables = adoption.adopted(course)
    statement, expected = BREAKS[kind]
    sql(course, statement)
    found = adoption.planned(course, variables)
    adoption.applied(course, variables)
    assert [text for text in found if text.startswith(expected)] == found, found
    assert found
    assert adoption.planned(course, variables) == []
    assert adoption.adopted(course) == variables


# As if nobody had ever granted or revoked anything: members of extensions have what their scripts gave them.
WIPE = """
SET allow_system_table_mods TO on;
UPDATE pg_class c SET relacl = (SELECT initprivs FROM pg_init_privs WHERE objoid = c.oid AND classoid = c.tableoid)
WHERE oid >= 16384;
UPDATE pg_proc p SET proacl = (SELECT initprivs FROM pg_init_privs WHERE objoid = p.oid AND classoid = p.tableoid)
WHERE oid >= 16384;
UPDATE pg_attribute SET attacl = NULL WHERE attrelid >= 16384;
UPDATE pg_type SET typacl = NULL WHERE oid >= 16384 AND typtype NOT IN ('c', 'm');
UPDATE pg_namespace SET nspacl = NULL WHERE oid >= 16384;
UPDATE pg_foreign_server SET srvacl = NULL;
UPDATE pg_foreign_data_wrapper SET fdwacl = NULL;
UPDATE pg_largeobject_metadata SET lomacl = NULL;
DELETE FROM pg_default_acl
"""


def who_may(server: Server, database: str) -> set[tuple[object, ...]]:
    """Give who may do what, whoever granted it, but for owners and for what PUBLIC has by itself."""
    result = adoption.facts(server, gather=["privileges", "default_privileges"], databases=[database], system=True)
    rights: dict[tuple[object, ...], bool] = {}
    for row in result["privileges"]:
        if row["grantee"] not in (row["owner"], "PUBLIC") or row["object_class"] in ("TABLE", "SEQUENCE", "SCHEMA"):
            what = tuple(row[key] for key in ("object_class", "schema", "object", "column", "grantee", "privilege"))
            rights[what] = rights.get(what, False) or row["grantable"]
    return {(*what, option) for what, option in rights.items() if option is not None}


@pytest.mark.parametrize("make", ["odd", "provisioned"])
def test_what_is_wiped_out_comes_back(cluster: Server, pg_version: int, make: str) -> None:
    odd(cluster, pg_version) if make == "odd" else provisioned(cluster)
    variables, before = adoption.adopted(cluster), who_may(cluster, "shop")
    before -= {entry for entry in before if entry[4] in ("app_owner", "dbuser_shop")}
    sql(cluster, WIPE, "shop")
    assert len(before - who_may(cluster, "shop")) > 20
    adoption.applied(cluster, variables)
    after = who_may(cluster, "shop")
    assert before - after == set()
    assert adoption.planned(cluster, variables) == []
    assert adoption.adopted(cluster)["pgsql_access_object_privileges"] == variables["pgsql_access_object_privileges"]
    assert adoption.adopted(cluster)["pg_default_privileges"] == variables["pg_default_privileges"]
