"""Check mode tells what the apply does and writes nothing, on an empty cluster, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.defaults import CREATORS, ROLES, RULES, call, catalog, failure, lent, sql

READ_ONLY = {"connect_params": {"options": "-c default_transaction_read_only=on"}}
ROLE_NAMES = ["dbrole_readonly", "dbrole_offline", "dbrole_readwrite", "dbrole_admin", "dbuser_dba"]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A shared server with the model's roles."""
    yield from lent(server)


def assumed(*databases: dict[str, object], roles: list[str] | None = None) -> dict[str, object]:
    names = ROLE_NAMES if roles is None else roles
    return {"roles": [{"name": name} for name in names], "databases": list(databases)}


def test_check_mode_equals_the_apply_and_writes_nothing(model: Server) -> None:
    foreseen = call(model, check=True, databases="all", **READ_ONLY)
    assert catalog(model, "postgres", "template1") == {"postgres": [], "template1": []}
    done = call(model, databases="all")
    for key in ("changed", "changes", "sql", "undo_sql", "diff", "warnings"):
        assert foreseen[key] == done[key], key
    assert foreseen["diff"][-1]["prepared"].startswith("-- SQL\n\\connect ")


def test_a_run_with_nothing_to_do_succeeds_where_nothing_can_be_written(model: Server) -> None:
    call(model)
    again = call(model, **READ_ONLY)
    assert (again["changed"], again["sql"], again["diff"], again["changes"]) == (False, [], [], [])
    assert "read-only transaction" in failure(model, privileges=["GRANT ALL ON TYPES TO dbrole_admin"], **READ_ONLY)


def test_the_diff_shows_only_what_changes(model: Server) -> None:
    call(model, privileges=["GRANT SELECT ON TABLES TO dbrole_readonly, dbrole_offline"], creators=["postgres"])
    rules = ["GRANT INSERT ON TABLES TO dbrole_readonly"]
    diff = call(model, check=True, privileges=rules, creators=["postgres"])["diff"]
    assert diff[0]["before"] == "future tables of postgres: dbrole_readonly has SELECT\n"
    assert diff[0]["after"] == "future tables of postgres: dbrole_readonly has SELECT, INSERT\n"
    assert diff[0]["before_header"] == "database postgres"


def test_databases_that_cant_be_entered_are_refused_by_name_and_left_out_by_all(cluster: Server) -> None:
    for name in ("shut", "broken"):
        sql(cluster, f"CREATE DATABASE {name}")
    sql(cluster, "ALTER DATABASE shut ALLOW_CONNECTIONS false")
    sql(cluster, "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'")
    rules = ["GRANT SELECT ON TABLES TO PUBLIC"]
    message = failure(cluster, databases=["shut", "broken"], creators=["postgres"], privileges=rules)
    assert 'database shut allows no connections: run ALTER DATABASE "shut" ALLOW_CONNECTIONS true' in message
    assert "database broken is invalid, for a drop was interrupted: drop it" in message
    changes = call(cluster, databases="all", creators=["postgres"], privileges=rules)["changes"]
    assert {change["database"] for change in changes} == {"postgres", "template1"}


def test_an_empty_cluster_in_check_mode_is_planned_from_what_is_assumed(cluster: Server) -> None:
    shop = {"name": "shop", "owner": "dbuser_shop", "schemas": ["app"]}
    assume = assumed(shop, roles=[*ROLE_NAMES, "dbuser_shop"])
    rules = [*RULES, "IN SCHEMA app GRANT ALL ON TABLES TO dbrole_offline"]
    creators = [*CREATORS, {"database_owner": ["shop"]}]
    options = {"databases": ["shop"], "creators": creators, "privileges": rules}
    foreseen = call(cluster, check=True, assume=assume, **options, **READ_ONLY)
    assert foreseen["warnings"] == []
    sql(cluster, ROLES + "CREATE ROLE dbuser_shop")
    sql(cluster, "CREATE DATABASE shop OWNER dbuser_shop")
    sql(cluster, "CREATE SCHEMA app", "shop")
    done = call(cluster, **options)
    assert (done["sql"], done["changes"]) == (foreseen["sql"], foreseen["changes"])


def test_what_isnt_assumed_is_the_same_error_in_check_mode_and_in_the_apply(cluster: Server) -> None:
    assume = assumed(roles=ROLE_NAMES[1:])
    assert "no such grantee: dbrole_readonly;" in failure(cluster, check=True, assume=assume)
    message = failure(cluster, assume=assumed())
    assert "no such grantee: dbrole_admin, dbrole_offline, dbrole_readonly, dbrole_readwrite;" in message


def test_without_assume_every_missing_name_is_assumed_with_a_warning(cluster: Server) -> None:
    creators = ["dbrole_admin", {"database_owner": True}]
    foreseen = call(cluster, check=True, databases=["shop", "postgres"], creators=creators)
    listed = " ".join(foreseen["warnings"])
    assert "creator dbrole_admin" in listed
    assert "database shop" in listed
    assert "grantee dbrole_admin, dbrole_offline, dbrole_readonly, dbrole_readwrite" in listed
    assert {(change["database"], change["object"]) for change in foreseen["changes"]} == {
        (database, creator) for database in ("shop", "postgres") for creator in ("dbrole_admin", "postgres")
    }


@pytest.mark.parametrize("template", [None, "template1", "model_db", "template0", "made_from_model"])
def test_a_database_to_come_starts_with_what_its_template_has(cluster: Server, template: str | None) -> None:
    sql(cluster, ROLES)
    sql(cluster, "CREATE DATABASE model_db TEMPLATE template0")
    alter = "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin GRANT"
    sql(cluster, f"{alter} SELECT ON TABLES TO dbrole_readonly", "template1")
    sql(cluster, f"{alter} SELECT ON TABLES TO dbrole_offline; CREATE SCHEMA app", "model_db")
    databases = [{"name": "shop", **({"template": template} if template else {})}]
    databases += [{"name": "made_from_model", "template": "model_db"}] if template == "made_from_model" else []
    options = {"databases": ["shop"], "creators": ["dbrole_admin"], "mode": "exact"}
    foreseen = call(cluster, check=True, assume={"databases": databases}, **options)
    for database in reversed(databases):
        sql(cluster, f"CREATE DATABASE {database['name']} TEMPLATE {database.get('template', 'template1')}")
    assert call(cluster, **options)["sql"] == foreseen["sql"]


def test_an_owner_that_changes_earlier_in_the_play_is_the_creator(cluster: Server) -> None:
    sql(cluster, ROLES)
    options = {"creators": [{"database_owner": True}], "privileges": ["GRANT SELECT ON TABLES TO dbrole_readonly"]}
    assume = assumed({"name": "postgres", "owner": "dbuser_next"}, roles=["dbuser_next"])
    foreseen = call(cluster, check=True, assume=assume, **options)
    assert [change["object"] for change in foreseen["changes"]] == ["dbuser_next"]
    assert call(cluster, assume=assume, **options)["changes"][0]["object"] == "postgres"


def test_databases_that_earlier_tasks_close_or_drop_are_left_out_as_by_the_apply(cluster: Server) -> None:
    sql(cluster, ROLES)
    for name in ("shut", "gone"):
        sql(cluster, f"CREATE DATABASE {name}")
    assume = assumed(
        {"name": "shut", "allowconn": False},
        {"name": "born_shut", "allowconn": False},
        {"name": "gone", "state": "absent"},
    )
    foreseen = call(cluster, check=True, databases="all", assume=assume)
    said = "no such database: gone"
    assert said in failure(cluster, check=True, databases=["gone"], assume=assume)
    sql(cluster, "DROP DATABASE gone")
    sql(cluster, "CREATE DATABASE born_shut")
    for name in ("shut", "born_shut"):
        sql(cluster, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    done = call(cluster, databases="all")
    assert {change["database"] for change in done["changes"]} == {"postgres", "template1"}
    assert foreseen["sql"] == done["sql"]


def test_what_is_closed_now_cannot_be_looked_into_whatever_is_assumed(cluster: Server) -> None:
    sql(cluster, ROLES)
    sql(cluster, "CREATE DATABASE shut")
    sql(cluster, "ALTER DATABASE shut ALLOW_CONNECTIONS false")
    foreseen = call(cluster, check=True, databases="all", assume=assumed({"name": "shut", "allowconn": True}))
    assert {change["database"] for change in foreseen["changes"]} == {"postgres", "template1"}
