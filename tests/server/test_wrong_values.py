"""A wrong value in each key of each item: an error that names the item and the key, or a plan; never an accident."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM, ROLE_ITEM
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_role_set

from testbed.servers import Server
from tests.server.modules import login, outcome

ODD: list[Any] = [
    "",
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
