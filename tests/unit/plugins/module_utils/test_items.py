"""Items: every message names the item, the key and the remedy, and never a value."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.items import (
    check_choices,
    checked_name,
    known_keys,
    merged,
    without_choices,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

SPEC = {
    "name": {"type": "str", "required": True},
    "admin": {"type": "bool"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}


def test_values_get_their_types_and_null_is_absent() -> None:
    found = known_keys({"name": 7, "admin": "yes", "state": None}, SPEC, "here")
    assert found == {"name": "7", "admin": True}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"name": "x", "adnim": True}, "here: unknown key adnim; did you mean admin?"),
        ({"name": "x", "zzz": True}, "here: unknown key zzz; known are admin, name, state"),
        ({"admin": True}, "here: name is missing"),
        ({"name": None}, "here: name is missing"),
        ({"name": "x", "admin": "geheim"}, "here: admin has to be true or false"),
        ({"name": ["geheim"]}, "here: name has to be text"),
        ({"name": True}, "here: name has to be text"),
        ({"name": "x", "state": "geheim"}, "here: state has to be one of present, absent"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(item: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        known_keys(item, SPEC, "here")
    assert str(caught.value) == message


@pytest.mark.parametrize("name", [7, None, "", "x" * 64, "nul\0"])
def test_what_cannot_be_a_name_is_refused(name: object) -> None:
    with pytest.raises(InputError, match=r"^here: "):
        checked_name(name, "here")


def test_null_passes_where_there_are_choices() -> None:
    assert without_choices(SPEC)["state"] == {"type": "str"}
    check_choices({"name": "x", "state": None}, SPEC, "here")
    with pytest.raises(InputError, match="here: state has to be one of"):
        check_choices({"name": "x", "state": "gone"}, SPEC, "here")


def test_items_of_one_name_are_merged_key_by_key() -> None:
    items = [{"name": "a", "x": None, "y": 1}, {"name": "b"}, {"name": "a", "x": 2, "y": 1}]
    assert merged(items, "roles") == [{"name": "a", "x": 2, "y": 1}, {"name": "b"}]


def test_two_values_for_one_key_are_an_error_that_quotes_neither() -> None:
    items = [{"name": "a", "password": Secret("geheim")}, {"name": "a", "password": Secret("other")}]
    with pytest.raises(InputError) as caught:
        merged(items, "roles")
    assert str(caught.value) == "roles: a stands twice, with different values for password: keep one"
