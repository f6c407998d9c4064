"""Settings as data: what is declared and what is stored mean the same when they are equal."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.settings.inspect import stored
from ansible_collections.leastpriv.pgsql.plugins.module_utils.settings.model import Setting, parse_parameters
from ansible_collections.leastpriv.pgsql.plugins.module_utils.settings.plan import diff_settings, resolve_settings
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "on"),
        (False, "off"),
        (7, "7"),
        (1.5, "1.5"),
        ("64MB", "64MB"),
        ("", ""),
        (None, None),
        ("Default", None),
    ],
)
def test_a_value_becomes_the_text_that_is_stored(value: Any, text: str | None) -> None:
    assert parse_parameters({"Work_Mem": value}, "here") == {"work_mem": text}


@given(st.lists(NAMES.filter(lambda name: len(name.encode()) <= 63), min_size=1))
def test_a_list_of_names_equals_its_text(names: list[str]) -> None:
    as_list = parse_parameters({"search_path": names}, "")["search_path"]
    assert as_list == parse_parameters({"search_path": as_list}, "")["search_path"]
    assert stored("r", "", f"search_path={as_list}").value == as_list


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"search_path": ["x" * 64]}, "has 64 bytes, a name has at most 63: shorten it"),
        ({"search_path": f'public, "{"x" * 64}"'}, "has 64 bytes, a name has at most 63: shorten it"),
        ({"search_path": ["nul\0"]}, "here: search_path: a name contains a NUL character"),
        ({"work_mem": "half \ud800"}, "here: work_mem: a value contains half of a surrogate pair"),
        ({"a b.c": "x"}, "here: 'a b.c' can't be a parameter's name"),
        ({"work_mem": ["1MB"]}, "here: work_mem: only local_preload_libraries, search_path"),
        ({"search_path": [1]}, "take a list, of names"),
        ({"work_mem": {"a": 1}}, "has to be text, a number, true or false, or null"),
        ({"search_path": "$user"}, "isn't a list of names from character 1 on"),
        ({"a=b": 1}, "'a=b' isn't a parameter's name"),
        ({"": 1}, "a name is empty"),
        ({"my..name": 1}, "a name is empty"),
        ({"jit": True, "JIT": False}, "JIT stands twice with different values: keep one"),
        ({"application_name": "nul\0"}, "NUL"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=r"^here: ") as caught:
        parse_parameters(values, "here")
    assert message in str(caught.value)


CURRENT = frozenset(
    {Setting("r", "", "jit", "on"), Setting("r", "", "work_mem", "1MB"), Setting("r", "db", "jit", "on")}
)


def sql(declared: dict[str, Any], database: str = "", exact: bool = False) -> list[str]:
    after = resolve_settings(CURRENT, "r", database, parse_parameters(declared, ""), exact)
    return [change.sql for change in diff_settings(CURRENT, after)]


def test_only_what_is_declared_is_set_and_reset() -> None:
    assert sql({"jit": True}) == []
    assert sql({"jit": "off", "work_mem": None}) == [
        """ALTER ROLE "r" SET "jit" TO 'off'""",
        'ALTER ROLE "r" RESET "work_mem"',
    ]
    assert sql({"jit": "off"}, "db") == ["""ALTER ROLE "r" IN DATABASE "db" SET "jit" TO 'off'"""]


def test_exact_resets_the_rest_in_the_same_place_only() -> None:
    assert sql({"jit": True}, exact=True) == ['ALTER ROLE "r" RESET "work_mem"']
    assert sql({}, "db", exact=True) == ['ALTER ROLE "r" IN DATABASE "db" RESET "jit"']


def test_a_list_is_set_name_by_name() -> None:
    assert sql({"search_path": """a, "b c", 'd'"""}) == ["""ALTER ROLE "r" SET "search_path" TO 'a', 'b c', 'd'"""]
    assert sql({"search_path": ""}) == ["""ALTER ROLE "r" SET "search_path" TO ''"""]


def test_a_dotted_name_keeps_the_spelling_that_is_stored() -> None:
    old = stored("r", "", "MyApp.Tenant=a=b")
    assert old == Setting("r", "", "myapp.tenant", "a=b")
    after = resolve_settings(frozenset({old}), "r", "", {"myapp.tenant": "c"}, exact=False)
    assert [change.sql for change in diff_settings(frozenset({old}), after)] == [
        """ALTER ROLE "r" SET "MyApp"."Tenant" TO 'c'"""
    ]
    assert [change.sql for change in diff_settings(frozenset({old}), frozenset())] == [
        'ALTER ROLE "r" RESET "MyApp"."Tenant"'
    ]


def test_a_stored_list_that_cannot_be_read_is_left_as_it_is() -> None:
    assert stored("r", "", "search_path=$user,,").value == "$user,,"


def test_a_database_has_settings_of_its_own() -> None:
    changes = diff_settings(frozenset(), frozenset({Setting("", "db", "jit", "on")}))
    assert [(change.object_class, change.sql) for change in changes] == [
        ("DATABASE SETTING", """ALTER DATABASE "db" SET "jit" TO 'on'""")
    ]


def test_a_letter_that_python_would_fold_to_ascii_makes_another_parameter() -> None:
    assert parse_parameters({"Wor\u212a_Mem": "x"}, "") == {"wor\u212a_mem": "x"}
