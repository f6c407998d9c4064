"""What additive leaves, report tells and exact takes; what is declared absent; databases without an item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import (
    PASSWORD,
    READ_ONLY,
    attempt,
    call,
    converges,
    database_acl,
    enters,
    failure,
    logins,
    names,
    psql,
    schema_acl,
    sql,
    tidied,
)

RULES = ["GRANT USAGE ON SCHEMAS TO ann"]
SHOP: dict[str, Any] = {
    "name": "shop",
    "revokeconn": True,
    "revoketemp": True,
    "grants": [{"role": "ann", "privs": ["CONNECT"]}],
    "parameters": {"work_mem": "8MB"},
    "schemas": ["app"],
}
STRAYS = [
    "revoke CREATE on database shop from eve",
    "revoke TEMPORARY on database shop from ann granted by eve",
    "revoke grant option for CONNECT on database shop from ann",
    "revoke USAGE on schema app from bob",
]
NO_CONNECT = {"role": "PUBLIC", "privs": ["CONNECT"], "state": "absent"}


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with a database, its owner, and others."""
    with tidied(server):
        logins(server, "own", "ann", "bob", "eve")
        sql(server, "CREATE DATABASE shop OWNER own")
        yield server


@pytest.fixture
def strayed(model: Server) -> Server:
    """The server with the database as declared, and then changed by hand."""
    call(model, SHOP, schema_privileges=RULES)
    sql(model, "GRANT TEMP, CREATE ON DATABASE shop TO eve WITH GRANT OPTION")
    sql(model, "GRANT CONNECT ON DATABASE shop TO ann WITH GRANT OPTION")
    sql(model, "GRANT TEMP ON DATABASE shop TO ann", user="eve", password=PASSWORD, host="127.0.0.1")
    sql(model, "GRANT USAGE ON SCHEMA app TO bob", "shop")
    sql(model, "ALTER DATABASE shop SET statement_timeout = '1min'")
    return model


def summaries(changes: list[dict[str, Any]]) -> list[str]:
    return [change["summary"] for change in changes]


def test_report_tells_what_exact_takes_and_leaves_it(strayed: Server, tmp_path: Path) -> None:
    before = database_acl(strayed, "shop"), schema_acl(strayed, "shop", "app")
    told = call(strayed, SHOP, mode="report", schema_privileges=RULES, **READ_ONLY)
    assert (told["changed"], told["destructive"]) == (False, False)
    assert set(STRAYS) - {STRAYS[1]} < set(summaries(told["drift"]))
    assert (database_acl(strayed, "shop"), schema_acl(strayed, "shop", "app")) == before
    assert told["diff"][-1]["prepared"].startswith("-- drift")
    assert any("undeclared, and left as it is" in warning for warning in told["warnings"])
    result = converges(strayed, SHOP, mode="exact", schema_privileges=RULES)
    assert result["destructive"]
    key = ("database", "summary")
    assert sorted(str([c[k] for k in key]) for c in result["changes"]) == sorted(
        str([c[k] for k in key]) for c in told["drift"]
    )
    clean = call(strayed, SHOP, mode="report", schema_privileges=RULES)
    assert (clean["drift"], clean["drift_sql"], clean["diff"], clean["warnings"]) == ([], [], [], [])


def test_what_report_tells_psql_can_do(strayed: Server, tmp_path: Path) -> None:
    told = call(strayed, SHOP, mode="report", schema_privileges=RULES)
    psql(strayed, told["drift_sql"], tmp_path)
    assert not call(strayed, SHOP, mode="exact", schema_privileges=RULES)["changed"]


def test_report_makes_what_is_declared(model: Server) -> None:
    result = converges(model, SHOP, mode="report", schema_privileges=RULES)
    assert result["drift"] == []
    assert [enters(model, user, "shop") for user in ("ann", "bob")] == [True, False]


def test_report_tells_drift_to_who_could_not_take_it(strayed: Server) -> None:
    login = modules.login(strayed, "bob", PASSWORD)
    sql(strayed, "GRANT CONNECT ON DATABASE shop TO bob")
    told = call(strayed, SHOP, mode="report", schema_privileges=RULES, **login)
    assert not told["changed"]
    by_owner = {f"{text} granted by own" for text in (STRAYS[0], STRAYS[2], STRAYS[3])}
    assert by_owner | {STRAYS[1], "reset statement_timeout for database shop"} <= set(summaries(told["drift"]))


@pytest.mark.parametrize("mode", ["additive", "report", "exact"])
@pytest.mark.parametrize("schemas_mode", ["additive", "report", "exact"])
def test_schemas_have_a_mode_of_their_own(strayed: Server, mode: str, schemas_mode: str) -> None:
    options = {"mode": mode, "schemas_mode": schemas_mode, "schema_privileges": RULES}
    result = call(strayed, SHOP, **options)
    found = {"exact": result["changes"], "report": result["drift"], "additive": []}
    assert (STRAYS[0] in summaries(found[mode])) is (mode != "additive")
    assert (STRAYS[3] in summaries(found[schemas_mode])) is (schemas_mode != "additive")
    assert len(result["changes"]) == {"exact": 5, "report": 0, "additive": 0}[mode] + (schemas_mode == "exact")
    assert not call(strayed, SHOP, **options)["changed"]


def test_public_has_the_mode_of_schemas(model: Server) -> None:
    item = {"name": "shop", "revoke_create": True}
    call(model, item)
    sql(model, "GRANT CREATE ON SCHEMA public TO eve", "shop")
    sql(model, "GRANT CREATE ON DATABASE shop TO eve")
    told = call(model, item, mode="exact", schemas_mode="report")
    assert summaries(told["changes"]) == ["revoke CREATE on database shop from eve"]
    assert summaries(told["drift"]) == ["revoke CREATE on schema public from eve"]
    converges(model, item, schemas_mode="exact")
    assert "permission denied" in attempt(model, "eve", "shop", "CREATE TABLE public.t (n int)")


def test_the_scope_says_what_exact_can_reach(model: Server) -> None:
    office = {"name": "office", "revoke_create": True, "schemas": ["a", {"name": "b", "state": "absent"}]}
    scope = call(model, SHOP, office, check=True, mode="exact", schema_privileges=RULES, public_schema_in=["template1"])
    nothing = {"privileges": [], "parameters": False}
    assert scope["scope"] == {
        "mode": "exact",
        "schemas_mode": "exact",
        "databases": [
            {"name": "office", "privileges": ["CREATE"], "parameters": False, "schemas": ["a", "public"]},
            {
                "name": "shop",
                "privileges": ["CONNECT", "CREATE", "TEMPORARY"],
                "parameters": True,
                "schemas": ["app"],
            },
            {"name": "template1", **nothing, "schemas": ["public"]},
        ],
    }


def test_an_absent_grant_closes_a_database_without_the_rest_of_revokeconn(model: Server, tmp_path: Path) -> None:
    before = database_acl(model, "shop")
    result = converges(model, {"name": "shop", "grants": [NO_CONNECT]})
    assert (summaries(result["changes"]), result["destructive"]) == (
        ["revoke CONNECT on database shop from PUBLIC"],
        True,
    )
    assert database_acl(model, "shop") == {"=T/own", "own=CTc/own"}
    assert [enters(model, user, "shop") for user in ("own", "ann")] == [True, False]
    sql(model, "GRANT CONNECT ON DATABASE shop TO PUBLIC")
    repaired = call(model, {"name": "shop", "grants": [NO_CONNECT]})
    psql(model, repaired["undo_sql"], tmp_path)
    assert enters(model, "ann", "shop")
    assert before == set() or before == database_acl(model, "shop")


def test_an_absent_grant_takes_every_grantors_entry_and_no_other_privilege(model: Server) -> None:
    sql(
        model,
        "GRANT CREATE, TEMP ON DATABASE shop TO eve WITH GRANT OPTION;\nGRANT CREATE, TEMP ON DATABASE shop TO bob",
    )
    sql(model, "GRANT CREATE ON DATABASE shop TO bob", user="eve", password=PASSWORD, host="127.0.0.1")
    assert {"bob=CT/own", "bob=C/eve"} <= database_acl(model, "shop")
    converges(model, {"name": "shop", "grants": [{"role": "bob", "privs": ["CREATE"], "state": "absent"}]})
    assert {entry for entry in database_acl(model, "shop") if entry.startswith("bob")} == {"bob=T/own"}
    assert "permission denied" in attempt(model, "bob", "shop", "CREATE SCHEMA of_bob")


def test_all_that_is_absent_spares_what_is_granted_and_terminate_ends_who_lost_connect(model: Server) -> None:
    sql(model, "GRANT ALL ON DATABASE shop TO bob")
    grants = [{"role": "bob", "privs": ["ALL"], "state": "absent"}, {"role": "bob", "privs": ["TEMP"]}, NO_CONNECT]
    converges(model, {"name": "shop", "grants": grants, "terminate": True})
    assert {"bob=T/own", "=T/own"} < database_acl(model, "shop")
    assert not enters(model, "bob", "shop")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"grants": [NO_CONNECT, {"role": "PUBLIC", "privs": ["CONNECT"]}]},
            "PUBLIC has CONNECT by one key, and by another one it is absent: keep one of them",
        ),
        ({"revokeconn": False, "grants": [NO_CONNECT]}, "PUBLIC has CONNECT by one key"),
        (
            {"connect": ["ann"], "grants": [{"role": "ann", "privs": ["CONNECT", "TEMP"], "state": "absent"}]},
            "ann has CONNECT by one key",
        ),
        ({"grants": [{"role": "own", "privs": ["TEMP"], "state": "absent"}]}, "own owns it, and an owner's own"),
        ({"grants": [{"role": "nobody_there", "privs": ["TEMP"], "state": "absent"}]}, "no such role: nobody_there"),
        ({"grants": [{**NO_CONNECT, "grant_option": False}]}, "leave grant_option out"),
    ],
)
def test_a_privilege_that_is_granted_and_absent_is_an_error(model: Server, keys: dict[str, Any], said: str) -> None:
    before = database_acl(model, "shop")
    assert said in failure(model, {"name": "shop", **keys})
    assert database_acl(model, "shop") == before


@pytest.mark.parametrize("mode", ["additive", "report", "exact"])
def test_databases_without_an_item_are_told_in_every_mode_and_left(model: Server, mode: str) -> None:
    sql(model, "CREATE DATABASE mystery;\nCREATE DATABASE office")
    items = ["shop", {"name": "gone", "state": "absent"}, "office"]
    assert call(model, *items, mode=mode)["drift"] == []
    result = call(model, *items, mode=mode, unlisted_databases="report", **READ_ONLY)
    assert not result["changed"]
    assert [(drift["object"], drift["summary"]) for drift in result["drift"]] == [
        ("mystery", "database mystery is declared by no item")
    ]
    assert result["drift_sql"] == ["-- database mystery is declared by no item: declare it, or drop it"]
    assert "mystery" in names(model)[0]
    maintenance = call(model, *items, login_db="mystery", unlisted_databases="report")
    assert maintenance["drift"] == []


def test_an_item_without_a_database_is_no_drift(model: Server) -> None:
    result = call(model, "shop", "new", check=True, unlisted_databases="report", mode="report")
    assert result["drift"] == []
    assert result["changed"]


def test_schema_rules_with_limits_are_an_error(model: Server) -> None:
    rules = [{"rule": RULES[0], "databases": ["shop"]}]
    assert "count for all declared schemas: leave the limits out" in failure(model, SHOP, schema_privileges=rules)
