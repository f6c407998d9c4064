"""What the role refuses before it connects anywhere: hosts without a server, one a mistake, in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.role.runs import Run, hosts

HUSH = "hush-Hush-9"
PASSWORDS = {f"pg_{user}_password": f"right-{user}-7" for user in ("admin", "monitor", "replication")}
DOORS = {**PASSWORDS, "pgsql_access_manage_hba": True, "pgsql_access_manage_pool": True}


def user(**keys: Any) -> dict[str, Any]:
    """Variables that are right but for a user's item."""
    return {**PASSWORDS, "pg_users": [{"name": "app", **keys}]}


MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "default_passwords": (
        {},
        [*PASSWORDS, "pgsql_access_allow_default_passwords"],
    ),
    "default_password_of_an_item": (
        user(password="DBUser.Meta"),
        ["well-known default passwords: set pg_users item app, or"],
    ),
    "default_password_of_a_default_role": (
        {**PASSWORDS, "pg_default_roles": [{"name": name, "password": "DBUser.Supa"} for name in ("a", "b")]}
        | dict.fromkeys(("pg_admin_username", "pg_monitor_username", "pg_replication_username"), ""),
        ["pg_default_roles item a, pg_default_roles item b"],
    ),
    "default_passwords_allowed_by_the_text_false": (
        {"pgsql_access_allow_default_passwords": "false"},
        ["pg_admin_password"],
    ),
    "unknown_key_of_a_user": (
        user(passwort=HUSH),
        ["pg_users: item 'app' has the unknown key 'passwort': did you mean 'password'?"],
    ),
    "unknown_key_of_a_membership": (
        user(roles=[{"name": "dbrole_admin", "admn": HUSH}]),
        ["pg_users: item 'app', roles entry 'dbrole_admin' has the unknown key 'admn': did you mean 'admin'?"],
    ),
    "unknown_key_of_a_default_role": (
        {**PASSWORDS, "pg_default_roles": [{"name": "app", "suberuser": HUSH}]},
        ["pg_default_roles: item 'app' has the unknown key 'suberuser': did you mean 'superuser'?"],
    ),
    "unknown_key_of_a_database": (
        {**PASSWORDS, "pg_databases": [{"name": "app", "revoke_conn": HUSH}]},
        ["pg_databases: item 'app' has the unknown key 'revoke_conn': did you mean 'revokeconn'?"],
    ),
    "no_rule": (
        {**PASSWORDS, "pg_default_privileges": ["GRANT SELECT ON TABLES TO a", "GRANT SELECT TABLES TO b"]},
        ["pg_default_privileges[1]: not a rule GRANT SELECT TABLES TO b ^ expected a comma or ON"],
    ),
    "system_user_without_an_item": (
        {**PASSWORDS, "pg_admin_username": "boss"},
        ["pg_admin_username is 'boss'", "pg_default_roles", "pg_users"],
    ),
    "system_user_that_goes": (
        {**PASSWORDS, "pg_users": [{"name": "dbuser_monitor", "state": "absent"}]},
        ["pg_monitor_username is 'dbuser_monitor', whose item is declared absent"],
    ),
    "two_values_for_one_key": (
        {**PASSWORDS, "pg_users": [{"name": "app", "password": HUSH + n} for n in "12"]},
        ["pg_users: item 'app' stands there more than once with different values for password"],
    ),
    "users_as_text": ({**PASSWORDS, "pg_users": HUSH}, ["pg_users"]),
    "users_as_texts": ({**PASSWORDS, "pg_users": [f"name=app password={HUSH}"]}, ["pg_users"]),
    "users_as_a_dictionary": ({**PASSWORDS, "pg_users": {"name": "app", "password": HUSH}}, ["pg_users"]),
    "users_as_nothing": ({**PASSWORDS, "pg_users": None}, ["pg_users is not a list"]),
    "unknown_mode": ({**PASSWORDS, "pgsql_access_mode": "strict"}, ["pgsql_access_mode", "additive, report, exact"]),
    "unknown_key_of_a_rule": (
        {**DOORS, "pg_hba_rules": [{"addr": "local", "usr": HUSH}, {"title": "ours", "addr": "lokal"}]},
        ["pg_hba_rules: rule 1 has the unknown key 'usr': did you mean 'user'?"],
    ),
    "rule_that_can_not_be_read": (
        {**DOORS, "pg_hba_rules": [{"title": "ours", "addr": "10.0.0.300/8", "auth": "pwdd"}]},
        ["pg_hba_rules 1 (ours): addr: 10.0.0.300/8 is no address", "did you mean pwd?"],
    ),
    "rule_that_a_pool_can_not_have": (
        {**DOORS, "pgb_hba_rules": [{"title": "ours", "addr": "samenet"}]},
        ["pgb_hba_rules 1 (ours)", "samenet"],
    ),
    "doors_of_several_hosts": (
        {**DOORS, "pgsql_access_login": {"login_host": "db1,db2"}},
        ["pgsql_access_login.login_host names several hosts, and the files of HBA and of the pool lie on these"],
    ),
    "unknown_place_in_the_cluster": ({**PASSWORDS, "pg_role": "leader"}, ["pg_role", "primary, replica, offline"]),
    "unknown_connection_option": (
        {**PASSWORDS, "pgsql_access_login": {"login_pasword": HUSH}},
        ["login_pasword", "login_password"],
    ),
}


@pytest.fixture(scope="module")
def refused(run: Callable[..., Run]) -> Run:
    """A run on hosts that have no server, as loud as it can be."""
    inventory = hosts(**{host: variables for host, (variables, _said) in MISTAKES.items()})
    return run("-vvv", "--diff", "-f", "4", inventory=[inventory])


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_what_to_do(refused: Run, mistake: str):
    message = refused.message(mistake)
    assert [said for said in MISTAKES[mistake][1] if said not in message] == [], message


def test_nothing_is_asked_of_a_server_before_all_is_valid(refused: Run):
    assert refused.code == 2
    assert [entry["task"] for entry in refused.results if "Ask" in entry["task"]] == []


def test_no_value_of_a_wrong_key_is_shown(refused: Run):
    assert HUSH not in refused.output
    assert HUSH not in repr(refused.results)


def test_a_password_that_is_right_is_not_asked_for(refused: Run):
    for name in PASSWORDS:
        assert name not in refused.message("default_password_of_an_item")
    assert "pg_dbsu_password" not in refused.message("default_passwords")
