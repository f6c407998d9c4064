# ruff: noqa: RUF001  letters that look like others are what this is about
"""Hostile names and values of databases and of their inside: made literally, or refused by name; psql reads them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_default_privs, pg_object_privs
from hypothesis import given
from hypothesis import strategies as st

from testbed.servers import Server
from tests.server import modules
from tests.server.hostile import (
    CANARY,
    NAMES,
    READ_ONLY,
    TEXTS,
    databases,
    examples,
    is_name,
    is_role,
    is_text,
    name_shown,
    quoted,
    read,
    roles,
    run,
    tidied,
)
from tests.server.isolation import psql

Item = dict[str, Any]
FACTS = """
SELECT d.datname::text, d.datdba::oid::text, pg_catalog.shobj_description(d.oid, 'pg_database'), s.setconfig,
       ARRAY(SELECT a.grantee::oid::text FROM pg_catalog.aclexplode(d.datacl) a
             WHERE a.grantee <> d.datdba AND a.privilege_type = 'CONNECT')
FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
"""
SCHEMAS = """
SELECT nspname::text, nspowner::oid::text FROM pg_namespace
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
"""
ITEMS = st.fixed_dictionaries(
    {
        "name": NAMES.filter(is_name),
        "owner": NAMES.filter(is_role),
        "comment": TEXTS.filter(is_text),
        "setting": TEXTS.filter(is_text).filter(lambda text: text.upper() != "DEFAULT"),
        "connect": st.lists(NAMES.filter(is_role), max_size=2, unique=True),
        "schemas": st.lists(
            NAMES.filter(is_name).filter(lambda name: not name.startswith("pg_") and name != "public"),
            max_size=3,
            unique=True,
        ),
    }
)


def declared(one: Item) -> Item:
    """Give a database with hostile names and values."""
    return {
        "name": one["name"],
        "owner": one["owner"],
        "comment": one["comment"],
        "parameters": {"hostile.own": one["setting"]},
        "revokeconn": True,
        "connect": one["connect"],
        "schemas": [{"name": name, "owner": one["owner"]} for name in one["schemas"]],
    }


def call(server: Server, items: list[Item], check: bool = False, **more: Any) -> modules.Result:
    return modules.call(pg_db_isolation, check, databases=items, **modules.login(server), **more)


@given(found=st.lists(ITEMS, min_size=3, max_size=5, unique_by=lambda one: one["name"]))
@examples(usual=3, wide=60)
def test_databases_of_any_name_are_made_literally(server: Server, found: list[Item]):
    with tidied(server):
        there = databases(server)
        wanted = [one for one in found if one["name"] not in there]
        items = [declared(one) for one in wanted]
        owners = {name for one in wanted for name in (one["owner"], *one["connect"])} - roles(server)
        run(server, [f"CREATE ROLE {CANARY}", *(f"CREATE ROLE {quoted(name)}" for name in sorted(owners - {CANARY}))])
        call(server, items, check=True)
        call(server, items)
        assert databases(server) == there | {one["name"] for one in wanted}
        oids = {name: str(oid) for name, oid in read(server, "SELECT rolname::text, oid FROM pg_authid")}
        facts = {name: row for name, *row in read(server, FACTS)}
        for one in wanted:
            owner, comment, config, connects = facts[one["name"]]
            assert (owner, comment, config) == (oids[one["owner"]], one["comment"], [f"hostile.own={one['setting']}"])
            assert set(connects) == {oids[name] for name in one["connect"]} - {owner}
            assert dict(read(server, SCHEMAS, one["name"])) == dict.fromkeys(one["schemas"], owner)
        again = call(server, items, **READ_ONLY)
        assert (again["changed"], again["sql"]) == (False, [])
        assert CANARY in roles(server)


@given(names=st.lists(NAMES.filter(is_name), min_size=2, max_size=3, unique=True))
@examples(usual=3, wide=60)
def test_psql_enters_databases_of_any_name_and_does_there_what_the_module_would(
    server: Server, names: list[str], tmp_path_factory: pytest.TempPathFactory
):
    with tidied(server):
        new = [name for name in names if name not in databases(server)]
        run(server, [f"CREATE DATABASE {quoted(name)}" for name in new])
        schemas = [one for one in names if not one.startswith("pg_") and one != "public"]
        items = [{"name": name, "schemas": schemas, "comment": name} for name in new]
        psql(server, call(server, items, check=True)["sql"], tmp_path_factory.mktemp("psql"))
        assert all({one for one, _owner in read(server, SCHEMAS, name)} == set(schemas) for name in new)
        assert call(server, items, **READ_ONLY)["changed"] is False


BAD_NAMES = ("nul\0", "half \ud800", "x" * 64, "é" * 32)
NESTED: list[tuple[str, Any]] = [
    *(("owner", name) for name in BAD_NAMES),
    *(("template", name) for name in (*BAD_NAMES, "no such'")),
    *(("tablespace", name) for name in (*BAD_NAMES, "no such'")),
    *(("encoding", name) for name in ("UTF9", "UTF8'; DROP ROLE canary; --", "nul\0")),
    *(("lc_collate", name) for name in ("no_SUCH", "C'; DROP ROLE canary; --", "nul\0", "half \ud800", "x" * 10240)),
    *(("lc_ctype", name) for name in ("no_SUCH", "../../etc/passwd")),
    *(("locale", name) for name in ("no_SUCH", "nul\0")),
    *(
        ("schemas", [name])
        for name in (*BAD_NAMES, "", "pg_x", "information_schema", {"name": "nul\0"}, {"a": 1}, None)
    ),
    *(("schemas", [{"name": "app", "owner": name}]) for name in (*BAD_NAMES, "no such'")),
    *(("extensions", [name]) for name in (*BAD_NAMES, "", "no such", "../../x", "plpgsql'; x", {"name": None})),
    *(("extensions", [{"name": "pg_trgm", "version": version}]) for version in ("nul\0", "0.0'; x", "../x")),
    *(("extensions", [{"name": "pg_trgm", "schema": name}]) for name in BAD_NAMES),
    *(("connect", [name]) for name in (*BAD_NAMES, "", "no such'", None, 5.5, ["a"])),
    *(("deny_connect", [name]) for name in (*BAD_NAMES, "")),
    *(("grants", [{"role": name, "privs": ["CONNECT"]}]) for name in (*BAD_NAMES, "", "no such'", None)),
    *(("grants", [{"role": "postgres", "privs": [name]}]) for name in ("nul\0", "CONNECT; x", "ſelect", "SELECT")),
    *(("parameters", {name: "x"}) for name in ("", "a=b", "nul\0", "work_mem; x", "wor\u212a_mem", "x" * 64)),
    *(("comment", text) for text in ("nul\0", "half \ud800")),
    *(("strategy", text) for text in ("nul\0", "FILE_COPY; x")),
    *(("connlimit", text) for text in (-2, 2**31)),
]


@pytest.mark.parametrize(("key", "value"), NESTED, ids=lambda value: ascii(value)[:40])
def test_a_value_that_a_database_cant_have_is_refused_by_item_and_key(server: Server, key: str, value: Any):
    before = (databases(server), roles(server))
    item = {"name": "odd_one", "revokeconn": True, key: value}
    result = modules.outcome(pg_db_isolation, databases=[item], **modules.login(server))
    assert result.get("failed"), result["sql"]
    assert "internal error" not in result["msg"]
    assert any(word in result["msg"] for word in ("odd_one", key, *texts_in(value))), result["msg"]
    assert (databases(server), roles(server)) == before


def texts_in(value: Any) -> list[str]:
    """Give the texts of a value, whatever Ansible makes texts of included."""
    found = value if isinstance(value, list) else [value]
    return [str(one) for part in found for one in (part.values() if isinstance(part, dict) else [part]) if one]


@pytest.mark.parametrize("name", [*BAD_NAMES, "", "template0"], ids=ascii)
def test_a_name_that_no_database_can_have_is_refused_by_name(server: Server, name: str):
    message = modules.failure(pg_db_isolation, databases=[{"name": name}], **modules.login(server))
    assert name_shown(name, message), message


RULES: list[Any] = [
    *(f'GRANT SELECT ON TABLES TO "{name}"' for name in (*BAD_NAMES, "", 'a"; DROP ROLE canary; --')),
    *(
        f"GRANT SELECT ON TABLES TO {name}"
        for name in ("a; DROP ROLE canary", "a --", "a /* */", "$$a$$", 'U&"a"', "'a'", "a\\")
    ),
    *(
        "",
        " ",
        ";",
        "GRANT",
        "DROP ROLE canary",
        "GRANT SELECT ON TABLES TO a; GRANT",
        "SELECT 1",
        "\0",
        "\ud800",
        "{{ x }}",
    ),
    *(
        "GRANT SELECT ON TABLES TO current_user",
        "GRANT SELECT ON TABLES TO none",
        "GRANT ſELECT ON TABLES TO a",
        "𝔾RANT SELECT",
    ),
    *(
        {"privs": "SELECT", "on": "tables", "to": name}
        for name in (*BAD_NAMES, "", "none", None, 5, True, [], [None], {})
    ),
    *({"privs": name, "on": "tables", "to": "a"} for name in ("", "\0", "SELECT; x", "ſelect", None, 5, [], [[]], {})),
    *({"privs": "SELECT", "on": name, "to": "a"} for name in ("", "\0", "tables; x", "tableſ", 5, True, [], {})),
    *({"privs": "SELECT", "on": "tables", "to": "a", "schemas": [name]} for name in (*BAD_NAMES, "", None, 5)),
    *(5, 1.5, True, [], {}, {"rule": None}, {"rule": 5}, {"rule": "SELECT 1"}, {"a": 1}, {1: 2}),
]
OF_OBJECTS: list[Any] = [
    *(f'GRANT SELECT ON "{name}" TO a' for name in (*BAD_NAMES, "")),
    *(
        f"GRANT SELECT ON {name} TO a"
        for name in ("a.b.c", "a; DROP ROLE canary", '"a', "a'b", "a--b", "$1", "a(int)", "*", "")
    ),
    *(
        f"GRANT EXECUTE ON FUNCTION f({name}) TO a"
        for name in ("int; x", '"\0"', "x' y", "int)) TO b", "(", "int(1", "a.b.c", "$1")
    ),
    *(
        {"privs": "SELECT", "tables": [name], "to": "a"}
        for name in (*BAD_NAMES, "", '"a', 'a"b', "a.b.c", "a.", ".a", None, 5, [])
    ),
    *(
        {"privs": "EXECUTE", "functions": [name], "to": "a"}
        for name in ("f(", "f(int))", "f(int) x", "f('x')", "f(\0)", "(int)")
    ),
    *(
        {"privs": "SELECT", "on": "large object", "objects": [name], "to": "a"}
        for name in (0, -1, 2**32, "1x", "", 1.5, True, None, "１")
    ),
    *(
        {"privs": "SET", "on": "parameter", "objects": [name], "to": "a"}
        for name in ("", "a b", "a;b", "a..b", "wor\u212a mem", "\0", 5)
    ),
    *({"privs": "SELECT", "tables": ["t"], "columns": [name], "to": "a"} for name in (*BAD_NAMES, "", None, 5)),
]


@pytest.mark.parametrize("rule", [*RULES, *OF_OBJECTS], ids=lambda rule: ascii(rule)[:60])
def test_a_rule_that_cant_be_meant_is_refused_with_its_place(server: Server, rule: Any):
    found = [pg_object_privs] if rule in OF_OBJECTS else [pg_object_privs, pg_default_privs]
    for module in found:
        creators = {"creators": ["postgres"]} if module is pg_default_privs else {}
        call = {"databases": ["postgres"], "privileges": [rule], **creators, **modules.login(server)}
        result = modules.outcome(module, **call)
        assert result.get("failed"), (rule, result)
        assert "internal error" not in result["msg"]
        assert "sqlstate" not in result
        assert "privileges" in result["msg"], result["msg"]


LOOKALIKES = ("publıc", "ＰＵＢＬＩＣ", "pub\u200blic", "publi\u0441", "PUBL\u0130C")


@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
def test_a_name_that_looks_like_public_is_a_role_and_never_everybody(server: Server, name: str):
    with tidied(server):
        items = [{"name": "shop", "revokeconn": True, "connect": [name], "grants": [{"role": name, "privs": ["TEMP"]}]}]
        assert name in modules.failure(pg_db_isolation, databases=items, **modules.login(server))
        run(server, [f"CREATE ROLE {quoted(name)}"])
        call(server, items)
        acl = "SELECT a.grantee::oid FROM pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE datname = 'shop'"
        granted = {grantee for (grantee,) in read(server, f"{acl} AND a.privilege_type = 'CONNECT'")}
        assert 0 not in granted
        assert read(server, "SELECT oid FROM pg_authid WHERE rolname = %(name)s", name=name)[0][0] in granted
        rule = {"privs": "USAGE", "on": "schema", "objects": ["public"], "to": name}
        modules.call(pg_object_privs, databases=["shop"], privileges=[rule], **modules.login(server))
        given = "SELECT 1 FROM pg_namespace n, pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee = %(name)s::regrole"
        assert len(read(server, given, "shop", name=quoted(name))) == 1
