"""What is inside of a database: schema public, declared schemas, extensions, and what a template foretells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.isolation import (
    PASSWORD,
    SYSTEM,
    attempt,
    call,
    converges,
    database_acl,
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


def test_revoke_create_closes_database_and_public_but_for_administrators_and_the_owner(model: Server) -> None:
    sql(model, "CREATE DATABASE shop OWNER own;\nGRANT CREATE ON DATABASE shop TO PUBLIC")
    sql(model, "GRANT CREATE ON SCHEMA public TO PUBLIC", "shop")
    assert attempt(model, "ann", "shop", TABLE.format("public.a")) == "ok"
    converges(model, {"name": "shop", "revoke_create": True}, admin_role="dbrole_admin")
    for user, said in (("ann", "permission denied for schema public"), ("dba", "ok"), ("own", "ok")):
        assert attempt(model, user, "shop", TABLE.format(f"public.of_{user}")) == said
    for user, said in (("ann", "permission denied for database shop"), ("dba", "ok"), ("own", "ok")):
        assert attempt(model, user, "shop", f"CREATE SCHEMA of_{user}") == said


def test_to_14_the_owner_gets_what_pg_database_owner_has_from_15(model: Server, pg_version: int) -> None:
    call(model, {"name": "shop", "owner": "own"}, revoke_create=True, admin_role="dbrole_admin")
    head = {"pg_database_owner=UC/pg_database_owner", "=U/pg_database_owner", "dbrole_admin=C/pg_database_owner"}
    old = {"postgres=UC/postgres", "=U/postgres", "dbrole_admin=C/postgres", "own=UC/postgres"}
    assert schema_acl(model, "shop", "public") == (head if pg_version >= 15 else old)
    assert "dbrole_admin=C/own" in database_acl(model, "shop")


def test_an_item_counts_more_than_the_modules_revoke_create(model: Server) -> None:
    call(model, {"name": "shop", "revoke_create": False}, "office", revoke_create=True, admin_role="dbrole_admin")
    assert database_acl(model, "shop") == set()
    assert "dbrole_admin=C/postgres" in database_acl(model, "office")


def test_exact_takes_other_create_entries_of_public_with_revoke_create(model: Server) -> None:
    item = {"name": "shop", "owner": "own", "revoke_create": True}
    call(model, item, **{**SYSTEM, "replication_user": "", "monitor_user": "", "admin_user": ""})
    sql(model, "GRANT CREATE ON SCHEMA public TO ann", "shop")
    assert not call(model, item, admin_role="dbrole_admin")["changed"]
    converges(model, item, admin_role="dbrole_admin", mode="exact")
    assert "permission denied" in attempt(model, "ann", "shop", TABLE.format("public.a"))
    assert attempt(model, "own", "shop", TABLE.format("public.b")) == "ok"


def test_a_new_schema_belongs_to_the_items_owner_or_the_databases(model: Server) -> None:
    schemas = ["app", {"name": "theirs", "owner": "other"}]
    converges(model, {"name": "shop", "owner": "own", "schemas": schemas})
    assert owners(model, "shop")["app"] == "own"
    assert owners(model, "shop")["theirs"] == "other"
    assert attempt(model, "own", "shop", TABLE.format("app.a")) == "ok"
    assert "permission denied" in attempt(model, "ann", "shop", TABLE.format("app.b"))


def test_an_existing_schema_keeps_its_owner_unless_one_is_declared(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own"})
    sql(model, "CREATE SCHEMA app;\nCREATE SCHEMA theirs;\nGRANT USAGE ON SCHEMA theirs TO ann", "shop")
    before = owners(model, "shop")
    assert not call(model, {"name": "shop", "schemas": ["app", "public", "theirs"]})["changed"]
    schemas = [{"name": "theirs", "owner": "other"}, {"name": "public", "owner": "own"}]
    converges(model, {"name": "shop", "schemas": ["app", *schemas]})
    assert owners(model, "shop") == {**before, "theirs": "other", "public": "own"}
    assert schema_acl(model, "shop", "theirs") == {"other=UC/other", "ann=U/other"}


def test_default_privileges_of_the_owner_are_foretold_in_a_new_schema(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own"})
    sql(model, "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT USAGE ON SCHEMAS TO ann", "shop")
    sql(model, "ALTER DEFAULT PRIVILEGES FOR ROLE other REVOKE ALL ON SCHEMAS FROM other", "shop")
    item = {"name": "shop", "schemas": ["app", {"name": "bare", "owner": "other"}]}
    converges(model, item, schema_privileges=RULES, mode="exact")
    assert schema_acl(model, "shop", "app") == {"own=UC/own", "readers=U/own", "dbrole_admin=C/own"}
    assert schema_acl(model, "shop", "bare") == {"readers=U/other", "dbrole_admin=C/other"}
    sql(model, "DROP SCHEMA app", "shop")
    converges(model, item, schema_privileges=["GRANT USAGE ON SCHEMAS TO ann"])
    assert schema_acl(model, "shop", "app") == {"own=UC/own", "ann=U/own"}


def test_rules_hold_on_declared_schemas_whoever_owns_them_and_exact_takes_the_rest(model: Server) -> None:
    schemas = ["app", {"name": "theirs", "owner": "other"}]
    item = {"name": "shop", "owner": "own", "schemas": schemas}
    call(model, item)
    sql(model, "CREATE SCHEMA undeclared;\nGRANT USAGE ON SCHEMA undeclared, app TO ann", "shop")
    converges(model, item, schema_privileges=RULES)
    assert schema_acl(model, "shop", "theirs") == {"other=UC/other", "readers=U/other", "dbrole_admin=C/other"}
    assert "ann=U/own" in schema_acl(model, "shop", "app")
    converges(model, item, schema_privileges=RULES, mode="exact")
    assert "ann=U/own" not in schema_acl(model, "shop", "app")
    assert "ann=U/postgres" in schema_acl(model, "shop", "undeclared")
    converges(model, item, schema_privileges=["REVOKE ALL ON SCHEMAS FROM readers"])
    assert schema_acl(model, "shop", "theirs") == {"other=UC/other", "dbrole_admin=C/other"}


def test_rules_about_other_classes_and_contradictions_are_errors(model: Server) -> None:
    item = {"name": "shop", "schemas": ["app"]}
    assert "isn't about SCHEMAS" in failure(model, item, schema_privileges=["GRANT SELECT ON TABLES TO ann"])
    both = ["GRANT USAGE ON SCHEMAS TO ann", "REVOKE USAGE ON SCHEMAS FROM ann"]
    assert "contradict each other" in failure(model, item, schema_privileges=both)


def test_a_schemas_grant_that_was_passed_on_goes_as_its_grantor(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own", "schemas": ["app"]})
    sql(model, "GRANT USAGE ON SCHEMA app TO ann WITH GRANT OPTION", "shop")
    sql(model, "GRANT USAGE ON SCHEMA app TO other", "shop", user="ann", password=PASSWORD)
    converges(model, {"name": "shop", "schemas": ["app"]}, schema_privileges=[], mode="exact")
    assert schema_acl(model, "shop", "app") == {"own=UC/own"}


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


def test_an_extension_that_is_there_otherwise_is_a_warning(model: Server) -> None:
    call(model, {"name": "shop", "extensions": ["hstore"]})
    result = call(model, {"name": "shop", "extensions": [{"name": "hstore", "schema": "ext", "version": "1.4"}]})
    assert not result["changed"]
    assert "not as declared; moving and updating isn't there yet" in result["warnings"][0]


@pytest.mark.before(16)
def test_an_extension_with_a_schema_of_its_own_goes_there(model: Server) -> None:
    converges(model, {"name": "shop", "template": "template0", "extensions": [{"name": "adminpack", "schema": "public"}]})
    assert extensions(model, "shop")["adminpack"][0] == "pg_catalog"


def test_what_comes_from_template0_is_foretold(model: Server) -> None:
    item = {"name": "shop", "owner": "own", "template": "template0", "schemas": ["app", "public"], "extensions": ["cube"]}
    result = converges(model, item, revoke_create=True, schema_privileges=RULES, mode="exact", admin_role="dbrole_admin")
    assert result["warnings"] == []


def test_what_comes_from_a_template_is_foretold(cluster: Server) -> None:
    logins(cluster, "own", "ann")
    sql(cluster, "CREATE ROLE readers;\nCREATE ROLE dbrole_admin")
    sql(cluster, "CREATE SCHEMA app;\nGRANT CREATE ON SCHEMA public TO PUBLIC, ann;\nCREATE EXTENSION cube", "template1")
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
    result = call(model, {"name": "shop", "template": "base", "schemas": ["app"]})
    assert "database shop needed other changes than its template let expect: CREATE SCHEMA" in result["warnings"][0]


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
