"""Roles that no item declares: which these are, and in which of two calls something becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.memberships.model import MembershipSpec
from ansible_collections.leastpriv.pgsql.plugins.module_utils.removal.model import Successor
from ansible_collections.leastpriv.pgsql.plugins.module_utils.role_set.unlisted import (
    NONE,
    Unlisted,
    find_unlisted,
    parse_unlisted,
    without_unlisted,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.model import RoleSpec, RoleState

SERVER = Server(180000, "18", "login", "acting", True, "boot", False, "postgres")
PARTS = ["absent", "database_parameters"]


def parsed(option: str, mode: str = "additive", **parts: list[str]) -> Unlisted:
    return parse_unlisted(
        {
            "unlisted_roles": option,
            "unlisted_except": None,
            "mode": mode,
            "only": None,
            "defer": None,
            "assume": None,
            **parts,
        },
        [],
    )


@pytest.mark.parametrize("mode", ["additive", "exact"])
def test_an_action_acts_in_one_call_of_two(mode: str) -> None:
    for option, in_first in (("nologin", True), ("drop", False)):
        assert parsed(option, mode).action == option
        assert bool(parsed(option, mode, defer=PARTS).action) is in_first
        assert bool(parsed(option, mode, only=PARTS).action) is not in_first
        assert parsed(option, mode, only=["database_parameters"]) == NONE
        assert parsed(option, mode, defer=["database_parameters"]).action == option


@pytest.mark.parametrize(("option", "told"), [("report", "drop"), ("nologin", "nologin"), ("drop", "drop")])
def test_mode_report_only_tells_and_only_in_the_first_call(option: str, told: str) -> None:
    assert parsed(option, "report").report == told
    assert parsed(option, "report").action == ""
    assert parsed(option, "report", defer=PARTS).report == told
    assert parsed(option, "report", only=PARTS) == NONE


def test_ignore_looks_at_nothing() -> None:
    assert parsed("ignore", "report") == NONE
    assert find_unlisted(NONE, ["stranger"], SERVER) == frozenset()


def test_what_an_item_names_is_listed() -> None:
    member = RoleSpec("m", memberships=(MembershipSpec("team"), MembershipSpec("former", present=False)))
    gone = RoleSpec("gone", present=False, successor=Successor("heir"))
    params: dict[str, Any] = {"unlisted_roles": "drop", "unlisted_except": ["rds*"], "mode": "exact"}
    params["assume"] = {"roles": [{"name": "made"}], "databases": None}
    unlisted = parse_unlisted({**params, "only": None, "defer": None}, [member, gone])
    there = ["m", "team", "former", "gone", "heir", "pg_monitor", "boot", "login", "acting", "rdsadmin", "made", "x"]
    assert find_unlisted(unlisted, there, SERVER) == {"former", "x"}


def test_roles_lose_login_or_go() -> None:
    roles: dict[str, RoleState] = {name: RoleState(name) for name in ("a", "b")}
    shut = without_unlisted(Unlisted("nologin"), frozenset({"a"}), roles)
    assert [role.login for role in shut.values()] == [False, True]
    assert set(without_unlisted(Unlisted("drop"), frozenset({"a"}), roles)) == {"b"}
    assert without_unlisted(Unlisted("", "drop"), frozenset({"a"}), roles) == roles
