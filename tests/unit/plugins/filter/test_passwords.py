from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.default_passwords import WELL_KNOWN, default_passwords
from ansible_collections.leastpriv.pgsql.plugins.filter.set_passwords import set_passwords


def user(name, password="", **more):
    return {
        "variable": "pg_admin_username",
        "password_variable": "pg_admin_password",
        "name": name,
        "password": password,
        **more,
    }


def test_a_password_of_a_variable_wins_over_the_items_own():
    assert set_passwords([{"name": "dba", "password": "own"}], [user("dba", "new")]) == [
        {"name": "dba", "password": "new"}
    ]


def test_an_empty_password_leaves_the_item_alone():
    assert set_passwords([{"name": "dba", "password": "own"}], [user("dba", "")]) == [
        {"name": "dba", "password": "own"}
    ]


def test_a_user_that_is_not_given_needs_no_item():
    assert set_passwords([{"name": "app"}], [user("", "DBUser.DBA")]) == [{"name": "app"}]


def test_a_user_without_an_item_is_an_error_that_names_the_variables():
    with pytest.raises(AnsibleFilterError) as caught:
        set_passwords([{"name": "app"}], [user("dba", "hush-hush")])
    for name in ("pg_admin_username", "'dba'", "pg_default_roles", "pg_users"):
        assert name in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_optional_user_needs_an_item_only_with_a_password():
    assert set_passwords([], [user("postgres", optional=True)]) == []
    with pytest.raises(AnsibleFilterError, match="'postgres'"):
        set_passwords([], [user("postgres", "hush-hush", optional=True)])


def test_well_known_passwords_are_found_in_variables_and_items():
    lists = {"pg_users": [{"name": "meta", "password": "DBUser.Meta"}, {"name": "app", "password": "fine"}]}
    assert default_passwords(lists, [user("dba", "DBUser.DBA")]) == ["pg_admin_password", "pg_users item meta"]


@pytest.mark.parametrize("password", sorted(WELL_KNOWN))
def test_every_well_known_password_is_found(password):
    assert default_passwords({"pg_users": [{"name": "app", "password": password}]}, []) == ["pg_users item app"]


def test_users_that_are_not_given_and_items_that_go_do_not_count():
    lists = {"pg_users": [{"name": "app", "state": "absent", "password": "DBUser.Meta"}]}
    assert default_passwords(lists, [user("", "DBUser.DBA")]) == []


def test_a_password_that_is_no_text_is_not_well_known():
    assert default_passwords({"pg_users": [{"name": "app", "password": ["DBUser.Meta"]}]}, []) == []


def test_a_user_that_is_to_go_is_an_error_that_names_its_variable():
    with pytest.raises(AnsibleFilterError, match=r"^pg_admin_username is 'dba', whose item is declared absent"):
        set_passwords([{"name": "dba", "state": "absent"}], [user("dba", "hush-hush")])


@pytest.mark.parametrize("password", [{"hush": "hush-hush"}, ["hush-hush"]])
def test_a_password_that_is_not_text_is_an_error_that_does_not_show_it(password):
    with pytest.raises(AnsibleFilterError, match=r"password of 'dba' \(pg_admin_username\) is not text") as caught:
        set_passwords([{"name": "dba"}], [user("dba", password)])
    assert "hush" not in str(caught.value)
