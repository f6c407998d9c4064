from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.check_items import check_items
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import DATABASE_ITEM, ROLE_ITEM


def failure(items, kind="role", variable="pg_users") -> str:
    with pytest.raises(AnsibleFilterError) as caught:
        check_items(items, kind, variable)
    return str(caught.value)


def test_right_items_come_back_unchanged():
    items = [{"name": "app", "password": "x", "roles": ["a", {"name": "b", "admin": True}]}]
    assert check_items(items, "role") is items


@pytest.mark.parametrize(("kind", "spec"), [("role", ROLE_ITEM), ("database", DATABASE_ITEM)])
def test_every_key_of_the_modules_is_known(kind, spec):
    item = dict.fromkeys(spec, "x")
    assert check_items([item], kind) == [item]


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("role", "passwort", "password"),
        ("role", "conn_limit", "connlimit"),
        ("role", "expires_at", "expire_at"),
        ("database", "revoke_conn", "revokeconn"),
        ("database", "Owner", "owner"),
        ("database", "1", None),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_one(kind, wrong, right):
    message = failure([{"name": "app", wrong: "hush-hush"}], kind, "pg_things")
    assert f"pg_things: item 'app' has the unknown key '{wrong}': did you mean '{right or ''}" in message
    assert "hush" not in message


def test_a_key_that_is_not_text_is_named():
    assert "unknown key '5'" in failure([{"name": "app", 5: "hush-hush"}])


def test_all_unknown_keys_are_named_at_once():
    message = failure([{"name": "a", "logn": True}, {"name": "b", "suprsuer": True}])
    assert "'logn'" in message
    assert "'suprsuer'" in message


@pytest.mark.parametrize(
    ("kind", "key", "entry", "nearest"),
    [
        ("role", "roles", {"name": "parent", "amdin": True}, "admin"),
        ("database", "schemas", {"name": "s", "ownr": "hush"}, "owner"),
        ("database", "extensions", {"name": "e", "schemas": "hush"}, "schema"),
        ("database", "grants", {"role": "r", "priv": "hush"}, "privs"),
    ],
)
def test_unknown_keys_inside_of_an_item_are_found(kind, key, entry, nearest):
    message = failure([{"name": "app", key: ["plain", entry]}], kind)
    assert f"{key} entry" in message
    assert f"did you mean '{nearest}'" in message
    assert "hush" not in message


@pytest.mark.parametrize("item", ["name=app password=hush", ["hush"], 5, None])
def test_what_is_not_a_dictionary_is_refused_by_its_place(item):
    message = failure([{"name": "app"}, item])
    assert "pg_users: item 2 is not a dictionary" in message
    assert "hush" not in message


@pytest.mark.parametrize("name", [None, "", True, ["hush"], {"hush": 1}])
def test_an_item_without_a_name_is_refused_by_its_place(name):
    message = failure([{"name": name, "password": "hush"}])
    assert "pg_users: item 1 has no name" in message
    assert "hush" not in message


@pytest.mark.parametrize("items", ["hush", {"name": "hush"}, None, 7])
def test_what_is_not_a_list_is_refused(items):
    assert failure(items) == "pg_users is not a list: give a list of items"


def test_two_values_for_one_key_are_an_error_without_the_values():
    message = failure([{"name": "app", "password": "hush-1"}, {"name": "app", "password": "hush-2"}])
    assert "'app' stands there more than once with different values for password" in message
    assert "hush" not in message


def test_an_unknown_kind_is_refused():
    assert "'table'" in failure([], "table")


@pytest.mark.parametrize(
    ("kind", "key", "entry", "missing"),
    [("role", "roles", {"admin": True}, "name"), ("database", "grants", {"role": "app"}, "privs")],
)
def test_entries_inside_of_an_item_need_what_says_which_they_are(kind, key, entry, missing):
    assert f"has no {missing}" in failure([{"name": "app", key: [entry]}], kind)


@pytest.mark.parametrize("password", [{"hush": "hush-hush"}, ["hush-hush"]])
def test_a_list_or_a_dictionary_where_text_belongs_is_named_and_not_shown(password):
    message = failure([{"name": "app", "password": password}])
    assert "pg_users: item 'app', password is not text" in message
    assert "hush" not in message
