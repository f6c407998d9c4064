"""Creating databases, what can't be changed afterwards, and what is declared but not acted on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation

from testbed.servers import Server
from tests.server.isolation import attempt, call, converges, failure, logins, names, sql, tidied

ATTRIBUTES = """
SELECT datdba::regrole::text, pg_encoding_to_char(encoding)::text, datallowconn, datconnlimit,
       shobj_description(oid, 'pg_database')
FROM pg_database WHERE datname = %s
"""


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with an owner."""
    with tidied(server):
        logins(server, "own", "ann")
        yield server


def attributes(server: Server, name: str) -> tuple[Any, ...]:
    return sql(server, ATTRIBUTES, "postgres", name)[0]


def test_a_database_is_created_with_all_that_is_declared(model: Server) -> None:
    item = {
        "name": "shop",
        "owner": "own",
        "template": "template0",
        "strategy": "file_copy",
        "encoding": "latin-1",
        "locale": "C",
        "tablespace": "pg_default",
        "connlimit": 7,
        "comment": "what's sold",
        "parameters": {"work_mem": "8MB", "search_path": "app, public"},
    }
    result = converges(model, item)
    assert attributes(model, "shop") == ("own", "LATIN1", True, 7, "what's sold")
    assert result["sql"][0].endswith("CONNECTION LIMIT 0;")
    assert result["changes"][0]["transactional"] is False
    assert result["undo_sql"] == ["-- database shop was created; it is not dropped"]
    settings = sql(model, "SELECT current_setting('work_mem'), current_setting('search_path')", "shop")
    assert settings == [("8MB", "app, public")]


def test_attributes_follow_and_what_is_absent_stays(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own", "comment": "old", "connlimit": 3, "parameters": {"work_mem": "1MB"}})
    assert not call(model, "shop", mode="exact")["changed"]
    converges(model, {"name": "shop", "owner": "ann", "comment": "", "connlimit": -1, "allowconn": True})
    assert attributes(model, "shop") == ("ann", "UTF8", True, -1, None)


def test_parameters_are_set_reset_and_in_exact_mode_complete(model: Server) -> None:
    def stored() -> list[Any]:
        question = "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase"
        return sql(model, f"{question} WHERE datname = 'shop'")

    call(model, {"name": "shop", "parameters": {"work_mem": "1MB", "statement_timeout": 500, "enable_sort": False}})
    converges(model, {"name": "shop", "parameters": {"work_mem": "2MB", "statement_timeout": "default"}})
    assert {*stored()[0][0]} == {"enable_sort=off", "work_mem=2MB"}
    converges(model, {"name": "shop", "parameters": {"work_mem": "2MB"}}, mode="exact")
    assert stored() == [(["work_mem=2MB"],)]
    converges(model, {"name": "shop", "parameters": {}}, mode="exact")
    assert stored() == []
    assert "the server knows no wurk_mem" in failure(model, {"name": "shop", "parameters": {"wurk_mem": 1}})


def test_what_only_a_creation_can_set_is_compared_when_it_means_something_else(model: Server) -> None:
    call(model, "shop")
    locale = sql(model, "SELECT datcollate FROM pg_database WHERE datname = 'shop'")[0][0]
    same = {"name": "shop", "encoding": "utf-8", "locale": locale, "template": "template0", "strategy": "wal_log"}
    assert not call(model, same)["changed"]
    assert not call(model, {"name": "shop", "encoding": "Unicode", "tablespace": "pg_default"})["changed"]
    said = failure(model, {"name": "shop", "encoding": "LATIN1", "lc_collate": "xx_XX"})
    assert "encoding is UTF8, declared is LATIN1, and it can't be changed" in said
    assert f"lc_collate is {locale}, declared is xx_XX" in said
    assert "lc_ctype is" in failure(model, {"name": "shop", "lc_ctype": "xx_XX"})


def test_another_tablespace_is_an_error_with_the_statement(model: Server) -> None:
    call(model, "shop")
    said = failure(model, {"name": "shop", "tablespace": "pg_global"})
    assert 'run ALTER DATABASE "shop" SET TABLESPACE "pg_global"' in said
    assert "there is no tablespace nowhere" in failure(model, {"name": "new", "tablespace": "nowhere"})


def test_everything_that_is_wrong_is_named_before_anything_is_written(model: Server) -> None:
    items = [
        {"name": "a", "owner": "nobody_there"},
        {"name": "b", "template": "nothing_there"},
        {"name": "c", "extensions": ["no_such", {"name": "hstore", "version": "0.0"}]},
        {"name": "d", "encoding": "utf-9"},
    ]
    said = failure(model, *items, public_schema_in=["not_there"])
    for part in (
        "no such role: nobody_there",
        "no such database: not_there, nothing_there",
        "the server doesn't offer the extension no_such",
        "hstore has no version 0.0; there is 1",
        "utf-9 isn't an encoding",
    ):
        assert part in said
    assert not {"a", "b", "c", "d"} & names(model)[0]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"encoding": "LATIN1"}, "encoding differs from template1's: declare template: template0"),
        ({"state": "recreate"}, "database new: state recreate would drop it on every run"),
        ({"schemas": ["pg_app"]}, "pg_app is PostgreSQL's own"),
        ({"schemas": [{"name": "app", "ownr": "own"}]}, "unknown key ownr; did you mean owner?"),
        ({"connlimit": -2}, "connlimit is -2"),
        ({"state": "there"}, "state has to be one of present, create, absent, recreate"),
        ({"strategy": "fast"}, "strategy is one of WAL_LOG, FILE_COPY"),
        ({"name": "template0"}, "template0 has to stay as it is"),
        ({"name": "x" * 64}, "64 bytes"),
    ],
)
def test_what_cannot_be_followed_is_an_error(server: Server, item: dict[str, Any], said: str) -> None:
    assert said in failure(server, {"name": "new", **item})
    assert "new" not in names(server)[0]


def test_null_is_the_same_as_absent_for_every_key(model: Server) -> None:
    call(model, {"name": "shop", "owner": "own", "connlimit": 3})
    keys = [key for key in pg_db_isolation.SPEC["databases"]["options"] if key != "name"]
    result = call(model, {"name": "shop", **dict.fromkeys(keys)}, mode="exact")
    assert (result["changed"], result["warnings"]) == (False, [])


def test_one_name_twice_with_different_values_is_an_error(model: Server) -> None:
    said = failure(model, {"name": "shop", "owner": "own"}, {"name": "shop", "owner": "ann"})
    assert "shop stands twice, with different values for owner" in said
    converges(model, {"name": "shop", "owner": "own"}, {"name": "shop", "connlimit": 5})
    assert attributes(model, "shop")[3] == 5


def test_an_invalid_database_is_an_error_that_says_so(model: Server) -> None:
    sql(model, "CREATE DATABASE broken;\nUPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'")
    said = failure(model, "broken", check=True)
    assert (
        'database broken is invalid, its removal was interrupted: declare state absent, or run DROP DATABASE "broken"'
        in said
    )
    assert not call(model, {"name": "postgres"})["changed"]


def test_keys_that_nothing_acts_on_are_one_warning(model: Server) -> None:
    pool = {"pgbouncer": True, "pool_mode": "session", "pool_size": 8, "baseline": "x.sql", "register_datasource": True}
    former = {"pool_size_reserve": 3, "pool_max_db_conn": 5}
    result = call(model, {"name": "shop", **pool, **former}, {"name": "office", "pgbouncer": False})
    assert result["warnings"] == [
        f"keys of databases that nothing acts on yet: office.pgbouncer, {', '.join(f'shop.{key}' for key in pool)}",
        "database shop: pool_size_reserve is now pool_reserve",
        "database shop: pool_max_db_conn is now pool_connlimit",
    ]


def test_a_database_that_is_created_closed_is_filled_first(model: Server) -> None:
    item = {"name": "shop", "allowconn": False, "schemas": ["app"]}
    foreseen = call(model, item, check=True)
    assert call(model, item)["changes"] == foreseen["changes"]
    assert attributes(model, "shop")[2] is False
    again = call(model, item)
    assert not again["changed"]
    assert again["warnings"] == ["database shop allows no connections: nothing inside of it is read or written"]
    assert 'run ALTER DATABASE "shop" ALLOW_CONNECTIONS true first' in failure(model, {**item, "allowconn": True})
    converges(model, {"name": "shop", "allowconn": True})
    assert sql(model, "SELECT 1 FROM pg_namespace WHERE nspname = 'app'", "shop") == [(1,)]


def test_closing_a_database_leaves_its_inside_alone(model: Server) -> None:
    call(model, "shop")
    result = call(model, {"name": "shop", "allowconn": False, "schemas": ["app"]})
    assert [change["summary"] for change in result["changes"]] == ["database shop: allow_connections false"]
    assert "allows no connections" in result["warnings"][0]


def test_limit_0_is_finished_unless_it_is_declared(model: Server) -> None:
    sql(model, "CREATE DATABASE shop CONNECTION LIMIT 0")
    assert not call(model, {"name": "shop", "connlimit": 0})["changed"]
    assert "too many connections" in attempt(model, "ann", "shop")
    converges(model, "shop")
    assert attempt(model, "ann", "shop") == "ok"
    result = converges(model, {"name": "office", "connlimit": 0})
    assert result["undo_sql"] == ["-- database office was created; it is not dropped"]
