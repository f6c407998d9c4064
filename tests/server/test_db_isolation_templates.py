"""Extensions, and what a template, or an assumed database, lets expect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.isolation import (
    attempt,
    call,
    converges,
    failure,
    logins,
    schema_acl,
    sql,
    tidied,
)

RULES = ["GRANT USAGE ON SCHEMAS TO readers", "GRANT CREATE ON SCHEMAS TO dbrole_admin"]
TABLE = "CREATE TABLE {} (n int)"


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with an owner, an administrators' role, and others."""
    with tidied(server):
        logins(server, "own", "other", "ann", "dba")
        sql(server, "CREATE ROLE dbrole_admin;\nCREATE ROLE readers;\nGRANT dbrole_admin TO dba")
        yield server


def owners(server: Server, dbname: str) -> dict[str, str]:
    """Give the schemas that aren't PostgreSQL's own, with their owners."""
    question = "SELECT nspname::text, nspowner::regrole::text FROM pg_namespace WHERE nspname !~ '^(pg_|information_)'"
    return dict(sql(server, question, dbname))


def test_default_privileges_of_the_owner_are_foretold_in_a_new_schema(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own"})
    sql(model, "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT USAGE ON SCHEMAS TO ann", "shop")
    sql(model, "ALTER DEFAULT PRIVILEGES FOR ROLE other REVOKE ALL ON SCHEMAS FROM other", "shop")
    item = {"name": "shop", "schemas": ["app", {"name": "bare", "owner": "other"}]}
    converges(model, item, schema_privileges=RULES, mode="exact")
    assert schema_acl(model, "shop", "app") == {"own=UC/own", "readers=U/own", "dbrole_admin=C/own"}
    assert schema_acl(model, "shop", "bare") == {"other=UC/other", "readers=U/other", "dbrole_admin=C/other"}
    sql(model, "DROP SCHEMA app", "shop")
    converges(model, item, schema_privileges=["GRANT USAGE ON SCHEMAS TO ann"])
    assert schema_acl(model, "shop", "app") == {"own=UC/own", "ann=U/own"}


def extensions(server: Server, dbname: str) -> dict[str, tuple[str, str]]:
    """Give the extensions with schema and version."""
    question = "SELECT extname::text, extnamespace::regnamespace::text, extversion FROM pg_extension"
    return {name: (schema, version) for name, schema, version in sql(server, question, dbname) if name != "plpgsql"}


def test_extensions_come_where_and_as_they_are_declared(model: Server) -> None:
    older = {"name": "pg_trgm", "version": "1.5"}
    listed = ["earthdistance", "cube", {"name": "hstore", "schema": "ext"}, older, "plpgsql"]
    result = converges(model, {"name": "shop", "owner": "own", "extensions": listed})
    found = extensions(model, "shop")
    assert found["hstore"][0] == "ext"
    assert owners(model, "shop")["ext"] == "postgres"
    assert found["pg_trgm"] == ("public", "1.5")
    created = [change["object"] for change in result["changes"] if change["action"] == "create extension"]
    assert created == ["cube", "hstore", "pg_trgm", "earthdistance"]


def test_an_extension_that_is_there_otherwise_is_updated_and_moved(model: Server) -> None:
    call(model, {"name": "shop", "extensions": [{"name": "hstore", "version": "1.4"}]})
    result = converges(model, {"name": "shop", "extensions": [{"name": "hstore", "schema": "ext", "version": "1.7"}]})
    assert [change["summary"] for change in result["changes"]] == [
        "create schema ext, owned by postgres",
        "update extension hstore from version 1.4 to 1.7",
        "move extension hstore from schema public to ext",
    ]
    assert extensions(model, "shop")["hstore"] == ("ext", "1.7")
    assert sql(model, "SELECT ext.hstore('a', 'b')::text", "shop") == [('"a"=>"b"',)]
    assert [line for line in result["undo_sql"] if line.startswith("--")] == [
        "-- extension hstore was updated from version 1.4 to 1.7; it is left so",
        "-- schema ext was created; it is not dropped",
    ]
    assert 'ALTER EXTENSION "hstore" SET SCHEMA "public";' in result["undo_sql"]


@pytest.mark.before(16)
def test_an_extension_with_a_schema_of_its_own_goes_there(model: Server) -> None:
    converges(
        model, {"name": "shop", "template": "template0", "extensions": [{"name": "adminpack", "schema": "public"}]}
    )
    assert extensions(model, "shop")["adminpack"][0] == "pg_catalog"


def test_what_comes_from_template0_is_foretold(model: Server) -> None:
    item = {
        "name": "shop",
        "owner": "own",
        "template": "template0",
        "schemas": ["app", "public"],
        "extensions": ["cube"],
    }
    result = converges(
        model, item, revoke_create=True, schema_privileges=RULES, mode="exact", admin_role="dbrole_admin"
    )
    assert result["warnings"] == []


def test_what_comes_from_a_template_is_foretold(cluster: Server) -> None:
    logins(cluster, "own", "ann")
    sql(cluster, "CREATE ROLE readers;\nCREATE ROLE dbrole_admin")
    sql(
        cluster, "CREATE SCHEMA app;\nGRANT CREATE ON SCHEMA public TO PUBLIC, ann;\nCREATE EXTENSION cube", "template1"
    )
    sql(cluster, "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT ALL ON SCHEMAS TO ann", "template1")
    item = {"name": "shop", "owner": "own", "schemas": ["app", "new", "public"], "extensions": ["cube"]}
    options = {"schema_privileges": RULES, "mode": "exact", "admin_role": "dbrole_admin", "revoke_create": True}
    result = converges(cluster, item, public_schema_in=["template1", "postgres"], **options)
    assert result["warnings"] == []
    assert owners(cluster, "shop")["app"] == "postgres"
    for name in ("template1", "postgres", "shop"):
        assert "permission denied" in attempt(cluster, "ann", name, TABLE.format("public.a"))


def test_a_database_that_differs_from_what_was_foretold_is_a_warning(model: Server) -> None:
    sql(model, "CREATE DATABASE base ALLOW_CONNECTIONS false")
    sql(model, "UPDATE pg_database SET datallowconn = true WHERE datname = 'base'")
    sql(model, "CREATE SCHEMA app", "base")
    sql(model, "UPDATE pg_database SET datallowconn = false WHERE datname = 'base'")
    result = call(model, {"name": "shop", "template": "base", "schemas": ["app", "new"]})
    assert 'shop needed other changes than its template let expect: CREATE SCHEMA "app"' in result["warnings"][0]


def test_public_schema_in_leaves_closed_databases_with_a_warning_and_refuses_template0(model: Server) -> None:
    sql(model, "CREATE DATABASE shut ALLOW_CONNECTIONS false")
    result = call(model, "postgres", public_schema_in=["shut"])
    assert result["warnings"] == ["database shut allows no connections: nothing inside of it is read or written"]
    assert "template0 has to stay as it is" in failure(model, "postgres", public_schema_in=["template0"])


def test_check_mode_foretells_what_an_assumed_database_will_need(model: Server) -> None:
    assume = {"roles": [{"name": "new"}], "databases": [{"name": "soon", "owner": "new", "template": "template0"}]}
    options = {"public_schema_in": ["soon"], "admin_role": "dbrole_admin"}
    foreseen = call(model, "postgres", check=True, assume=assume, **options)
    sql(model, "CREATE ROLE new;\nCREATE DATABASE soon OWNER new TEMPLATE template0")
    assert call(model, "postgres", **options)["changes"] == foreseen["changes"]
