"""The same hostile names and texts on servers that read them otherwise: old string constants, other encodings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import servers
from testbed.servers import Server
from tests.server import modules
from tests.server.hostile import (
    PIECES,
    READ_ONLY,
    WHOLE,
    databases,
    is_role,
    is_text,
    quoted,
    read,
    roles,
    run,
)

TEXTS = [text for text in (*PIECES, *WHOLE) if text and is_text(text) and text.upper() != "DEFAULT"]
OLD_STRINGS = ("standard_conforming_strings = off", "backslash_quote = off", "escape_string_warning = on")
PLACES = ("ROLE postgres", "DATABASE postgres", "ROLE postgres IN DATABASE postgres", "SYSTEM")
COMMENTS = """
SELECT r.rolname::text, pg_catalog.shobj_description(r.oid, 'pg_authid'), s.setconfig[1]
FROM pg_authid r JOIN pg_db_role_setting s ON s.setrole = r.oid WHERE r.rolname LIKE 'text%'
"""


@pytest.mark.parametrize("place", PLACES)
def test_texts_are_stored_literally_where_backslashes_escape(cluster: Server, place: str):
    run(cluster, [f"ALTER {place} SET {setting}" for setting in OLD_STRINGS])
    servers.reload(cluster)
    login = modules.login(cluster)
    items: list[dict[str, Any]] = [
        {"name": f"text{number}", "comment": text, "parameters": {"hostile.own": text}}
        for number, text in enumerate(TEXTS)
    ]
    items += [{"name": "holder", "password": "back\\slash ' and \\' quotes"}]
    items += [{"name": name} for name in TEXTS if is_role(name) and name != "postgres"]
    before = roles(cluster)
    result = modules.call(pg_role_set, roles=items, **login)
    assert not [text for text in result["warnings"] if "escape" in text]
    assert roles(cluster) == before | {item["name"] for item in items}
    found = {name: (comment, config) for name, comment, config in read(cluster, COMMENTS)}
    assert found == {f"text{number}": (text, f"hostile.own={text}") for number, text in enumerate(TEXTS)}
    assert modules.call(pg_role_set, roles=items, **login, **READ_ONLY)["changed"] is False
    rules = [f"GRANT USAGE ON SCHEMA public TO {quoted(name)}" for name in TEXTS if is_role(name)]
    grants = {"databases": ["postgres"], "privileges": rules}
    modules.call(pg_object_privs, **grants, **login)
    assert modules.call(pg_object_privs, **grants, **login, **READ_ONLY)["changed"] is False


@pytest.fixture
def mixed(cluster: Server) -> Iterator[Server]:
    """A cluster with a database in LATIN1 and one in SQL_ASCII, each with a role for it, beside those in UTF8."""
    run(cluster, [f"CREATE DATABASE {name} ENCODING '{name}' TEMPLATE template0" for name in ("latin1", "sql_ascii")])
    run(cluster, ['CREATE ROLE "é"', 'CREATE ROLE "Ж"', "CREATE ROLE plain"])
    return cluster


def privileges(server: Server, database: str, rule: Any) -> modules.Result:
    call = {"databases": [database], "privileges": [rule], **modules.login(server)}
    return modules.outcome(pg_object_privs, **call)


UNSTORABLE = [
    ("Ж", {"privs": "USAGE", "on": "schema", "objects": ["Ж"], "to": "plain"}),
    ("Ж", {"privs": "SELECT", "tables": ["Ж*"], "to": "plain"}),
    ("Ж", {"privs": "SELECT", "tables": ["t"], "columns": ["Ж"], "to": "plain"}),
    ("Ж", 'GRANT EXECUTE ON FUNCTION f("Ж") TO plain'),
    ("Ж", 'GRANT SELECT ON TABLES TO "Ж"'),
    ("é", 'GRANT SELECT ON TABLES TO "é"'),
]


@pytest.mark.parametrize(("name", "rule"), UNSTORABLE, ids=ascii)
def test_what_an_encoding_lacks_or_changes_is_refused_by_name_in_the_plan(mixed: Server, name: str, rule: Any):
    result = privileges(mixed, "latin1", rule)
    assert "database latin1 has encoding LATIN1" in result["msg"]
    assert repr(name)[1:-1] in result["msg"]
    assert "sqlstate" not in result


def test_the_same_holds_for_default_privileges_schemas_and_their_owners(mixed: Server):
    login = modules.login(mixed)
    rule = {"databases": ["latin1"], "creators": ["plain"], "privileges": ['GRANT SELECT ON TABLES TO "é"']}
    assert "LATIN1" in modules.failure(pg_default_privs, **rule, **login)
    rule["privileges"] = ['IN SCHEMA "Ж" GRANT SELECT ON TABLES TO plain']
    assert "LATIN1" in modules.failure(pg_default_privs, **rule, **login)
    for schema in ("Ж", {"name": "app", "owner": "é"}):
        items = [{"name": "latin1", "schemas": [schema], "comment": "not written"}]
        assert "LATIN1" in modules.failure(pg_db_isolation, databases=items, **login)
    assert "LATIN1" in modules.failure(pg_role_set, roles=[{"name": "ü"}], login_db="latin1", **login)
    assert "ü" not in roles(mixed)
    assert read(mixed, "SELECT 1 FROM pg_shdescription WHERE description = 'not written'") == []


def test_names_of_its_own_encoding_are_stored_literally_inside(mixed: Server):
    login = modules.login(mixed)
    items = [{"name": "latin1", "schemas": ["é", "ÿ\\"]}, {"name": "sql_ascii", "schemas": ["é", "Ж", "e\u0301"]}]
    modules.call(pg_db_isolation, databases=items, **login)
    assert modules.call(pg_db_isolation, databases=items, **login, **READ_ONLY)["changed"] is False
    names = "SELECT pg_catalog.encode(nspname::text::bytea, 'hex') FROM pg_namespace WHERE oid >= 16384"
    found = {bytes.fromhex(one) for (one,) in read(mixed, names, "sql_ascii")}
    assert found == {"é".encode(), "Ж".encode(), "e\u0301".encode()}
    for schema in ("é", "Ж"):
        rule = {"privs": "USAGE", "on": "schema", "objects": [schema], "to": schema}
        assert privileges(mixed, "sql_ascii", rule)["changed"]
        assert not privileges(mixed, "sql_ascii", rule)["changed"]


def test_a_cluster_wholly_in_latin1_takes_its_own_letters(pg_version: int, tmp_path: Any):
    server = servers.start(pg_version, tmp_path, initdb_args=["--encoding=LATIN1"])
    try:
        login = modules.login(server)
        run(server, ["UPDATE pg_database SET datallowconn = true WHERE false"])
        items = [{"name": "é", "comment": "ÿ"}, {"name": "ü", "roles": ["é"]}]
        modules.call(pg_role_set, roles=items, **login)
        assert modules.call(pg_role_set, roles=items, **login, **READ_ONLY)["changed"] is False
        assert {"é", "ü"} <= roles(server)
        message = modules.failure(pg_role_set, roles=[{"name": "Ж"}], **login)
        assert "can't store 'Ж'" in message
        message = modules.failure(pg_role_set, roles=[{"name": "fine", "comment": "Ж"}], **login)
        assert "comment on role fine" in message
        assert "fine" not in roles(server)
    finally:
        servers.stop(server)


def foreign(server: Server, database: str, statement: bytes) -> None:
    """Run a statement whose bytes go to the server as they are."""
    encoding = {"latin1": "LATIN1", "sql_ascii": "SQL_ASCII"}[database]
    with closing(servers.connect(server, database, client_encoding=encoding)) as connection:
        connection.cursor().execute(statement)


CALLS = [
    (pg_role_set, {"roles": [{"name": "new"}]}),
    (pg_db_isolation, {"databases": [{"name": "new"}]}),
    (pg_default_privs, {"databases": ["postgres"], "creators": ["plain"], "privileges": []}),
    (pg_object_privs, {"databases": ["postgres"], "privileges": []}),
    (pg_access_info, {"gather": ["declaration"]}),
]


@pytest.mark.parametrize("statement", ['CREATE ROLE "inv\xe9"', "COMMENT ON ROLE plain IS 'inv\xe9'"])
@pytest.mark.parametrize("database", ["postgres", "sql_ascii"])
def test_names_that_arent_utf_8_are_told_in_words_and_nothing_is_written(mixed: Server, statement: str, database: str):
    foreign(mixed, "latin1", statement.encode("latin-1"))
    before = databases(mixed)
    for module, call in CALLS:
        result = modules.outcome(module, login_db=database, **call, **modules.login(mixed))
        assert result.get("failed"), module.__name__
        assert "internal error" not in result["msg"]
        assert "isn't valid UTF-8" in result["msg"], result["msg"]
        assert ("sqlstate" in result) is (database == "sql_ascii")
        assert "sqlstate" in result or "inv\\xe9" in result["msg"]
    assert databases(mixed) == before


def test_a_table_that_isnt_utf_8_is_told_in_words(mixed: Server):
    foreign(mixed, "sql_ascii", b'CREATE TABLE "t\xe9" (n int)')
    result = privileges(mixed, "sql_ascii", "GRANT SELECT ON TABLES TO plain")
    assert "isn't valid UTF-8" in result["msg"]
    assert "database sql_ascii" in result["msg"]
