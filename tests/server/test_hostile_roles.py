# ruff: noqa: RUF001  letters that look like others are what this is about
"""Hostile names and values of roles: created literally and read back equal, or refused by name; nothing is executed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_role_set
from hypothesis import given
from hypothesis import strategies as st

from testbed import servers
from testbed.servers import Server
from tests.server import modules
from tests.server.hostile import (
    CANARY,
    NAMES,
    READ_ONLY,
    TEXTS,
    batches,
    examples,
    fold,
    is_name,
    is_role,
    is_text,
    name_shown,
    read,
    roles,
    tidied,
)

Item = dict[str, Any]
FACTS = """
SELECT r.rolname::text, pg_catalog.shobj_description(r.oid, 'pg_authid'),
       ARRAY(SELECT unnest(s.setconfig) ORDER BY 1),
       ARRAY(SELECT roleid::regrole::oid::text FROM pg_auth_members WHERE member = r.oid)
FROM pg_authid r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
WHERE r.rolname LIKE 'value\\_%%'
"""
WRITTEN = "SELECT ARRAY(SELECT pg_catalog.quote_ident(n) FROM unnest(%(names)s) WITH ORDINALITY AS u (n, o) ORDER BY o)"
LISTS = st.lists(NAMES.filter(lambda name: not name or is_name(name)), min_size=1, max_size=4)
VALUES = st.fixed_dictionaries(
    {
        "comment": TEXTS.filter(is_text),
        "own": TEXTS.filter(is_text).filter(lambda text: text.upper() != "DEFAULT"),
        "path": LISTS,
        "parents": st.lists(NAMES.filter(is_role), max_size=2, unique=True),
    }
)
PASSWORDS = [
    *(
        'it\'s "odd"; --',
        "back\\slash\\'",
        "$$ {{ 1+1 }} %s %(x)s",
        " leading and trailing ",
        "tab\tand\nnewline",
        "x" * 10240,
    ),
    *("é", "e\u0301", "\u00aa\u2168", "soft\u00adhyphen", "no\u00a0break", "\u1680ogham", "ﬁ ligature", "😀" * 40),
    *(
        "\u0627\u0031",
        "\u05d0 a",
        "\u0007bell",
        "\ue000private",
        "\U000e0001tag",
        "\u0221unassigned",
        "\u200d",
        "md5",
        "SCRAM",
    ),
]


@pytest.fixture(scope="module")
def nest(server: Server) -> Iterator[Server]:
    """A server with the canary, which has to live."""
    apply(server, [{"name": CANARY, "login": False}])
    yield server
    assert CANARY in roles(server)
    apply(server, [{"name": CANARY, "state": "absent"}])


def apply(server: Server, items: list[Item], **more: Any) -> modules.Result:
    return modules.call(pg_role_set, roles=items, **modules.login(server), **more)


def remove(server: Server, names: set[str]) -> None:
    apply(server, [{"name": name, "state": "absent"} for name in names])


def unchanged(server: Server, items: list[Item]) -> None:
    again = apply(server, items, **READ_ONLY)
    assert (again["changed"], again["sql"]) == (False, [])


def refused(server: Server, item: Item) -> str:
    """Give the message of a declaration that has to be refused before anything is written."""
    before = roles(server)
    result = modules.outcome(pg_role_set, roles=[{"name": "sound"}, item], **modules.login(server))
    assert result.get("failed"), item
    assert "internal error" not in result["msg"]
    assert roles(server) == before
    return str(result["msg"])


@given(names=batches(40, 80))
@examples(usual=4, wide=60)
def test_roles_of_any_name_are_made_literally_or_refused_by_name(nest: Server, names: list[str]):
    before = roles(nest)
    sound = {name for name in names if is_role(name)} - before
    items = [{"name": name, "comment": name} for name in sorted(sound)]
    with tidied(nest):
        assert apply(nest, items)["changed"] is bool(items)
        assert roles(nest) == before | sound
        unchanged(nest, items)
        for name in set(names) - sound - before:
            assert name_shown(name, refused(nest, {"name": name})), name
        remove(nest, sound)
        assert roles(nest) == before


@given(values=st.lists(VALUES, min_size=15, max_size=25))
@examples(usual=4, wide=60)
def test_values_of_roles_are_stored_literally(nest: Server, values: list[dict[str, Any]]):
    parents = {name for one in values for name in one["parents"]} - roles(nest)
    items = [declared(number, one) for number, one in enumerate(values)]
    with tidied(nest):
        apply(nest, [*items, *({"name": name} for name in parents)])
        for one in values:
            one["written"] = read(nest, WRITTEN, names=one["path"])[0][0]
        oids = dict(read(nest, "SELECT rolname::text, oid::text FROM pg_authid"))
        found = {name: (comment, config, set(of)) for name, comment, config, of in read(nest, FACTS)}
        for item, one in zip(items, values, strict=True):
            assert found[item["name"]] == facts_of(one, oids)
        unchanged(nest, items)


def declared(number: int, one: dict[str, Any]) -> Item:
    """Give a role with hostile values."""
    settings = {"hostile.own": one["own"], "search_path": one["path"]}
    return {"name": f"value_{number}", "comment": one["comment"], "parameters": settings, "roles": one["parents"]}


def facts_of(one: dict[str, Any], oids: dict[str, str]) -> tuple[str, list[str], set[str]]:
    """Give what the catalog has to say of a role with these values."""
    of = {oids[name] for name in one["parents"]}
    return one["comment"], [f"hostile.own={one['own']}", f"search_path={', '.join(one['written'])}"], of


@given(names=batches(8, 12))
@examples(usual=3, wide=60)
def test_parameters_of_any_name_are_refused_or_set_under_that_name(nest: Server, names: list[str]):
    for name in names:
        item = {"name": "holder", "parameters": {f"hostile.{name}": "x"}}
        with tidied(nest):
            result = modules.outcome(pg_role_set, roles=[item], **modules.login(nest))
            if result.get("failed"):
                assert "internal error" not in result["msg"]
                assert "holder" in result["msg"], (name, result["msg"])
                assert "holder" not in roles(nest)
                continue
            found = read(nest, "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 'holder'::regrole")
            assert [fold(text) for (text,) in found] == [fold(f"hostile.{name}=x")]
            unchanged(nest, [item])


@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
def test_a_password_of_odd_characters_lets_its_role_in(nest: Server, password: str):
    items = [{"name": "holder", "password": password}]
    apply(nest, items)
    with closing(servers.connect(nest, user="holder", password=password, host="127.0.0.1")) as connection:
        assert connection.info.user == "holder"
    unchanged(nest, items)
    remove(nest, {"holder"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("password", text) for text in ("nul\0", "half \ud800")),
        *(("comment", text) for text in ("nul\0", "half \ud800")),
        *(
            ("expire_at", text)
            for text in ("tomorrow", "now()", "2031-01-01'; DROP ROLE canary", "２０３１-01-01", "ınfinity")
        ),
        *(("connlimit", text) for text in ("1; DROP ROLE canary", "０x1", 2**31, -2)),
        ("login", "NOSUPERUSER SUPERUSER"),
        ("state", "absent; DROP ROLE canary"),
        *(("roles", [name]) for name in ("", "nul\0", "x" * 64, "half \ud800", "none", 5, None, ["a"], {"a": 1})),
        *(
            ("parameters", {name: "x"})
            for name in ("", "a=b", "nul\0", "work_mem; x", "wor\u212a_mem", "a..b", ".", "x" * 64)
        ),
        *(("parameters", {"work_mem": value}) for value in ("nul\0", "half \ud800", {"a": 1}, ["a"], "4MB'; x")),
        *(
            ("parameters", {"search_path": value})
            for value in ('"open', "a b", "a,,b", ["nul\0"], [["a"]], [None], ["x" * 64], "x" * 64)
        ),
        *(("database_parameters", {name: {"x.y": "1"}}) for name in ("", "nul\0", "x" * 64, "no such")),
        ("reassign_to", "nul\0"),
    ],
    ids=ascii,
)
def test_a_value_that_cant_be_stored_is_refused_by_item_and_key(nest: Server, key: str, value: Any):
    message = refused(nest, {"name": "holder", key: value})
    assert any(word in message for word in ("holder", "'roles'", *names_in(value))), message
    assert any(word in message for word in (key, "parent", "database", "role")), message


def names_in(value: Any) -> list[str]:
    """Give the names that a value is about, where the server is who doesn't know them."""
    return [name for name in value if isinstance(name, str) and name] if isinstance(value, (list, dict)) else []


@pytest.mark.parametrize(
    "name", [5, 1.5, True, None, datetime.date(2031, 1, 1).isoformat(), ["a"], {"a": "b"}], ids=str
)
def test_a_name_that_yaml_read_as_something_else_is_its_text_or_refused(nest: Server, name: Any):
    result = modules.outcome(pg_role_set, check=True, roles=[{"name": name}], **modules.login(nest))
    assert "internal error" not in result.get("msg", "")
    if result.get("failed"):
        assert "name" in result["msg"]
    else:
        assert result["sql"] == [f'CREATE ROLE "{name}" LOGIN;']


def test_names_that_look_alike_stay_two_roles(nest: Server):
    pairs = (
        "\u00e9",
        "e\u0301",
        "\u212b",
        "\u00c5",
        "A\u030a",
        "I",
        "i",
        "ı",
        "а",
        "a",
        "a\u200b",
        "a ",
        " a",
        "Ω",
        "Ω",
    )
    apply(nest, [{"name": name, "comment": ascii(name)} for name in pairs])
    comments = "SELECT rolname::text, pg_catalog.shobj_description(oid, 'pg_authid') FROM pg_authid"
    found = dict(read(nest, comments))
    assert {name: found[name] for name in pairs} == {name: ascii(name) for name in pairs}
    remove(nest, set(pairs))
