"""Entries of [users] and [databases]: quoted as PgBouncer reads them, or refused."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.model import PoolDatabase, PoolUser
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.names import key_text, value_text, version_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.render import databases_text, users_text
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW = (1, 18), (1, 25)


def entries(text: str) -> list[str]:
    return text.splitlines()[1:]


def read_value(text: str) -> str:
    """Read a value as PgBouncer does: up to a blank, or in single quotes, doubled ones within."""
    if not text.startswith("'"):
        return text.partition(" ")[0]
    return text[1:-1].replace("''", "'")


@given(st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1))
def test_values_are_read_back(value: str) -> None:
    assert read_value(value_text(value, "here")) == value


@pytest.mark.parametrize("value", ["", "two\nlines", "nul\0"])
def test_values_that_cannot_be_written_are_refused(value: str) -> None:
    with pytest.raises(InputError, match="no empty value"):
        value_text(value, "here")


def test_every_setting_has_its_place() -> None:
    database = PoolDatabase("app", "session", 20, 2, 5, 100, "asker")
    settings = "pool_mode=session pool_size=20 min_pool_size=2 reserve_pool=5 max_db_connections=100"
    line = f"app = host=/run/pg port=5433 auth_user=asker {settings}"
    assert entries(databases_text([database], "/run/pg", 5433, OLD)) == [line]


def test_without_a_host_the_port_is_there_all_the_same() -> None:
    assert entries(databases_text([PoolDatabase("app")], None, 5432, OLD)) == ["app = port=5432"]


def test_every_user_has_an_entry_that_takes_former_settings_away() -> None:
    users = [PoolUser("ann"), PoolUser("bob", "session", 3), PoolUser("sp ace")]
    assert entries(users_text(users, OLD)) == ["ann =", "bob = pool_mode=session max_user_connections=3"]
    assert entries(users_text(users, NEW))[2:] == ["'sp ace' ="]


def test_odd_names_are_quoted_from_the_version_on_that_takes_quotes() -> None:
    line = entries(databases_text([PoolDatabase("sp ace")], "h", 1, NEW))
    assert line == ["'sp ace' = host=h port=1 dbname='sp ace'"]
    for version in (OLD, (1, 24), None):
        with pytest.raises(InputError, match=r"database sp ace: .* rename it, or update PgBouncer"):
            databases_text([PoolDatabase("sp ace")], "h", 1, version)


@pytest.mark.parametrize("version", [OLD, NEW, None])
def test_a_single_quote_is_refused_in_every_version(version: tuple[int, int] | None) -> None:
    with pytest.raises(InputError, match="single quote"):
        key_text("it's", version, "here")


@pytest.mark.parametrize(
    ("said", "version"), [("PgBouncer 1.18.0", OLD), ("PgBouncer 1.25.2", NEW), ("1.9", (1, 9)), ("what", None)]
)
def test_versions_are_read(said: str, version: tuple[int, int] | None) -> None:
    assert version_of(said) == version
