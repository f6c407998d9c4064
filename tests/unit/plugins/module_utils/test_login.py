"""Connection options as libpq's parameters."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import driver
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError, InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.login import parse_login
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret
from ansible_collections.leastpriv.pgsql.plugins.module_utils.spec import CHANGING


def params(**given: Any) -> dict[str, Any]:
    return {**dict.fromkeys(CHANGING), **given}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    monkeypatch.delenv("LEASTPRIV_DRIVER", raising=False)


def test_nothing_given_leaves_everything_to_libpq_but_the_database() -> None:
    login = parse_login(params())
    assert (dict(login.parameters), login.database) == ({}, "postgres")


def test_the_database_is_login_db_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATABASE", "from_environment")
    assert parse_login(params()).database == "from_environment"
    assert parse_login(params(login_db="given")).database == "given"
    assert parse_login(params(connect_params={"dbname": "in_params"})).database == "in_params"


def test_options_win_over_connect_params() -> None:
    login = parse_login(params(login_host="db1", connect_params={"host": "db2", "application_name": "x"}))
    assert dict(login.parameters) == {"host": "db1", "application_name": "x"}


def test_a_socket_folder_is_a_host_for_libpq() -> None:
    assert parse_login(params(login_unix_socket="/run/x")).parameters["host"] == "/run/x"


def test_socket_and_host_together_are_refused() -> None:
    with pytest.raises(InputError, match="keep one"):
        parse_login(params(login_unix_socket="/run/x", login_host="db1"))


def test_a_password_is_revealed_only_here() -> None:
    assert parse_login(params(login_password=Secret("s3cret"))).parameters["password"] == "s3cret"


def test_booleans_are_what_libpq_takes() -> None:
    assert parse_login(params(connect_params={"keepalives": True})).parameters["keepalives"] == "1"


@pytest.mark.parametrize("value", [-1, 1e10])
def test_a_lock_timeout_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="lock_timeout"):
        parse_login(params(lock_timeout=value))


def test_one_host_is_taken_as_it_is() -> None:
    assert driver.writable_host({"host": "db1"}) == {}


def test_of_several_hosts_the_writable_one_is_asked_for() -> None:
    assert driver.writable_host({"host": "db1,db2"})["target_session_attrs"] in ("primary", "read-write")
    assert driver.writable_host({"host": "db1,db2", "target_session_attrs": "any"}) == {}


def test_without_a_driver_the_error_names_both_and_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "NAMES", ("no_such_driver",))
    driver.driver.cache_clear()
    with pytest.raises(AccessError, match=r"psycopg2.*psycopg 3"):
        driver.driver()
    driver.driver.cache_clear()
