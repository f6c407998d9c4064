"""A wrong value in each key of each item: an error that names the item and the key, or a plan; never an accident."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM, ROLE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CONNECTION
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_access_info,
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed.servers import Server
from tests.server.modules import login, outcome

ODD: list[Any] = [
    None,
    "",
    "x" * 64,
    "half \ud800",
    "no\0thing",
    'it\'s "odd"; --\n\\ {}%s',
    -2,
    2**40,
    1.5,
    True,
    [],
    {},
    [1],
    [None],
    [[]],
    {"a": []},
    {1: 2},
]
ANSIBLES = ("dictionary requested",)  # its own words for a list of dictionaries, before the module sees it
CASES = [
    pytest.param(module, option, key, id=f"{option}.{key}")
    for module, option, spec in ((pg_role_set, "roles", ROLE_ITEM), (pg_db_isolation, "databases", DATABASE_ITEM))
    for key in spec
]


@pytest.mark.since(18)
@pytest.mark.parametrize(("module", "option", "key"), CASES)
def test_an_odd_value_is_an_error_in_words_or_a_plan(server: Server, module: ModuleType, option: str, key: str) -> None:
    for value in ODD:
        item = {"name": "odd_one", key: value}
        result = outcome(module, check=True, **{option: [item]}, **login(server))
        if result.get("failed"):
            assert "internal error" not in result["msg"], (value, result["msg"])
            assert "sqlstate" not in result, (value, result["msg"])
            assert any(word in result["msg"] for word in (key, "name", "odd_one", *ANSIBLES)), (value, result["msg"])


SOUND: dict[ModuleType, dict[str, Any]] = {
    pg_role_set: {"roles": [{"name": "odd_one"}]},
    pg_db_isolation: {"databases": [{"name": "odd_one"}]},
    pg_default_privs: {"databases": ["postgres"], "creators": ["postgres"], "privileges": []},
    pg_object_privs: {"databases": ["postgres"], "privileges": []},
    pg_access_info: {},
}
OPTIONS = [
    pytest.param(module, option, id=f"{module.__name__.rpartition('.')[2]}.{option}")
    for module in SOUND
    for option in module.SPEC
    if (option not in CONNECTION or module is pg_access_info)
    and option != "assume"  # what stands inside of it Ansible looks into itself, and not at its type first
]


@pytest.mark.since(18)
@pytest.mark.parametrize(("module", "option"), OPTIONS)
def test_an_odd_value_of_an_option_is_an_error_in_words_or_a_plan(
    server: Server, module: ModuleType, option: str
) -> None:
    for value in ODD:
        if (option, value) in (("login_port", -2), ("login_port", 2**40)):
            continue
        where = {**login(server), "connect_params": {"connect_timeout": 5}}
        result = outcome(module, check=True, **{**where, **SOUND[module], option: value})
        if result.get("failed"):
            assert "internal error" not in result["msg"], (value, result["msg"])
            assert any(word in result["msg"] for word in (option, *WORDS)), (value, result["msg"])


WORDS = (
    "connection to server",
    "connection parameter",
    "no connection",
    "dictionary",
    "no such",
    "name",
    "database",
    "role",
    "rule",
)
RULE_KEYS = {
    pg_default_privs: ("privs", "on", "to", "schemas", "grant_option", "state", "databases", "creators", "rule"),
    pg_object_privs: (
        *("privs", "on", "to", "tables", "sequences", "functions", "types", "objects", "schemas", "except"),
        *("columns", "databases", "grant_option", "state", "rule"),
    ),
}
RULES = [
    pytest.param(module, key, id=f"{module.__name__.rpartition('.')[2]}.{key}")
    for module, keys in RULE_KEYS.items()
    for key in keys
]


@pytest.mark.since(18)
@pytest.mark.parametrize(("module", "key"), RULES)
def test_an_odd_value_in_a_rule_is_an_error_in_words_or_a_plan(server: Server, module: ModuleType, key: str) -> None:
    for value in ODD:
        rule: dict[Any, Any] = {"privs": "SELECT", "on": "tables", "to": "postgres", key: value}
        result = outcome(module, check=True, **{**login(server), **SOUND[module], "privileges": [rule]})
        if result.get("failed"):
            assert "internal error" not in result["msg"], (value, result["msg"])
            assert "sqlstate" not in result, (value, result["msg"])
            assert any(word in result["msg"] for word in ("privileges", *WORDS)), (value, result["msg"])
