"""Default privileges of everybody who can create something, and rules that are limited to creators and databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.servers import Server
from tests.server import modules
from tests.server.defaults import call, catalog, failure, plans, psql, sql
from tests.server.isolation import PASSWORD, READ_ONLY, attempt, logins, tidied

SELECT = "GRANT SELECT ON TABLES TO reader"
NO_EXECUTE = "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
MAKERS = ["by_database", "by_member", "by_row", "by_schema", "own", "postgres"]


@pytest.fixture
def shop(server: Server) -> Iterator[Server]:
    """A server with a database where roles can create in different ways, and one who can't."""
    with tidied(server):
        logins(server, "own", "by_schema", "by_database", "by_member", "by_row", "reader", "writer")
        sql(server, "CREATE DATABASE shop OWNER own")
        sql(
            server,
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA app; GRANT CREATE ON SCHEMA app TO by_schema;"
            "GRANT CREATE ON DATABASE shop TO by_database; GRANT by_schema TO by_member;"
            "ALTER DEFAULT PRIVILEGES FOR ROLE by_row GRANT UPDATE ON TABLES TO writer",
            "shop",
        )
        yield server


def run(server: Server, *rules: Any, check: bool = False, **params: Any) -> modules.Result:
    return call(server, check, **{"databases": ["shop"], "creators": "all", "privileges": [*rules], **params})


def creators_of(result: modules.Result) -> list[str]:
    return sorted({change["grantor"] for change in result["changes"]})


def test_all_creators_are_those_who_can_create_or_have_rows(shop: Server) -> None:
    foreseen = run(shop, SELECT, check=True)
    done = run(shop, SELECT)
    assert done["changes"] == foreseen["changes"]
    assert creators_of(done) == MAKERS
    assert done["scope"] == {"mode": "additive", "databases": ["shop"], "creators": "all", "grantees": "all"}
    assert not run(shop, SELECT, **READ_ONLY)["changed"]


def test_what_any_of_them_makes_can_be_read(shop: Server) -> None:
    run(shop, SELECT, "GRANT USAGE ON SCHEMAS TO reader")
    sql(shop, "GRANT USAGE ON SCHEMA app TO reader", "shop")
    for user in ("by_schema", "by_member", "own"):
        schema = "app" if user != "own" else "of_own"
        made = f"CREATE SCHEMA IF NOT EXISTS {schema}; " if user == "own" else ""
        assert attempt(shop, user, "shop", f"{made}CREATE TABLE {schema}.of_{user} (n int)") == "ok"
        assert attempt(shop, "reader", "shop", f"SELECT * FROM {schema}.of_{user}") == "ok"
        assert "permission denied" in attempt(shop, "reader", "shop", f"DELETE FROM {schema}.of_{user}")


def test_a_role_that_gets_create_later_is_covered_by_the_next_run(shop: Server) -> None:
    run(shop, SELECT)
    sql(shop, "GRANT CREATE ON SCHEMA app TO writer", "shop")
    assert creators_of(run(shop, SELECT)) == ["writer"]


def test_exact_covers_every_creator_and_predefined_roles_only_with_rows(shop: Server) -> None:
    sql(shop, "ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor GRANT UPDATE ON TABLES TO writer", "shop")
    before = catalog(shop, "shop")["shop"]
    assert [row[0] for row in before] == ["by_row", "pg_monitor"]
    assert not run(shop)["changed"]
    result = run(shop, mode="exact")
    assert (creators_of(result), result["destructive"]) == (["by_row", "pg_monitor"], True)
    assert catalog(shop, "shop")["shop"] == []


@pytest.mark.before(15)
def test_where_public_can_create_everybody_is_a_creator(shop: Server) -> None:
    sql(shop, "GRANT CREATE ON SCHEMA public TO PUBLIC", "shop")
    assert creators_of(run(shop, SELECT)) == sorted([*MAKERS, "writer"])


def test_a_creator_without_the_login_is_an_error_only_if_something_has_to_change_for_it(shop: Server) -> None:
    run(shop, SELECT)
    user = modules.login(shop, "own", PASSWORD)
    assert not run(shop, SELECT, **user)["changed"]
    said = failure(shop, databases=["shop"], creators="all", privileges=["GRANT INSERT ON TABLES TO reader"], **user)
    assert "own may not change the default privileges of by_database, by_member, by_row, by_schema, postgres" in said


def test_report_tells_what_exact_would_take_and_leaves_it(shop: Server) -> None:
    before = catalog(shop, "shop")
    result = run(shop, mode="report", **READ_ONLY)
    assert (result["changed"], result["destructive"]) == (False, False)
    assert [change["summary"] for change in result["drift"]] == ["revoke UPDATE on future tables of by_row from writer"]
    statement = 'ALTER DEFAULT PRIVILEGES FOR ROLE "by_row" REVOKE UPDATE ON TABLES FROM "writer";'
    assert result["drift_sql"] == ['\\connect "shop"', statement]
    assert catalog(shop, "shop") == before
    assert run(shop, mode="exact")["sql"] == result["drift_sql"]
    assert run(shop, mode="report")["drift"] == []


def test_report_does_what_is_declared_and_tells_the_rest_even_to_who_couldnt_take_it(shop: Server) -> None:
    user = modules.login(shop, "own", PASSWORD)
    result = run(shop, {"rule": SELECT, "creators": ["own"]}, mode="report", **user)
    assert creators_of(result) == ["own"]
    assert [change["grantor"] for change in result["drift"]] == ["by_row"]


def test_a_limited_rule_counts_only_for_its_creators_and_in_its_databases(shop: Server) -> None:
    sql(shop, "CREATE DATABASE other OWNER own")
    rules = [
        {"rule": "GRANT SELECT ON TABLES TO reader", "creators": ["own", "by_schema"]},
        {"privs": "INSERT", "on": "TABLES", "to": "writer", "databases": ["shop"]},
    ]
    params: dict[str, Any] = {"databases": ["shop", "other"], "creators": ["own", "by_schema", "by_database"]}
    done = run(shop, *rules, **params)
    assert sorted((c["database"], c["grantor"], c["privilege"]) for c in done["changes"]) == [
        ("other", "by_schema", "SELECT"),
        ("other", "own", "SELECT"),
        ("shop", "by_database", "INSERT"),
        ("shop", "by_schema", "INSERT"),
        ("shop", "by_schema", "SELECT"),
        ("shop", "own", "INSERT"),
        ("shop", "own", "SELECT"),
    ]
    assert not run(shop, *rules, **params, mode="exact")["changed"]
    sql(shop, "ALTER DEFAULT PRIVILEGES FOR ROLE own GRANT INSERT ON TABLES TO writer", "other")
    assert [change["database"] for change in run(shop, *rules, **params, mode="exact")["changes"]] == ["other"]


def test_a_limited_revoke_of_what_is_built_in_leaves_it_to_the_others(shop: Server, tmp_path: Path) -> None:
    rule = {"rule": NO_EXECUTE, "creators": ["by_schema"], "databases": ["shop"]}
    before = [plan.before for plan in plans(shop, databases=["shop"], creators="all", privileges=[rule]).insides]
    done = run(shop, rule)
    assert not run(shop, rule, **READ_ONLY)["changed"]
    sql(shop, "GRANT USAGE ON SCHEMA app TO reader; GRANT CREATE ON SCHEMA app TO own", "shop")
    for user, said in (("by_schema", "permission denied for function of_by_schema"), ("own", "ok")):
        body = f"CREATE FUNCTION app.of_{user}() RETURNS int LANGUAGE sql AS 'SELECT 1'"
        assert attempt(shop, user, "shop", body) == "ok"
        assert attempt(shop, "reader", "shop", f"SELECT app.of_{user}()") == said
    psql(shop, done["undo_sql"], tmp_path)
    after = [plan.before for plan in plans(shop, databases=["shop"], creators="all", privileges=[rule]).insides]
    assert after == before


def test_a_broken_limited_rule_is_repaired(shop: Server) -> None:
    rule = {"rule": NO_EXECUTE, "creators": ["by_schema"]}
    run(shop, rule)
    sql(shop, "ALTER DEFAULT PRIVILEGES FOR ROLE by_schema GRANT EXECUTE ON FUNCTIONS TO PUBLIC", "shop")
    assert creators_of(run(shop, rule)) == ["by_schema"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"rule": SELECT, "creators": ["nobody_there"]}], "no such creator: nobody_there"),
        ([{"rule": SELECT, "databases": ["not_there"]}], "no such database: not_there"),
        ([{"rule": SELECT, "databases": ["postgres"]}], "the call doesn't work on database postgres"),
        ([SELECT, {"rule": "REVOKE SELECT ON TABLES FROM reader", "creators": ["own"]}], "contradict each other"),
        ([SELECT, {"rule": "REVOKE SELECT ON TABLES FROM reader", "databases": ["shop"]}], "contradict each other"),
        ([{"rule": SELECT, "creators": []}], "rule 1.creators: is an empty list"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_an_error(shop: Server, rules: list[Any], said: str) -> None:
    before = catalog(shop, "shop")
    assert said in failure(shop, databases=["shop"], creators="all", privileges=rules)
    assert catalog(shop, "shop") == before


def test_a_creator_that_isnt_among_the_calls_is_an_error(shop: Server) -> None:
    rules = [{"rule": SELECT, "creators": ["by_schema"]}]
    said = failure(shop, databases=["shop"], creators=["own"], privileges=rules)
    assert "by_schema isn't among the creators there: name it in creators, too" in said


def test_check_mode_foretells_the_creators_of_a_database_that_isnt_there_yet(shop: Server) -> None:
    assume = {
        "roles": [{"name": "boss", "superuser": True}, {"name": "new_own"}],
        "databases": [{"name": "soon", "owner": "new_own", "template": "shop"}],
    }
    foreseen = run(shop, SELECT, check=True, assume=assume, databases=["soon"])
    sql(shop, "CREATE ROLE boss SUPERUSER;\nCREATE ROLE new_own")
    sql(shop, "CREATE DATABASE soon OWNER new_own TEMPLATE shop")
    assert run(shop, SELECT, databases=["soon"])["changes"] == foreseen["changes"]
    assert creators_of(foreseen) == ["boss", "by_member", "by_row", "by_schema", "new_own", "postgres"]


def test_check_mode_foretells_the_creators_of_a_database_from_template0(shop: Server, pg_version: int) -> None:
    assume = {
        "roles": [{"name": "new_own"}],
        "databases": [{"name": "soon", "owner": "new_own", "template": "template0"}],
    }
    foreseen = run(shop, SELECT, check=True, assume=assume, databases=["soon"])
    sql(shop, "CREATE ROLE new_own")
    sql(shop, "CREATE DATABASE soon OWNER new_own TEMPLATE template0")
    assert run(shop, SELECT, databases=["soon"])["changes"] == foreseen["changes"]
    assert (creators_of(foreseen) == ["new_own", "postgres"]) is (pg_version >= 15)
