"""The border to Ansible: no secret and no traceback passes it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.module_utils import runner
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume, parse_assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import ServerError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

PARAMS: dict[str, Any] = {
    "login_password": "of the login",
    "connect_params": {"sslpassword": "of the key", "application_name": "x"},
    "roles": [{"name": "ann", "password": "of ann"}, {"name": "bob", "password": None}],
}
HIDDEN = ("of the login", "of the key", "of ann")


def module() -> Any:
    params = {**PARAMS, "roles": [dict(item) for item in PARAMS["roles"]]}
    return SimpleNamespace(params=params, no_log_values={"of ann"})


def test_passwords_leave_ansibles_hands_and_are_masked_in_ours() -> None:
    border = module()
    params = runner.taken(border)
    assert not any(text in str(border.params) + str(params) for text in HIDDEN)
    assert border.no_log_values == set()
    assert params["roles"][0]["password"] == Secret("of ann")
    assert params["roles"][1]["password"] is None
    assert border.params["connect_params"] == {"sslpassword": None, "application_name": None}


def test_an_unforeseen_error_says_where_and_nothing_of_what() -> None:
    def broken(_params: Any) -> Any:
        raise ValueError("of ann")

    result = runner.attempt(broken, {})
    assert result["failed"]
    assert "internal error ValueError at " in result["msg"]
    assert "test_runner.py:" in result["msg"]
    assert "of ann" not in str(result)


def test_a_servers_error_keeps_state_detail_and_hint() -> None:
    result = runner.failure(ServerError("no", "42501", "because", "ask"))
    assert result["sqlstate"] == "42501"
    assert result["msg"] == "no (SQLSTATE 42501); detail: because; hint: ask"


def test_assume_has_no_effect_outside_of_check_mode() -> None:
    value = {"roles": [{"name": "ann", "superuser": None, "inherit": None, "roles": None}], "databases": None}
    assert parse_assume(value, check=False) == Assume()
    assert parse_assume(value, check=True).roles[0].name == "ann"
    assert parse_assume(None, check=True).anything


def test_a_name_that_nobody_assumes_is_an_error_in_check_mode_too() -> None:
    assert Assume().missing("role", ["typo"])[0] == (
        "no such role: typo; declare it in an earlier task, or correct the name",
    )
    assert Assume(anything=True).missing("role", ["typo"])[0] == ()
    assert "typo" in Assume(anything=True).missing("role", ["typo"])[1][0]
