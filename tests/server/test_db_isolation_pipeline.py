"""The promises of the pipeline, kept by pg_db_isolation: foresight, truth, undo, kills, races, standbys, odd names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import connection as connections

from testbed.servers import Server
from tests.server.isolation import (
    PASSWORD,
    SYSTEM,
    call,
    converges,
    database_acl,
    failure,
    logins,
    plans,
    psql,
    sql,
    tidied,
)

ODD = ['we"ird; DROP ROLE x --', "line\nbreak", "a=b c", "ünïcödé", "100%s %(x)s", "O'Brien \\ $1", "host=nowhere"]
RULES = ["GRANT USAGE ON SCHEMAS TO readers"]
OPTIONS = {**SYSTEM, "schema_privileges": RULES, "revoke_create": True}
ITEM = {"name": "shop", "owner": "own", "revokeconn": True, "revoketemp": True, "connect": ["ann"], "schemas": ["app"]}


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with system users, an owner, and others."""
    with tidied(server):
        logins(server, "replicator", "dbuser_monitor", "dbuser_dba", "own", "ann", "bob")
        sql(server, "CREATE ROLE dbrole_admin;\nCREATE ROLE readers")
        yield server


def facts(server: Server, *databases: str) -> list[Any]:
    """Give all that an undo leads back to, by what it means: a missing ACL is its default."""
    acl = """
        SELECT {name}::text, {owner}::regrole::text, ARRAY(
            SELECT a::text FROM unnest(coalesce({acl}, acldefault('{kind}', {owner}))) a ORDER BY 1)
        FROM {catalog} WHERE {where} ORDER BY 1"""
    shop = acl.format(name="datname", owner="datdba", acl="datacl", kind="d", catalog="pg_database", where="true")
    app = acl.format(
        name="nspname", owner="nspowner", acl="nspacl", kind="n", catalog="pg_namespace", where="nspname !~ '^pg_'"
    )
    more = "SELECT datname, datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1"
    settings = "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2"
    return [
        sql(server, shop),
        sql(server, more),
        sql(server, settings),
        *(sql(server, app, name) for name in databases),
    ]


def test_what_the_plan_says_is_what_is_read_back(model: Server) -> None:
    sql(model, "CREATE DATABASE office OWNER bob;\nGRANT CREATE ON DATABASE office TO own")
    items = [{**ITEM, "encoding": "utf-8", "extensions": [{"name": "hstore", "schema": "ext"}], "comment": "c"}]
    items += [
        {"name": "office", "owner": "own", "grants": [], "parameters": {"work_mem": "1MB"}, "schemas": ["public"]}
    ]
    foreseen = plans(model, *items, mode="exact", **OPTIONS)
    call(model, *items, mode="exact", **OPTIONS)
    again = plans(model, *items, mode="exact", **OPTIONS)
    assert not again.anything()
    assert again.cluster.before == foreseen.cluster.after
    assert [plan.before for plan in again.insides] == [plan.after for plan in foreseen.insides]


def test_undo_leads_back_to_the_former_facts(model: Server, tmp_path: Path) -> None:
    sql(model, "CREATE DATABASE shop OWNER bob;\nALTER DATABASE shop SET work_mem = '3MB'")
    sql(model, "GRANT CONNECT ON DATABASE shop TO own WITH GRANT OPTION;\nCOMMENT ON DATABASE shop IS 'old'")
    sql(model, "GRANT CONNECT ON DATABASE shop TO ann WITH GRANT OPTION", "shop", user="own", password=PASSWORD)
    sql(model, "GRANT CONNECT ON DATABASE shop TO dbuser_dba", "shop", user="ann", password=PASSWORD)
    sql(model, "CREATE SCHEMA app AUTHORIZATION ann;\nGRANT USAGE ON SCHEMA app TO bob;\nCREATE SCHEMA old", "shop")
    before = facts(model, "shop")
    item = {"name": "shop", "owner": "replicator", "revokeconn": True, "connect": [], "connlimit": 4, "comment": "new"}
    item |= {
        "parameters": {"work_mem": None, "enable_sort": False},
        "schemas": [{"name": "app", "owner": "bob"}, "old"],
    }
    result = converges(model, item, mode="exact", **OPTIONS)
    assert facts(model, "shop") != before
    psql(model, result["undo_sql"], tmp_path)
    assert facts(model, "shop") == before


def test_what_was_created_is_named_and_not_undone(model: Server, tmp_path: Path) -> None:
    call(model, {"name": "office", "owner": "own"})
    items = [ITEM, {"name": "office", "schemas": ["app"], "extensions": [{"name": "hstore", "schema": "ext"}]}]
    result = call(model, *items, **OPTIONS)
    notes = [line for line in result["undo_sql"] if line.startswith("--")]
    assert sorted(notes) == [
        "-- database shop was created; it is not dropped",
        "-- extension hstore was created; it is not dropped",
        "-- schema app was created; it is not dropped",
        "-- schema ext was created; it is not dropped",
    ]
    psql(model, result["undo_sql"], tmp_path)


def test_sql_is_a_script_that_does_the_same(model: Server, tmp_path: Path) -> None:
    items = [{**ITEM, "name": name, "comment": name} for name in ("shop", *ODD)]
    psql(model, call(model, *items, check=True, **OPTIONS)["sql"], tmp_path)
    assert not call(model, *items, **OPTIONS)["changed"]


def test_odd_names_are_only_names(model: Server) -> None:
    role = ODD[0]
    for name in ODD:
        sql(model, 'CREATE ROLE "{}" LOGIN'.format(name.replace('"', '""')))
    items = [
        {"name": name, "owner": name, "revokeconn": True, "connect": ODD, "schemas": [{"name": name, "owner": role}]}
        for name in ODD
    ]
    rules = [{"privs": ["USAGE"], "on": "SCHEMAS", "to": ODD}]
    converges(model, *items, schema_privileges=rules, mode="exact", admin_user=role, revoke_create=True)
    for name in ODD:
        assert sql(model, "SELECT nspname::text FROM pg_namespace WHERE nspname = %s", name, name) == [(name,)]


def test_an_empty_cluster_can_be_checked_with_what_is_assumed(model: Server) -> None:
    item = {"name": "shop", "owner": "new_owner", "revokeconn": True, "connect": ["new_group"]}
    assume = {"roles": [{"name": "new_owner"}, {"name": "new_group"}], "databases": [{"name": "shop"}]}
    foreseen = call(model, item, check=True, assume=assume, **OPTIONS)
    assert foreseen["warnings"] == []
    assert "no such role: new_gruop" in failure(model, {**item, "connect": ["new_gruop"]}, check=True, assume=assume)
    assert "no such role" in failure(model, item, check=True, assume={})
    (warning,) = call(model, item, check=True)["warnings"]
    assert "role new_group, new_owner" in warning
    assert "no such role: new_group, new_owner" in failure(model, item, assume=assume)
    sql(model, "CREATE ROLE new_owner;\nCREATE ROLE new_group")
    assert call(model, item, **OPTIONS)["changes"] == foreseen["changes"]


def test_the_diff_shows_exactly_what_changes(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own"})
    *parts, script = call(model, {"name": "shop", "revokeconn": True, "schemas": ["app"]})["diff"]
    inside, cluster = parts
    assert (inside["before_header"], inside["after"].splitlines()[-1]) == (
        "database shop",
        "schema app: owner own",
    )
    assert cluster["before"].splitlines() == [
        "database shop: CONNECT to PUBLIC, granted by own",
        "database shop: CONNECT to own, granted by own",
    ]
    assert cluster["after"].splitlines() == ["database shop: CONNECT to own with grant option, granted by own"]
    assert "REVOKE CONNECT ON DATABASE" in script["prepared"]


def test_statements_of_a_run_without_changes_do_not_grow_with_the_lists(
    model: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    close = connections.Connection.close
    monkeypatch.setattr(connections.Connection, "close", lambda self: (counts.append(self.statements), close(self))[1])

    def statements(*items: Any) -> int:
        call(model, *items, **SYSTEM)
        counts.clear()
        assert not call(model, *items, **SYSTEM)["changed"]
        return sum(counts)

    many = [{"name": f"d{n}", "owner": "own", "revokeconn": True, "connect": ["ann"]} for n in range(8)]
    assert statements(many[0]) == statements(*many) < 12
    few, lots = ({"name": "d0", "schemas": [f"s{n}" for n in range(count)]} for count in (1, 30))
    assert statements(few) == statements(lots) < 20


def test_nothing_of_a_run_reaches_other_databases(model: Server) -> None:
    before = [database_acl(model, name) for name in ("postgres", "template1")]
    call(model, ITEM, mode="exact", **OPTIONS)
    assert [database_acl(model, name) for name in ("postgres", "template1")] == before
