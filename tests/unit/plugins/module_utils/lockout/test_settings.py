"""Which settings stop the next session of the login."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.connection import Server
from ansible_collections.leastpriv.pgsql.plugins.module_utils.lockout.model import Loss, refused
from ansible_collections.leastpriv.pgsql.plugins.module_utils.lockout.settings import library_files, shutting
from ansible_collections.leastpriv.pgsql.plugins.module_utils.settings.model import Setting


def server(acting: str = "me") -> Server:
    return Server(180000, "18", "me", acting, True, "postgres", False, "home")


def losses(
    *after: Setting, before: tuple[Setting, ...] = (), acting: str = "me", missing: frozenset[str] = frozenset()
) -> list[Loss]:
    return list(shutting(frozenset(before), frozenset(after), server(acting), missing))


@pytest.mark.parametrize("value", ["on", "true", "TRUE", "t", "yes", "y", "1"])
def test_every_word_for_true_makes_sessions_read_only(value: str) -> None:
    assert len(losses(Setting("me", "", "default_transaction_read_only", value))) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_transaction_read_only", "off"),
        ("statement_timeout", "0"),
        ("statement_timeout", "1s"),
        ("statement_timeout", "1000"),
        ("statement_timeout", "2 min"),
        ("statement_timeout", "1ms?"),
        ("lock_timeout", "1ms"),
        ("search_path", ""),
        ("role", "none"),
        ("role", "me"),
    ],
)
def test_what_stops_no_session_passes(name: str, value: str) -> None:
    assert losses(Setting("me", "", name, value)) == []


@pytest.mark.parametrize("value", ["1", "999", "999ms", "0.5s", ".5 s", "500us", "0.01min"])
def test_less_than_a_second_is_too_short(value: str) -> None:
    assert len(losses(Setting("me", "", "idle_in_transaction_session_timeout", value))) == 1


@pytest.mark.parametrize("place", [("me", ""), ("me", "home"), ("", "home")])
def test_a_setting_counts_where_the_login_comes_in(place: tuple[str, str]) -> None:
    assert len(losses(Setting(*place, "default_transaction_read_only", "on"))) == 1


@pytest.mark.parametrize("place", [("other", ""), ("me", "shop"), ("", "shop"), ("other", "home")])
def test_a_setting_elsewhere_locks_nobody_out(place: tuple[str, str]) -> None:
    assert losses(Setting(*place, "default_transaction_read_only", "on")) == []


def test_a_setting_that_was_there_before_is_nobodys_doing() -> None:
    old = Setting("me", "", "default_transaction_read_only", "on")
    assert losses(old, before=(old,)) == []


def test_the_bootstrap_superuser_keeps_its_sessions_whatever_is_allowed() -> None:
    found = losses(Setting("postgres", "", "default_transaction_read_only", "on"))
    assert refused(found, allowed=True) == [
        "role postgres: default_transaction_read_only on would lock out the bootstrap superuser: leave it out"
    ]


ROLE: Any = Setting("me", "", "role", "ops")


def test_coming_in_as_another_role_is_a_loss_and_so_is_no_longer_doing_so() -> None:
    assert "coming in as ops" in losses(ROLE)[0].what
    assert "coming in as me" in losses(before=(ROLE,), acting="ops")[0].what
    assert losses(ROLE, before=(ROLE,), acting="ops") == []


def test_who_becomes_a_role_in_any_case_may_have_any_parameter_role() -> None:
    assert losses(ROLE, acting="chief") == []


def test_the_narrowest_parameter_role_counts() -> None:
    inner = Setting("me", "home", "role", "me")
    assert losses(ROLE, inner, before=(inner,)) == []


def test_local_libraries_lie_in_a_folder_of_their_own() -> None:
    assert library_files("session_preload_libraries", '"a", "x/b"') == ("a", "x/b")
    assert library_files("local_preload_libraries", '"a", "$libdir/plugins/b"') == (
        "$libdir/plugins/a",
        "$libdir/plugins/b",
    )
    assert library_files("local_preload_libraries", None) == ()
    assert library_files("search_path", '"a"') == ()


def test_only_a_missing_library_stops_a_session() -> None:
    setting = Setting("me", "", "session_preload_libraries", '"a", "b"')
    assert losses(setting) == []
    assert len(losses(setting, missing=frozenset({"b"}))) == 1
