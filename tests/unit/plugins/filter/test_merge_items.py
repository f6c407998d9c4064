from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.merge_items import merge_items

NAMES = ["pg_default_roles", "pg_users"]


def test_the_second_list_wins_key_by_key():
    defaults = [{"name": "app", "login": False, "comment": "first"}]
    own = [{"name": "app", "comment": "second"}]
    assert merge_items(defaults, own) == [{"name": "app", "login": False, "comment": "second"}]


def test_the_order_is_that_of_the_first_mention():
    merged = merge_items([{"name": "b"}, {"name": "a"}], [{"name": "c"}, {"name": "b", "login": True}])
    assert [item["name"] for item in merged] == ["b", "a", "c"]


def test_a_null_overrides_nothing():
    assert merge_items([{"name": "app", "connlimit": 5}], [{"name": "app", "connlimit": None}]) == [
        {"name": "app", "connlimit": 5}
    ]


def test_a_false_overrides_a_true():
    assert merge_items([{"name": "app", "login": True}], [{"name": "app", "login": False}])[0]["login"] is False


def test_equal_mentions_within_one_list_are_one_item():
    twice = [{"name": "app", "login": True}, {"name": "app", "login": True, "connlimit": 3}]
    assert merge_items(twice, []) == [{"name": "app", "login": True, "connlimit": 3}]


def test_two_values_within_one_list_are_an_error_without_the_values():
    twice = [{"name": "app", "password": "hush-hush-1"}, {"name": "app", "password": "hush-hush-2"}]
    with pytest.raises(AnsibleFilterError, match=r"pg_users: item 'app' .* password") as caught:
        merge_items([], twice, NAMES)
    assert "hush" not in str(caught.value)


def test_the_lists_themselves_are_left_alone():
    defaults, own = [{"name": "app", "login": False}], [{"name": "app", "login": True}]
    merge_items(defaults, own)
    assert (defaults, own) == ([{"name": "app", "login": False}], [{"name": "app", "login": True}])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2031, 1, 31), "2031-01-31"),
        (datetime(2031, 1, 31, 12, 30, tzinfo=UTC), "2031-01-31 12:30:00+00:00"),
    ],
)
def test_what_yaml_takes_for_a_date_becomes_text(value, text):
    assert merge_items([], [{"name": "a", "expire_at": value}]) == [{"name": "a", "expire_at": text}]
