"""What goes: databases, schemas and extensions that are declared absent, and what stands in their way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from testbed import servers
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import (
    PASSWORD,
    READ_ONLY,
    attempt,
    call,
    converges,
    failure,
    logins,
    names,
    psql,
    sql,
    tidied,
)

GONE = {"name": "old", "state": "absent"}


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with a database that is to go, its owner, and others."""
    with tidied(server):
        logins(server, "own", "ann", "bob")
        sql(server, "CREATE DATABASE old OWNER own")
        yield server


def summaries(result: modules.Result) -> list[str]:
    return [change["summary"] for change in result["changes"]]


def drop_app(**keys: Any) -> dict[str, Any]:
    return {"name": "old", "schemas": [{"name": "app", "state": "absent", **keys}]}


def drop_extension(name: str, **keys: Any) -> dict[str, Any]:
    return {"name": "old", "extensions": [{"name": name, "state": "absent", **keys}]}


def test_a_database_is_dropped_and_one_that_is_gone_is_ok(model: Server) -> None:
    foreseen = call(model, GONE, check=True)
    assert "old" in names(model)[0]
    result = converges(model, GONE)
    assert result["changes"] == foreseen["changes"]
    assert (result["sql"], summaries(result)) == (['DROP DATABASE "old";'], ["drop database old"])
    assert result["destructive"]
    assert [(change["destructive"], change["transactional"]) for change in result["changes"]] == [(True, False)]
    assert result["undo_sql"] == ["-- database old was dropped; it can't be undone"]
    assert "database old: owner own" in result["diff"][0]["before"]
    assert "old" not in names(model)[0]
    assert not call(model, GONE, **READ_ONLY)["changed"]


def test_what_else_an_absent_item_declares_doesnt_matter(model: Server) -> None:
    item = {**GONE, "owner": "nobody_there", "extensions": ["no_such"], "revokeconn": True, "deny_connect": ["no_one"]}
    assert summaries(call(model, item, revoke_create=True)) == ["drop database old"]
    assert not call(model, {**item, "schemas": ["app"]})["changed"]


def test_databases_go_and_come_in_one_call(model: Server) -> None:
    items = [GONE, {"name": "new", "owner": "own", "template": "old", "schemas": ["app"]}]
    result = converges(model, *items)
    assert summaries(result)[0] == "create database new from old, owned by own"
    assert summaries(result)[-1] == "drop database old"
    assert {"old", "new"} & names(model)[0] == {"new"}
    assert attempt(model, "own", "new", "CREATE TABLE app.t (n int)") == "ok"


def test_a_template_is_dropped(model: Server) -> None:
    converges(model, {"name": "old", "is_template": True})
    result = converges(model, GONE)
    assert summaries(result) == ["database old: is_template false", "drop database old"]


def test_is_template_comes_and_goes_and_is_undone(model: Server, tmp_path: Path) -> None:
    done = converges(model, {"name": "old", "is_template": True})
    assert done["undo_sql"] == ['ALTER DATABASE "old" IS_TEMPLATE false;']
    sql(model, "ALTER ROLE ann CREATEDB")
    assert attempt(model, "ann", "postgres", "CREATE DATABASE copy TEMPLATE old") == "ok"
    psql(model, done["undo_sql"], tmp_path)
    assert "permission denied to copy database" in attempt(model, "ann", "postgres", "CREATE DATABASE c TEMPLATE old")
    assert call(model, {"name": "old", "is_template": True})["changed"]
    converges(model, {"name": "old", "is_template": False})
    result = converges(model, {"name": "made", "is_template": True})
    assert "database made: is_template true" in summaries(result)
    converges(model, {"name": "made", "state": "absent"})


@pytest.mark.parametrize("name", ["postgres", "template0", "template1"])
def test_postgresqls_own_databases_are_never_dropped(model: Server, name: str) -> None:
    said = failure(model, {"name": name, "state": "absent", "force": True})
    assert f"{name} is PostgreSQL's own and is never dropped: remove the item" in said
    assert name in names(model)[0]


def test_the_maintenance_database_is_never_dropped(model: Server) -> None:
    said = failure(model, {**GONE, "terminate": True}, login_db="old")
    assert "database old can't be dropped from within: give another one as login_db" in said
    assert "old" in names(model)[0]


def test_who_is_connected_is_named_and_counted(model: Server) -> None:
    sessions = [servers.connect(model, "old", user=user, password=PASSWORD) for user in ("ann", "bob", "ann")]
    for check in (True, False):
        said = failure(model, GONE, {"name": "new"}, check=check)
        assert (
            "database old can't be dropped because of 3 sessions (ann 2, bob): declare terminate: true or force" in said
        )
    assert {"old", "new"} & names(model)[0] == {"old"}
    for session in sessions:
        session.close()


def test_terminate_closes_the_database_and_ends_sessions_first(model: Server) -> None:
    session = servers.connect(model, "old", user="ann", password=PASSWORD)
    item = {**GONE, "terminate": True}
    assert summaries(call(model, item, check=True)) == [
        "database old: allow_connections false",
        "end 1 session (ann) in database old",
        "drop database old",
    ]
    session.cursor().execute("SELECT 1")
    converges(model, item)
    with pytest.raises(psycopg2.OperationalError):
        session.cursor().execute("SELECT 1")
    session.close()


def test_force_drops_with_sessions(model: Server) -> None:
    session = servers.connect(model, "old", user="ann", password=PASSWORD)
    assert converges(model, {**GONE, "force": True})["sql"] == ['DROP DATABASE "old" WITH (FORCE);']
    session.close()


def test_without_sessions_terminate_says_nothing_of_them(model: Server) -> None:
    assert summaries(converges(model, {**GONE, "terminate": True})) == ["drop database old"]


def test_prepared_transactions_and_subscriptions_stand_in_the_way(cluster: Server) -> None:
    sql(cluster, "CREATE DATABASE old;\nALTER SYSTEM SET max_prepared_transactions = 2;\nCREATE DATABASE source")
    servers.restart(cluster)
    connection = servers.connect(cluster, "old")
    connection.cursor().execute("BEGIN; CREATE TABLE t (n int); PREPARE TRANSACTION 'open'")
    connection.close()
    sql(cluster, "CREATE SUBSCRIPTION feed CONNECTION 'dbname=source' PUBLICATION p WITH (connect = false)", "old")
    said = failure(cluster, {**GONE, "force": True, "terminate": True})
    assert "because of 1 prepared transaction (postgres): run COMMIT PREPARED or ROLLBACK PREPARED there" in said
    assert "because of 1 subscription (feed): run DROP SUBSCRIPTION there" in said


def test_a_database_that_lets_nobody_in_is_dropped(model: Server) -> None:
    sql(model, "ALTER DATABASE old ALLOW_CONNECTIONS false")
    converges(model, GONE)


def test_an_invalid_database_is_dropped(model: Server) -> None:
    sql(model, "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'old'")
    assert "declare state absent" in failure(model, "old")
    converges(model, GONE)
    assert "old" not in names(model)[0]


def test_only_the_owner_drops_a_database(model: Server) -> None:
    sql(model, "ALTER ROLE ann CREATEDB;\nALTER ROLE own CREATEDB")
    said = failure(model, GONE, **modules.login(model, "ann", PASSWORD))
    assert "database old: ann can't drop it: log in as its owner own" in said
    converges(model, GONE, **modules.login(model, "own", PASSWORD))


def test_public_schema_in_a_database_that_goes_is_an_error(model: Server) -> None:
    assert "public_schema_in: old is declared absent" in failure(model, GONE, public_schema_in=["old"])


def test_a_schema_is_dropped(model: Server) -> None:
    sql(
        model,
        "CREATE SCHEMA app AUTHORIZATION own;\nALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO ann",
        "old",
    )
    result = converges(model, drop_app())
    assert (result["sql"], result["destructive"]) == (['\\connect "old"', 'DROP SCHEMA "app";'], True)
    assert result["undo_sql"] == ['\\connect "old"', "-- schema app was dropped; it can't be undone"]
    sql(model, "CREATE SCHEMA app", "old")
    assert call(model, drop_app())["changed"]


FILLED = """
CREATE SCHEMA app;
CREATE TABLE app.orders (id serial PRIMARY KEY, note text DEFAULT 'x');
CREATE TABLE app.parts (n int) PARTITION BY LIST (n);
CREATE TABLE app.part_1 PARTITION OF app.parts FOR VALUES IN (1);
CREATE SEQUENCE app.free;
CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE app.mood AS ENUM ('good');
CREATE VIEW public.seen AS SELECT id FROM app.orders;
CREATE TABLE public.linked (id int REFERENCES app.orders, mood app.mood)
"""
COUNTED = "1 function, 1 sequence, 3 tables, 1 table column, 1 table constraint, 1 type, 1 view"


def test_a_schema_that_isnt_empty_is_an_error_that_counts_what_is_in_it(model: Server) -> None:
    sql(model, FILLED, "old")
    for check in (True, False):
        said = failure(model, drop_app(), check=check)
        assert f"database old: schema app isn't empty, it holds {COUNTED}: declare cascade: true" in said


def test_cascade_says_what_goes_and_takes_just_that(model: Server) -> None:
    sql(model, FILLED, "old")
    result = converges(model, drop_app(cascade=True))
    assert summaries(result) == [f"drop schema app and everything in it: {COUNTED}"]
    columns = (
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'linked'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert sql(model, columns, "old") == [("id",)]
    assert sql(model, "SELECT count(*) FROM pg_class WHERE relname IN ('seen', 'orders', 'part_1')", "old") == [(0,)]


def test_cascade_of_an_empty_schema_is_a_plain_drop(model: Server) -> None:
    sql(model, "CREATE SCHEMA app", "old")
    assert converges(model, drop_app(cascade=True))["sql"][1:] == ['DROP SCHEMA "app";']


def test_schema_public_can_be_dropped_and_postgresqls_own_cannot(model: Server) -> None:
    item = {"name": "old", "schemas": [{"name": "public", "state": "absent"}], "revoke_create": True}
    converges(model, item, admin_role="ann")
    assert "no schema has been selected" in attempt(model, "own", "old", "CREATE TABLE t (n int)")
    for name in ("pg_catalog", "information_schema"):
        item = {"name": "old", "schemas": [{"name": name, "state": "absent", "cascade": True}]}
        assert f"{name} is PostgreSQL's own" in failure(model, item)


def test_only_its_owner_drops_a_schema(model: Server) -> None:
    sql(model, "CREATE SCHEMA app AUTHORIZATION bob", "old")
    said = failure(model, drop_app(), **modules.login(model, "own", PASSWORD))
    assert "schema app: own can't drop it: log in as its owner bob" in said
    converges(model, drop_app(), **modules.login(model, "bob", PASSWORD))


def test_an_extension_is_dropped(model: Server) -> None:
    call(model, {"name": "old", "extensions": ["hstore"]})
    result = converges(model, drop_extension("hstore"))
    assert (summaries(result), result["destructive"]) == (["drop extension hstore"], True)
    assert result["undo_sql"][1:] == ["-- extension hstore was dropped; it can't be undone"]


def test_what_depends_on_an_extension_is_counted_and_goes_only_by_cascade(model: Server) -> None:
    call(model, {"name": "old", "extensions": ["hstore", "pg_trgm"]})
    sql(model, "CREATE TABLE t (n int, h hstore, w text);\nCREATE INDEX ON t USING gin (w gin_trgm_ops)", "old")
    said = failure(model, drop_extension("hstore"))
    assert "extension hstore can't be dropped, for 1 table column depend on it: declare cascade: true" in said
    assert "for 1 index depend on it" in failure(model, drop_extension("pg_trgm"))
    result = converges(model, drop_extension("hstore", cascade=True))
    assert summaries(result) == ["drop extension hstore, and with it 1 table column"]
    converges(model, drop_extension("pg_trgm", cascade=True))
    assert sql(model, "SELECT * FROM t", "old") == []


def test_extensions_that_need_each_other_go_together(model: Server) -> None:
    call(model, {"name": "old", "extensions": ["earthdistance", "cube"]})
    assert "for 1 extension depend on it" in failure(model, drop_extension("cube"))
    both = [{"name": name, "state": "absent"} for name in ("cube", "earthdistance")]
    result = converges(model, {"name": "old", "extensions": both})
    assert summaries(result) == ["drop extension earthdistance", "drop extension cube"]


def test_a_schema_goes_with_the_extension_that_was_in_it_or_after_it_was_moved(model: Server) -> None:
    call(model, {"name": "old", "extensions": [{"name": "hstore", "schema": "app"}]})
    assert "it holds 1 extension" in failure(model, drop_app())
    said = failure(model, {**drop_app(cascade=True), "extensions": ["hstore"]})
    assert "extension hstore is to be in schema app, which is to go: declare another schema for it" in said
    moved = {**drop_app(), "extensions": [{"name": "hstore", "schema": "public"}]}
    assert summaries(converges(model, moved)) == ["move extension hstore from schema app to public", "drop schema app"]
    call(model, {"name": "old", "extensions": [{"name": "hstore", "schema": "app"}]})
    converges(model, {**drop_app(), **drop_extension("hstore")})


def test_an_extension_without_a_path_or_that_cant_be_moved_is_an_error(model: Server) -> None:
    sql(model, "CREATE EXTENSION hstore VERSION '1.7';\nCREATE EXTENSION pg_trgm", "old")
    sql(model, "UPDATE pg_extension SET extrelocatable = false WHERE extname = 'pg_trgm'", "old")
    items = [{"name": "hstore", "version": "1.4"}, {"name": "pg_trgm", "schema": "app"}]
    said = failure(model, {"name": "old", "extensions": items}, check=True)
    assert "extension hstore can't be updated from version 1.7 to 1.4, for there is no path" in said
    assert "extension pg_trgm can't be moved from schema public to app, for it isn't relocatable" in said


def test_only_its_owner_changes_an_extension(model: Server) -> None:
    sql(model, "CREATE EXTENSION hstore VERSION '1.4';\nCREATE EXTENSION cube", "old")
    own = modules.login(model, "own", PASSWORD)
    item = {"name": "old", "extensions": [{"name": "hstore", "version": "1.5"}, {"name": "cube", "state": "absent"}]}
    said = failure(model, item, **own)
    assert "extension hstore: own can't alter it: log in as its owner postgres" in said
    assert "extension cube: own can't drop it: log in as its owner postgres" in said


def test_undo_moves_an_extension_back(model: Server, tmp_path: Path) -> None:
    call(model, {"name": "old", "extensions": ["hstore"]})
    done = converges(model, {"name": "old", "extensions": [{"name": "hstore", "schema": "ext"}]})
    psql(model, done["undo_sql"], tmp_path)
    assert sql(model, "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'hstore'", "old") == [
        ("public",)
    ]


def test_what_a_template_has_goes_from_the_new_database(model: Server) -> None:
    sql(model, "CREATE SCHEMA app;\nCREATE TABLE app.t (n int);\nCREATE EXTENSION hstore", "old")
    item = {
        **drop_app(cascade=True),
        "name": "new",
        "template": "old",
        "extensions": [{"name": "hstore", "state": "absent"}],
    }
    result = converges(model, item)
    assert result["warnings"] == []
    assert summaries(result)[1:3] == ["drop extension hstore", "drop schema app and everything in it: 1 table"]
