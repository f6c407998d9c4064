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
